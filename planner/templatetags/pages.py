"""What the pages write again and again: links and forms that htmx follows, heads of tables, links to sections."""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlencode

from django import template
from django.template.loader import render_to_string
from django.urls import get_script_prefix, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from planner.engine.explain import Cause
from planner.report.checks.commands import Trial

register = template.Library()


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


@register.simple_tag(takes_context=True)
def matrix_address(context: template.Context, section: str = "") -> str:
    """The address of the port matrix under which the report of the page was made; with a section, of its rows there.

    That of the default product where the page has no report, or one under a matrix of which nobody knows the edition.
    """
    return _address(get_script_prefix(), _edition(context), section)


@register.simple_tag(takes_context=True)
def sections(context: template.Context, numbers: Iterable[str], mark: str = "") -> SafeString:
    """Links to the rows that sections of the document have in the port matrix of the report."""
    return _link_sections(get_script_prefix(), _edition(context), tuple(numbers), mark)


@register.simple_tag(takes_context=True)
def cause_texts(context: template.Context, causes: Iterable[Cause], what: str) -> SafeString:
    """What is behind a service or a flow and would take it away; `what` of the two it is."""
    return _tell_causes(get_script_prefix(), _edition(context), tuple(causes), what)


@register.simple_tag(takes_context=True)
def show_trial(context: template.Context, trial: Trial) -> SafeString:
    """How one flow is tried by hand, with endpoints as the page shows them."""
    source, destination = (_End(end.name, end.group, end.addresses[:1]) for end in (trial.source, trial.destination))
    commands, by_name = (tuple((one.shell, one.text) for one in told) for told in (trial.commands, trial.by_name))
    told = _Trial(source, destination, trial.service, commands, by_name, trial.remark)
    return _tell_trial(told, context.get("show_way", "both") or "both")


# A page has hundreds of them, of a few dozen kinds, so each is made once. The prefix is what addresses begin with.


def _edition(context: template.Context) -> str:
    report = context.get("report")
    return report.matrix.edition if report else ""


@lru_cache(2048)
def _address(prefix: str, edition: str, section: str) -> str:
    given = {"edition": edition, "section": section}
    query = urlencode({name: value for name, value in given.items() if value})
    return reverse("show_matrix") + (f"?{query}" if query else "")


@lru_cache(2048)
def _link_sections(prefix: str, edition: str, numbers: tuple[str, ...], mark: str) -> SafeString:
    words = '<a class="section" href="{}">{}{}</a> '
    return format_html_join("", words, ((_address(prefix, edition, number), mark, number) for number in numbers))


@lru_cache(1024)
def _tell_causes(prefix: str, edition: str, causes: tuple[Cause, ...], what: str) -> SafeString:
    said = [(cause, _link_sections(prefix, edition, cause.sections, "§")) for cause in causes]
    return render_to_string("planner/views/cause_texts.html", {"causes": said, "what": what})


class _End(NamedTuple):
    """As much of an endpoint as is told where a flow is tried."""

    name: str
    group: bool
    addresses: tuple[str, ...]


class _Trial(NamedTuple):
    """How a flow is tried, by what is told of it alone: what else its endpoints have changes nothing here."""

    source: _End
    destination: _End
    service: str
    commands: tuple[tuple[str, str], ...]
    """Shell and text of each."""
    by_name: tuple[tuple[str, str], ...]
    remark: str


@lru_cache(2048)
def _tell_trial(trial: _Trial, way: str) -> SafeString:
    return render_to_string("planner/views/trial.html", {"trial": trial, "show_way": way})
