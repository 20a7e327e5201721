"""Endpoints as a report shows them: by name, by address or with both, one after the other or folded."""

from collections.abc import Iterable
from typing import NamedTuple

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from planner.plan.document import Endpoint
from planner.report.said.outline import Members

register = template.Library()

MOST_ADDRESSES = 8
"""How many addresses of an endpoint are in sight before the others are folded."""
MOST_FOLDED = 100
"""How many folded addresses of an endpoint the page has; those of a range are better said as a network."""
MOST_NAMED = 500
"""How many folded endpoints a page names that can't fetch them."""
_ADDRESS = '<span class="address">{}</span>'


class _Manner(NamedTuple):
    """How the page at hand shows endpoints."""

    way: str
    fill: str
    """Where a missing address is filled in, up to the name of the endpoint; empty where that can't be done."""


def _manner(context: template.Context) -> _Manner:
    """What the page says; one that says nothing of where addresses are filled in is for readers."""
    return _Manner(context.get("show_way", "both") or "both", context.get("fill_in", "") or "")


@register.simple_tag(takes_context=True)
def show_endpoint(context: template.Context, endpoint: Endpoint) -> SafeString:
    """One endpoint."""
    return _show(endpoint, _manner(context))


@register.simple_tag(takes_context=True)
def show_addresses(context: template.Context, endpoint: Endpoint) -> SafeString:
    """The addresses alone of an endpoint whose name stands already; nothing where only names are shown."""
    manner = _manner(context)
    return SafeString() if manner.way == "names" else _show_addresses(endpoint, manner)


@register.simple_tag(takes_context=True)
def show_side(
    context: template.Context, members: Members, fold: str = "", rest: str = "", elsewhere: str = ""
) -> SafeString:
    """The endpoints on one side of a rule; what doesn't stand in the cell unfolds there.

    `fold` is the id of the element that unfolds. Where the page doesn't have the folded ones, `rest` is what follows
    its address to fetch them, or `elsewhere` to the page that lists them.
    """
    manner = _manner(context)
    shown = _join(members.shown, manner)
    if not members.more:
        return shown
    if rest or elsewhere:
        folded = _fetch(f"{context['here']}{rest or elsewhere}", members.total, fetched=not elsewhere)
    else:
        folded = _join(members.folded[:MOST_NAMED], manner, folded=True)
        if members.more > MOST_NAMED:
            folded += format_html("and {} in the downloads", f"{members.more - MOST_NAMED:,}")
    words = '{} <details class="more-ends"{}><summary>and {} more <span class="soft">({})</span></summary>{}</details>'
    known = format_html(' id="{}"', fold) if fold else SafeString()
    return format_html(words, shown, known, f"{members.more:,}", members.common, folded)


@register.simple_tag(takes_context=True)
def fetches(context: template.Context, rest: str, total: int) -> SafeString:
    """What stands in a fold for so many endpoints that the page doesn't have; `rest` is as `show_side` takes it."""
    return _fetch(f"{context['here']}{rest}", total, fetched=True)


@register.simple_tag(takes_context=True)
def show_endpoints(context: template.Context, endpoints: Iterable[Endpoint]) -> SafeString:
    """Endpoints, one after the other."""
    return _join(endpoints, _manner(context), folded=bool(context.get("is_part")))


def _fetch(address: str, total: int, *, fetched: bool) -> SafeString:
    """What stands for endpoints: a link to all of them; htmx follows it at the unfolding where they are `fetched`."""
    if not fetched:
        return format_html('<p class="fetched"><a href="{}">All {}</a></p>', address, f"{total:,}")
    words = (
        '<p class="fetched"><a href="{0}" hx-get="{0}" hx-trigger="click, toggle from:closest details once" '
        'hx-target="closest .fetched" hx-swap="outerHTML">All {1}</a></p>'
    )
    return format_html(words, address, f"{total:,}")


def _join(endpoints: Iterable[Endpoint], manner: _Manner, *, folded: bool = False) -> SafeString:
    """One after the other; what unfolds can be scrolled, by keyboard too."""
    how = ' class="ends folded" tabindex="0" role="group" aria-label="The others"' if folded else ' class="ends"'
    parts = [_show(endpoint, manner) for endpoint in endpoints]
    between = ", " if manner.way == "names" else " "
    return SafeString(f"<span{how}>{between.join(parts)}</span>")


def _show(endpoint: Endpoint, manner: _Manner) -> SafeString:
    name = format_html("<bdi>{}</bdi>", endpoint.name)
    if manner.way == "names":
        return format_html('<span class="end">{}</span>', name)
    addresses = _show_addresses(endpoint, manner)
    if manner.way == "addresses" and endpoint.addresses:
        return format_html('<span class="end-line">{}</span>', addresses)
    return format_html('<span class="end-line">{} {}</span>', name, addresses)


def _show_addresses(endpoint: Endpoint, manner: _Manner) -> SafeString:
    if not endpoint.addresses:
        return _show_blank(endpoint, manner)
    shown, folded = endpoint.addresses[:MOST_ADDRESSES], endpoint.addresses[MOST_ADDRESSES:]
    said = format_html_join(SafeString(", "), _ADDRESS, ((address,) for address in shown))
    if not folded:
        return said
    rest = format_html_join(SafeString(", "), _ADDRESS, ((address,) for address in folded[:MOST_FOLDED]))
    more = len(folded) - MOST_FOLDED
    tail = format_html(", and {} in the downloads", f"{more:,}") if more > 0 else SafeString()
    words = (
        '{}<details class="more-ends"><summary>and {} more <span class="soft">addresses</span></summary>{}{}</details>'
    )
    return format_html(words, said, f"{len(folded):,}", rest, tail)


def _show_blank(endpoint: Endpoint, manner: _Manner) -> SafeString:
    """What stands for an address that nobody has filled in: on the page of a plan it leads to the field for it."""
    words = "no address yet" if manner.way == "addresses" else "address?" if manner.fill else "address missing"
    if not manner.fill:
        return format_html('<span class="missing">{}</span>', words)
    return format_html(
        '<a class="missing" href="{}{}#endpoint-addresses" aria-label="{} for {}">{}</a>',
        manner.fill, urlencode({"edit": endpoint.name}), words, endpoint.name, words,
    )  # fmt: skip
