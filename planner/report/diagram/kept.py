"""Pictures of a page: drawn once for each report, and kept as long as the report is; their links are put in each time.

To place names and ports takes as long as the rest of the page. A picture depends on the report and on what is folded;
the addresses in it, on what else the page shows. Most edits change nothing that a picture shows, so that of the report
before is taken where it says the same.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import blake2b
from html import escape
from threading import Lock
from weakref import WeakKeyDictionary

from planner.engine.report import Report
from planner.report.diagram.picture import Fields

MOST = 4
"""Pictures of one report: as many as people look at, not as many as addresses can ask for."""

Link = Callable[[Fields], str]
"""Makes an address of filter fields, or of `unfold`."""

LAST = 16
"""Pictures that are kept by what they say, of all reports."""

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
        addresses = [escape(link(fields), quote=False).replace('"', "&quot;") for fields in self.fields]
        return "".join(addresses[int(part)] if number % 2 else part for number, part in enumerate(self.parts))


_drawn: WeakKeyDictionary[Report, OrderedDict[Hashable, _Drawn]] = WeakKeyDictionary()


_said: OrderedDict[tuple[Hashable, bytes], _Drawn] = OrderedDict()
_lock = Lock()


def draw_once(
    report: Report,
    name: Hashable,
    draw: Callable[[Link], str],
    link: Link,
    says: Callable[[], str] | None = None,
) -> str:
    """The picture of that name of a report, drawn by `draw` unless it is kept, with the addresses that `link` makes.

    `draw` gets a link that leaves gaps, and puts what it returns into attributes. What it raises is raised, and
    nothing is kept of it. `says` is all that the picture depends on, so that another report's may be taken.
    """
    kept = _drawn.setdefault(report, OrderedDict())
    found = kept.pop(name, None) or (_Drawn(draw) if says is None else _find_said(name, says(), draw))
    kept[name] = found
    while len(kept) > MOST:
        kept.popitem(last=False)
    return found.fill(link)


def _find_said(name: Hashable, says: str, draw: Callable[[Link], str]) -> _Drawn:
    """The picture of that name that says this, of whichever report; drawn if it isn't kept."""
    key = name, blake2b(says.encode("utf-8", "surrogatepass")).digest()
    with _lock:
        found = _said.get(key)
    found = found or _Drawn(draw)
    with _lock:
        _said[key] = found
        _said.move_to_end(key)
        while len(_said) > LAST:
            _said.popitem(last=False)
    return found
