"""What is missing in a table of rules: rows in the columns of the table, and before which of its lines they stand.

There are no comments in CSV: what people have to know stands in the first column, in lines that say nothing else.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator

from planner.engine.existing.readers.csv import Known, find_columns
from planner.report.errors import NotExpressible
from planner.report.firewall.devices.openings import Opening, Plan, Sides, make_plan
from planner.report.firewall.devices.tickets import list_sides
from planner.report.firewall.head import count_rules
from planner.report.firewall.omissions import EVERY_NAME
from planner.report.firewall.words import clean
from planner.report.gap.delta.task import NOTHING, Stuck, Task, make_permits, part, say_unclear, say_when
from ports.text import neutralise_parts

_LABEL = "What a table of rules lacks"
FIRST = "Insert before line"
"""The column that is put before theirs."""
_END = "the end"
_SIDES = Sides(pattern=re.compile(r"[\s\S]*"), allowed="anything")
_SWITCHES = {"enabled": ("yes", "no"), "disabled": ("no", "yes"), "status": ("enabled", "disabled")}
"""By column what says that a row is in force, and that it isn't."""


def render_rows(task: Task) -> bytes:
    """Rows as CSV in UTF-8, divided as the table is. Raises NotExpressible for tables that can't say them."""
    table = find_columns(task.text)
    if task.gap.ruleset.obscure:
        said = clean("; ".join(task.gap.ruleset.obscure), 200)
        raise NotExpressible(_LABEL, f"nobody knows which of its rows comes first: {said}")
    if not {"service", "port"} & set(table.columns):
        raise NotExpressible(_LABEL, "none of its columns is for ports")
    [stage] = task.gap.ruleset.stages
    lacks, stuck = task.lacks(stage), Stuck()
    flows, device = list(lacks.flows), None
    if task.gap.ruleset.sides:
        device = task.device
        if device is None:
            raise NotExpressible(_LABEL, "say what each zone of the plan is behind, each behind one side")
        flows = part(flows, device, stuck)
    permits = make_permits(task, flows, device, names=EVERY_NAME, suffix=task.find_suffix())
    plan = make_plan(permits, label=_LABEL, sides=_SIDES, longest=80, default_deny=False, open_undecided=False)
    found = [one for one in map(lacks.find_first, flows) if one]
    before = min(found, key=lambda one: one[0])[1].name.split()[1] if found else _END
    switches = _SWITCHES.keys() & set(table.columns)
    written = [one for one in plan.openings if switches or not one.disabled]
    about = [*_introduce(task, table, plan, len(written)), *stuck.say()]
    file = io.StringIO()
    writer = csv.writer(file, delimiter=table.delimiter, lineterminator="\r\n")
    writer.writerow(map(neutralise_parts, [FIRST, *table.titles]))
    for one in written:
        cells = _write(one, plan, table, before)
        writer.writerow(neutralise_parts(cell) for cell in (before, *cells))
    for sentence in about:
        writer.writerow([neutralise_parts(str(sentence)), *("" for _ in table.titles)])
    return file.getvalue().encode()


def _introduce(task: Task, table: Known, plan: Plan, written: int) -> Iterator[object]:
    suffix = plan.permits.suffix
    if written:
        yield say_when()
        yield f"{count_rules(plan.permits, None, written)}."
        marked = next((name for name in ("name", "comment") if name in table.columns), "")
        which = f"whose {marked} has {suffix.removeprefix('-')} in it" if marked else "that are these"
        yield f"The way back: take out the rows {which}."
    elif not task.gap.missing:
        yield NOTHING
    undecided = [one.name for one in plan.openings if one.disabled]
    if undecided:
        where = "off" if written == len(plan.openings) else "left out"
        yield f"A choice is open on which these depend, so they are {where}: {', '.join(undecided)}."
    yield from say_unclear(task)
    yield from plan.permits.left_out


def _write(opening: Opening, plan: Plan, table: Known, before: str) -> Iterable[str]:
    """The cells of a row, in the order of the table's columns."""
    protocol, ports = opening.permit.service
    port = ports or "8"
    has_both = {"protocol", "port"} <= set(table.columns)
    source, destination = list_sides(plan, opening)
    sides = plan.permits.firewall is not None
    cells = {
        "source": source,
        "destination": destination,
        "service": f"{protocol}/{port}",
        "protocol": protocol,
        "port": port if has_both else f"{protocol}/{port}",
        "source_port": "any",
        "action": table.accepts,
        "enters": opening.source if sides else "any",
        "leaves": opening.destination if sides else "any",
        "name": opening.name,
        "comment": opening.comment if "name" in table.columns else f"{opening.name}: {opening.comment}",
        "device": table.device,
        "priority": table.priorities.get(before, table.last_priority),
        "only": "any",
        **dict.fromkeys(("not_source", "not_destination", "not_service"), "no"),
        **{name: words[opening.disabled] for name, words in _SWITCHES.items()},
    }
    first = set()
    for column in table.columns:
        # Of columns that there may be several of, the first is that.
        yield cells.get(column, "") if column not in first or column in ("only", "device") else ""
        first.add(column)
