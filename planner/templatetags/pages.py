"""What the pages write again and again: links and forms that htmx follows, heads of tables, links to sections."""

from collections.abc import Iterable

from django import template
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def sends(context: template.Context, view: str) -> SafeString:
    """Where a form of the plan's page is sent, by its own and by htmx: the attributes that say so."""
    url = reverse(view, kwargs={"key": context["plan"].key})
    words = '{} action="{}?{}" hx-post="{}" hx-target="#report"'
    return format_html(words, SafeString('method="post"'), url, context.get("query", ""), url)


@register.simple_tag(takes_context=True)
def leads(context: template.Context, target: str, query: str, more: str = "") -> SafeString:
    """Where a link of this page leads, of which htmx swaps a part: the attributes that say so.

    `target` is the selector of that part, `query` what follows the address, with `more` if both are given.
    """
    words = 'href="{0}?{1}" hx-get="{0}?{1}" hx-target="{2}" hx-push-url="true"'
    return format_html(words, context["here"], "&".join(filter(None, (query, more))), target)


@register.simple_tag
def columns(*names: str) -> SafeString:
    """The head of a table."""
    cells = format_html_join("", '<th scope="col">{}</th>', ((name,) for name in names))
    return format_html("<thead><tr>{}</tr></thead>", cells)


@register.simple_tag
def sections(numbers: Iterable[str], mark: str = "") -> SafeString:
    """Links to the rows that sections of the document have in the port matrix."""
    words = '<a class="section" href="{}?section={}">{}{}</a> '
    url = reverse("show_matrix")
    return format_html_join("", words, ((url, number, mark, number) for number in numbers))
