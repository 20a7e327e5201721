"""The links to comments, with how many are open, beside what they are about."""

from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from planner.store.comments import Open
from ports.text import many

register = template.Library()


@register.simple_tag(takes_context=True)
def comments_on(context: template.Context, kind: str, name: str, *, always: bool = False) -> SafeString:
    """The link to the comments on an endpoint, rule or decision; unless `always` only where some are open.

    Nothing on pages that show no comments: those of readers.
    """
    comments: Open | None = context.get("comments")
    if not comments:
        return SafeString()
    count = comments.counts.get((kind, name), 0)
    if not (count or always):
        return SafeString()
    address = reverse("show_comments", kwargs={"key": context["plan"].key})
    said = many(count, "comment") if count else "Comment"
    words = '<a class="comments-link small" href="{}?{}">{}<span class="visually-hidden"> on <bdi>{}</bdi></span></a>'
    return format_html(words, address, urlencode({"on": kind, "of": name}), said, name)
