"""The comments at the head of a file: which plan and matrix it is of, and what it is a part of."""

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from planner.engine.report import Report
from planner.engine.rules import ZoneGroup
from planner.plan.fields import Firewall
from planner.report.firewall.permits import Permits
from planner.report.firewall.published import say_published_elsewhere
from planner.report.firewall.words import call_apart, call_name, clean, show_names, wrap
from planner.report.said.edition import Edition
from ports.text import many, plural

_GROUPED = 200
"""How many like zones, which stand together under one code, it names."""
_ZONES = 12
"""How many zones behind one name a head names."""
BUT_LOOPBACK = "Nothing in here denies anything but the loopback address to itself."
"""What a head says where a list has nothing but what no packet meets."""


def introduce(
    label: str,
    permits: Permits,
    edition: Edition | None,
    default_deny: bool,
    forbidden: Iterable[str] | None = None,
    *,
    loopback: bool = False,
) -> Iterator[str]:
    """Sentences of harmless text: what the file is for, its plan, matrix and edition, and whether it denies.

    `forbidden` are the rules in it that the plan itself forbids, where it hasn't what the permits have; `loopback` is
    whether it denies the loopback address to itself.
    """
    report = permits.report
    yield f"{label} for the plan: {clean(report.plan.name) or 'unnamed'}"
    if permits.firewall is not None:
        yield f"Firewall {call_name(permits.firewall.name, 60)}: {_say_sides(permits.firewall)}."
        yield from say_published_elsewhere(permits)
    yield f"Port matrix: {clean(report.matrix.version, 200)}"
    if edition and edition.revision is not None:
        yield f"{edition.date}, revision {edition.revision}"
    if edition and edition.selection:
        yield f"Only a part of the plan. {clean(edition.selection.sentence.replace(';', ','), 400, slashes=True)}."
    yield from say_forbidden(permits.forbidden if forbidden is None else forbidden)
    if not default_deny:
        yield BUT_LOOPBACK if loopback else "Nothing in here denies anything."
    elif edition and edition.selection:
        yield "What is not named here is denied at the end, the rest of the plan included."
    else:
        yield "What is not named here is denied at the end."


def say_forbidden(rules: Iterable[str]) -> Iterator[str]:
    """Which rules the plan itself forbids; none where there are none."""
    if named := ", ".join(dict.fromkeys(rules)):
        yield f"The plan says itself that something of these rules must stay closed: {named}."


def _say_sides(firewall: Firewall) -> str:
    """Which zones stand behind which of its names: "Internet behind wan1; DMZ, Clients behind port2"."""
    sides: dict[str, list[str]] = {}
    called = call_apart(firewall.zones, partial(call_name, most=60))
    for zone, name in firewall.zones.items():
        sides.setdefault(name, []).append(called[zone])
    said = [
        f"{', '.join(zones[:_ZONES])}{f' and {len(zones) - _ZONES} more' if len(zones) > _ZONES else ''} "
        f"behind {clean(name, 60, slashes=True)}"
        for name, zones in sides.items()
    ]
    return "; ".join(said) or "no zone"


def count_rules(permits: Permits, edition: Edition | None, entries: int) -> str:
    """How many of the report's rules are in the file, and as how many entries, without a full stop."""
    chosen = " chosen" if edition and edition.selection else ""
    of = sum(len(boundary.rules) for boundary in permits.report.boundaries)
    passing, are = plural(permits.rules, "passes it and", "pass it and"), plural(permits.rules, "is", "are")
    where = f"{passing if permits.firewall else 'between zones'} {are} in it"
    return f"{permits.rules:,} of {of:,}{chosen} {plural(of, 'rule')} {where}, as {many(entries, 'entry', 'entries')}"


def explain_codes(permits: Permits) -> Iterator[str]:
    """What the first parts of the rules' numbers stand for; of like zones that stand together, each by its name.

    In the file of a firewall those that stand behind it: it has no rule of the others.
    """
    report = permits.report
    if (codes := _codes.get(report)) is None:
        codes = _codes[report] = _Codes(report)
    for group, zones in codes.list_groups(permits.firewall):
        names = list(show_names(zones[:_GROUPED]).values()) if len(group.zones) > 1 else []
        more = len(zones) - len(names)
        here = ":" if len(zones) == len(group.zones) else ", here"
        said = f"{here} {', '.join(names)}{f' and {more:,} more' if more else ''}" if names else ""
        yield f"{group.code} stands for {codes.called[group.label]}{said}."


class _Codes:
    """The groups of zones of a report, found by zone: thousands of firewalls with a few zones each ask for them."""

    def __init__(self, report: Report) -> None:
        self._groups = report.zone_groups
        self._places = {
            zone: (place, number)
            for place, group in enumerate(self._groups)
            for number, zone in enumerate(group.zones)
        }
        self.called = call_apart([group.label for group in self._groups], partial(call_name, most=80))
        """What they are called, by their labels."""

    def list_groups(self, firewall: Firewall | None) -> Iterator[tuple[ZoneGroup, Sequence[str]]]:
        """Each group that stands behind a firewall, in their order, with those of its zones that do; all for none."""
        if firewall is None:
            yield from ((group, group.zones) for group in self._groups)
            return
        here: dict[int, list[str]] = {}
        for zone in sorted(firewall.zones, key=self._places.__getitem__):
            here.setdefault(self._places[zone][0], []).append(zone)
        yield from ((self._groups[place], zones) for place, zones in here.items())


_codes: WeakKeyDictionary[Report, _Codes] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Commands:
    """Lines of the shell that stand in a head by themselves, to be copied."""

    lines: tuple[str, ...]


BACK = "back: "
"""What begins a line of the way back, after the sign of a comment."""


def say_way_back(mark: str, where: str) -> Iterator[object]:
    """How the lines of the way back, which stand `where`, become a file."""
    yield f"The way back is {where}, in comments; this makes a file of it:"
    yield Commands((f"sed -n 's/^{mark} {BACK}//p' FILE",))


def comment_out(mark: str, about: Iterable[object], indent: str = "  ") -> str:
    """The sentences as lines of comment; what doesn't fit into one goes on after the indent. Commands stay whole."""
    lines = "".join(f"{mark} {line}".rstrip() + "\n" for text in about for line in _divide(text, indent))
    # No empty line at the end.
    return re.sub(rf"(?<=\n){re.escape(mark)}\n\Z", "", lines)


def _divide(text: object, indent: str) -> Iterator[str]:
    if isinstance(text, Commands):
        yield from ("", *text.lines, "")
    else:
        yield from wrap(str(text), indent=indent)


def write_file(head: str, statements: Iterable[str]) -> bytes:
    """Head and statements, a line each. No list of the lines is made: a file for iptables can have 200,000."""
    file = io.BytesIO()
    file.write(f"{head}\n".encode())
    for line in statements:
        file.write(f"{line}\n".encode())
    return file.getvalue()


def list_lines(about: Iterable[object]) -> str:
    """The sentences as lines of text."""
    return "".join(f"{line}\n" for text in about for line in wrap(str(text)))


def pack(files: Mapping[str, str | bytes] | Iterable[tuple[str, str | bytes]]) -> bytes:
    """A zip archive of files by name; the same files give the same bytes. They may be made one by one."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in files.items() if isinstance(files, Mapping) else files:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return data.getvalue()
