"""A badge for a wiki: in one line, how much of a plan is proven, as a small SVG."""

from html import escape

from planner.engine.acceptance import Acceptance
from planner.report.said.acceptance import NAMES, NOT_PROVEN, count_not_proven, list_forbidden
from ports.text import many

TITLE = "acceptance"
_COLOURS = {"good": "#1f6b45", "bad": "#a8201a", "unknown": "#5b6470"}
"""Dark enough for white letters: 4.5 to 1 and more."""
_WIDTH = 6.6
"""Of a letter, which the text is made to fit."""


def say_badge(acceptance: Acceptance | None) -> tuple[str, str]:
    """What a badge says, and whether that is good, bad or unknown; None: nothing was tested."""
    if acceptance is None or not acceptance.used:
        return "not tested", "unknown"
    flows = many(len(acceptance.flows), "flow")
    if acceptance.passed:
        left = count_not_proven(acceptance)
        return f"accepted, {flows}" + (f", {left:,} {NOT_PROVEN}" if left else ""), "good"
    blocked = sum(one.status == "blocked" and not one.excused for one in acceptance.flows)
    forbidden = len(list_forbidden(acceptance))
    said = [f"{blocked:,} of {flows} blocked"] if blocked else []
    said += [f"{forbidden:,} {NAMES['forbidden-open']}"] if forbidden else []
    if said:
        return ", ".join(said), "bad"
    return f"{len(acceptance.flows) - acceptance.counts['not-tested']:,} of {flows} tested", "unknown"


def render_badge(acceptance: Acceptance | None) -> bytes:
    """The badge as SVG in UTF-8; it names nothing of the plan."""
    said, kind = say_badge(acceptance)
    left, right = (round(_WIDTH * len(text)) + 12 for text in (TITLE, said))
    label = escape(f"{TITLE}: {said}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{label}">'
        f"<title>{label}</title>"
        f'<rect width="{left + right}" height="20" rx="3" fill="#3b424b"/>'
        f'<path d="M{left} 0h{right - 3}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{right - 3}z" fill="{_COLOURS[kind]}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="6" y="14" textLength="{left - 12}">{TITLE}</text>'
        f'<text x="{left + 6}" y="14" textLength="{right - 12}">{escape(said)}</text></g></svg>\n'
    ).encode()
