"""What the rules that are there lack of a plan, as text, JSON and tables: `GAP_FORMATS` is the one list of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name

from planner.engine.existing.decide import Also, Gap
from ports.text import short


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFormat:
    """One way to write it."""

    name: str
    """What `manage.py gap --format` calls it; the end of the names of files."""
    label: str
    """What pages call it."""
    content_type: str
    writes: str
    """The function that writes it, as "module:function"."""

    def render(self, gap: Gap) -> bytes:
        """The whole answer; the same plan and rules give the same bytes."""
        function: Callable[[Gap], bytes] = resolve_name(self.writes)
        return function(gap)


_ALL = (
    GapFormat(
        name="text",
        label="Text",
        content_type="text/plain; charset=utf-8",
        writes="planner.report.gap.text:render_text",
    ),
    GapFormat(
        name="json", label="JSON", content_type="application/json", writes="planner.report.gap.data:render_json"
    ),
    GapFormat(
        name="csv",
        label="CSV",
        content_type="text/csv; charset=utf-8",
        writes="planner.report.gap.tables:render_csv",
    ),
    GapFormat(
        name="xlsx",
        label="Excel workbook",
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        writes="planner.report.gap.tables:render_xlsx",
    ),
)
ALSO: tuple[Also, ...] = ("stale", "forbidden")
WITH_ALL = frozenset({"text", "xlsx"})
"""The formats for people, which have all of ALSO unless less is asked for; the others keep to what is documented."""
GAP_FORMATS: Mapping[str, GapFormat] = {one.name: one for one in _ALL}
"""By name."""


def read_also(text: str) -> tuple[Also, ...]:
    """What else is to be looked for, as words divided by commas. Raises ValueError with a sentence for other words."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in ALSO:
            raise ValueError(f"{short(repr(word))} is none of {', '.join(ALSO)}.")
    return tuple(word for word in ALSO if word in words)
