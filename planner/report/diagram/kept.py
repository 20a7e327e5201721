"""Pictures of a page: drawn once for each report, and kept as long as the report is; their links are put in each time.

To place names and ports takes as long as the rest of the page. A picture depends on the report and on what is folded;
the addresses in it, on what else the page shows.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from weakref import WeakKeyDictionary
from xml.sax.saxutils import escape

from planner.engine.report import Report
from planner.report.diagram.picture import Fields

MOST = 4
"""Pictures of one report: as many as people look at, not as many as addresses can ask for."""

Link = Callable[[Fields], str]
"""Makes an address of filter fields, or of `unfold`."""

_GAP = "\x1a"  # no text has it: neither XML nor what is shown of names may


class _Drawn:
    """An SVG element with gaps where its addresses go."""

    def __init__(self, draw: Callable[[Link], str]) -> None:
        self.fields: list[Fields] = []
        self.parts = draw(self._note).split(_GAP)

    def _note(self, fields: Fields) -> str:
        self.fields.append(fields)
        return f"{_GAP}{len(self.fields) - 1}{_GAP}"

    def fill(self, link: Link) -> str:
        """The element with what `link` makes of each, escaped as it stands in attributes."""
        addresses = [escape(link(fields), {'"': "&quot;"}) for fields in self.fields]
        return "".join(addresses[int(part)] if number % 2 else part for number, part in enumerate(self.parts))


_drawn: WeakKeyDictionary[Report, OrderedDict[Hashable, _Drawn]] = WeakKeyDictionary()


def draw_once(report: Report, name: Hashable, draw: Callable[[Link], str], link: Link) -> str:
    """The picture of that name of a report, drawn by `draw` unless it is kept, with the addresses that `link` makes.

    `draw` gets a link that leaves gaps, and puts what it returns into attributes. What it raises is raised, and
    nothing is kept of it.
    """
    kept = _drawn.setdefault(report, OrderedDict())
    found = kept.pop(name, None) or _Drawn(draw)
    kept[name] = found
    while len(kept) > MOST:
        kept.popitem(last=False)
    return found.fill(link)
