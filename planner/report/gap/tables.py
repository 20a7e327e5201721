"""The answer as tables: all flows as CSV, and everything as an Excel workbook."""

import csv
import io
from collections.abc import Iterable, Iterator

from planner.engine.existing.decide import FlowState, Gap
from planner.engine.existing.forbidden import Forbidden
from planner.engine.existing.stale import Stale
from planner.report.formats.csv import field
from planner.report.formats.workbook import Columns, Sheet, as_cell, make_book
from planner.report.gap.words import (
    NAMES,
    list_deciding,
    list_entries,
    name_forbidden,
    say_breach,
    say_doubt,
    say_elsewhere,
    say_needed,
    say_note,
)
from planner.report.said.closed import say_closed_by
from planner.report.said.forbidden import Breaches
from ports.text import show

_FLOWS: Columns = (
    ("State", 12), ("Source", 22), ("Source zone", 18), ("Destination", 22), ("Destination zone", 18),
    ("Protocol", 10), ("Ports", 14), ("By", 60), ("Note", 60),
)  # fmt: skip
_MISSING: Columns = (
    ("Rule", 16), ("Source zones", 18), ("Sources", 30), ("Destination zones", 18), ("Destinations", 30),
    ("Services", 24), ("Sections", 10), ("Forbidden", 60),
)  # fmt: skip
_WIDER: Columns = (
    ("Entry", 60), ("Sources", 30), ("Destinations", 30), ("Admits", 30), ("Pairs of endpoints", 12),
    ("Needed of it", 60),
)  # fmt: skip
_STALE: Columns = (("Entry", 60), ("Named after", 16), ("Service", 14), ("Why", 40))
_FORBIDDEN: Columns = (
    ("Entry", 60), ("Sure", 8), ("Sources", 30), ("Destinations", 30), ("Admits", 30), ("Forbidden by", 40),
    ("Reason", 60), ("Not understood", 40),
)  # fmt: skip
_UNKNOWN: Columns = (("Construct", 60), ("Entries", 60), ("Flows", 10))


def render_csv(gap: Gap) -> bytes:
    """Each flow with its state, as the report's own CSV is written: with a byte order mark, and nothing that runs.

    A row says how many flows don't pass the firewall that was named. Where they were asked for, entries follow in the
    same columns whose state is stale, forbidden or perhaps forbidden.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(title.lower().replace(" ", "_") for title, _ in _FLOWS)
    writer.writerows([field(cell) for cell in _flow_cells(one)] for one in gap.flows)
    writer.writerows([field(cell) for cell in cells] for cells in (*_list_elsewhere(gap), *_list_others(gap)))
    return text.getvalue().encode("utf-8-sig")


def render_xlsx(gap: Gap) -> bytes:
    """A workbook with the sheets Flows, Missing, Wider, Not understood and, where asked for, Stale and Forbidden."""
    stale: tuple[Sheet, ...] = () if gap.stale is None else (Sheet("Stale", _STALE, _cells(_list_stale(gap.stale))),)
    forbidden: tuple[Sheet, ...] = ()
    if gap.forbidden is not None:
        forbidden = (Sheet("Forbidden", _FORBIDDEN, _cells(_list_forbidden(gap.forbidden.entries))),)
    return make_book(
        show(gap.report.plan.name),
        (
            Sheet("Flows", _FLOWS, _cells((*map(_flow_cells, gap.flows), *_list_elsewhere(gap)))),
            Sheet("Missing", _MISSING, _cells(_list_missing(gap))),
            Sheet("Wider", _WIDER, _cells(_list_wider(gap))),
            Sheet("Not understood", _UNKNOWN, _cells(_list_unknown(gap))),
            *stale,
            *forbidden,
        ),
    )


def _cells(rows: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        yield tuple(map(as_cell, row))


def _flow_cells(one: FlowState) -> tuple[str, ...]:
    flow = one.flow
    return (
        NAMES[one.state],
        flow.source.name,
        flow.source.zone,
        flow.destination.name,
        flow.destination.zone,
        flow.need.protocol,
        flow.need.ports or "",
        "; ".join(list_deciding(one)),
        say_note(one),
    )


def _list_missing(gap: Gap) -> Iterator[tuple[str, ...]]:
    breaches = Breaches(gap.report)
    for rule in gap.missing:
        yield (
            rule.id,
            "\n".join(rule.source_zones),
            "\n".join(end.name for end in rule.sources),
            "\n".join(rule.destination_zones),
            "\n".join(end.name for end in rule.destinations),
            "\n".join(map(str, rule.services)),
            ", ".join(rule.sections),
            breaches.say_rule(rule),
        )


def _list_wider(gap: Gap) -> Iterator[tuple[str, ...]]:
    for one in gap.wider:
        yield (
            one.entry,
            "\n".join(_list_ends(one.sources, one.source_count)),
            "\n".join(_list_ends(one.destinations, one.destination_count)),
            "\n".join(([] if one.is_whole else ["at least"]) + list(one.services)),
            str(one.pairs),
            say_needed(one, gap),
        )


def _list_ends(names: tuple[str, ...], count: int) -> Iterator[str]:
    yield from names
    if count > len(names):
        yield f"and {count - len(names):,} more"


def _list_unknown(gap: Gap) -> Iterator[tuple[str, ...]]:
    for one in gap.unknown:
        yield one.construct, "\n".join(list_entries(one)), str(len(one.flows))


def _list_stale(stale: Iterable[Stale]) -> Iterator[tuple[str, ...]]:
    for one in stale:
        yield one.entry, one.rule, one.service, one.why


def _list_forbidden(entries: Iterable[Forbidden]) -> Iterator[tuple[str, ...]]:
    for one in entries:
        for breach in one.breaches:
            yield (
                name_forbidden(one),
                "yes" if one.is_sure else "no",
                "\n".join(breach.sources),
                "\n".join(breach.destinations),
                "\n".join(breach.services),
                say_closed_by(breach.row),
                breach.row.reason,
                "\n".join(one.constructs),
            )


def _list_elsewhere(gap: Gap) -> Iterator[tuple[str, ...]]:
    """How many flows are none of the firewall's that was named, in the columns of flows; nothing where all are."""
    if said := say_elsewhere(gap.elsewhere, gap.firewall):
        yield "not passing", "", "", "", "", "", "", "", said


def _list_others(gap: Gap) -> Iterator[tuple[str, ...]]:
    """Stale and forbidden entries in the columns of flows."""
    for one in gap.stale or ():
        yield "stale", "", "", "", "", "", "", one.entry, one.why
    for entry in gap.forbidden.entries if gap.forbidden else ():
        for breach in entry.breaches:
            row = breach.row
            doubt = say_doubt(entry)
            yield (
                "forbidden" if entry.is_sure else "perhaps forbidden",
                "; ".join(breach.sources),
                row.source.get("zone", ""),
                "; ".join(breach.destinations),
                row.destination.get("zone", ""),
                row.protocol or "",
                row.ports or "",
                name_forbidden(entry),
                say_breach(breach) + (f"; {doubt}" if doubt else ""),
            )
