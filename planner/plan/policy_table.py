"""What must stay closed between zones as a table: reading CSV with the columns from, to, service, never. Pure.

Everything that is wrong is reported together, each fault with its line and column; of a table with a fault nothing
is taken.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from planner.plan import limits
from planner.plan.cells import quote, read_back
from planner.plan.changes import apply
from planner.plan.document import check_plan
from planner.plan.edits import add_never
from planner.plan.endpoint_table import MAX_BYTES, TableError, TableFault, split_table
from planner.plan.faults import PlanError
from planner.plan.references import some
from planner.plan.rows import row_key
from planner.plan.stored import look_through
from ports.matrix import PROTOCOLS, Matrix, read_ports

Document = Mapping[str, Any]
COLUMNS = ("from", "to", "service", "never")
ANYTHING = "any"
"""The service of a line that closes everything."""
_YES = {"yes", "true", "1", "x"}
_NO = {"", "no", "false", "0"}
REASON = "Zone policy"
"""The reason of a line that says just yes."""
_PLACE = re.compile(r"never\[(\d+)\](?:\.(\w+))?")


def read_policies(text: str, *, document: Document, matrix: Matrix) -> tuple[dict[str, Any], ...]:
    """Read a table of what must stay closed from zone to zone, as rows that a plan document doesn't have yet.

    A header line, then one line for each policy: a service such as tcp/3389, tcp, icmp or any, several divided by
    spaces; the last column says yes or no, or the reason. Raises TableError, also where nothing is left to add.
    """
    if (size := len(text.encode("utf-8", "surrogatepass"))) > MAX_BYTES:
        sentence = f"The table has {size / 2**20:.1f} MiB; at most {MAX_BYTES // 2**20} MiB are read."
        raise TableError([TableFault(1, "", sentence)])
    rows = split_table(text.removeprefix("\ufeff"), "policies")
    if not rows:
        raise TableError([TableFault(1, "", f"The table is empty; its first line is {','.join(COLUMNS)}.")])
    _check_header(*rows[0])
    zones = dict.fromkeys(zone["name"] for zone in document["zones"])
    faults: list[TableFault] = []
    wanted: list[tuple[int, dict[str, Any]]] = []
    for line, cells in rows[1:]:
        wanted += ((line, row) for row in _read_line(line, cells, zones, faults))
    if faults:
        raise TableError(faults)
    there = {row_key("never", row) for row in document.get("never", ())}
    fresh: list[tuple[int, dict[str, Any]]] = []
    for line, row in wanted:
        if (key := row_key("never", row)) not in there:
            there.add(key)
            fresh.append((line, row))
    if not fresh:
        what = (
            "Every line of it is in the plan already" if wanted else "No line of it says that something stays closed"
        )
        raise TableError([TableFault(rows[0][0], "", f"{what}; there is nothing to add.")])
    if (count := len(document.get("never", ())) + len(fresh)) > limits.ROWS:
        sentence = f"With this table the plan would have {count:,} policies; at most {limits.ROWS:,} are allowed."
        raise TableError([TableFault(rows[0][0], "", sentence)])
    _check(fresh, document, matrix)
    return tuple(row for _, row in fresh)


def _check_header(line: int, cells: Sequence[str]) -> None:
    names = [cell.strip().casefold() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if names != list(COLUMNS):
        sentence = f"The first line names the columns: {','.join(COLUMNS)}; found {quote(','.join(names))}."
        raise TableError([TableFault(line, "", sentence)])


def _read_line(
    line: int, cells: Sequence[str], zones: Collection[str], faults: list[TableFault]
) -> list[dict[str, Any]]:
    """The rows that a line asks for; what is wrong with it is added to the faults."""
    if any(cell.strip() for cell in cells[len(COLUMNS) :]):
        faults.append(TableFault(line, "", f"The line has {len(cells)} cells, the header {len(COLUMNS)} columns."))
    padded = [*cells, *("" for _ in COLUMNS)]
    source, destination, service, never = (read_back(cell.strip()) for cell in padded[: len(COLUMNS)])
    for column, name in (("from", source), ("to", destination)):
        if name not in zones:
            found = f"There is no zone {quote(name)}" if name else "A zone is needed"
            faults.append(TableFault(line, column, f"{found}; the zones are {some(zones)}."))
    services = _read_services(line, service, faults)
    if never.casefold() in _NO:
        return []
    sides = {"from": {"zone": source}, "to": {"zone": destination}}
    reason = REASON if never.casefold() in _YES else never
    return [{**sides, **closed, "reason": reason} for closed in services]


def _read_services(line: int, cell: str, faults: list[TableFault]) -> list[dict[str, str]]:
    """Protocol and ports of each service in a cell, in the order of the format; neither for any."""
    services: list[dict[str, str]] = []
    for word in re.split(r"[\s;,]+", cell):
        protocol, slash, ports = word.casefold().partition("/")
        if word.casefold() == ANYTHING:
            services.append({})
        elif protocol not in PROTOCOLS or (protocol == "icmp" and slash):
            sentence = f"A service is written tcp/3389, tcp/1-1024, udp/53, tcp, icmp or any; found {quote(word)}."
            faults.append(TableFault(line, "service", sentence))
        elif not slash:
            services.append({"protocol": protocol})
        else:
            try:
                services.append({"protocol": protocol, "ports": read_ports(ports)})
            except ValueError as error:
                faults.append(TableFault(line, "service", f"{quote(ports)} {error}."))
    return services


def _check(fresh: Sequence[tuple[int, dict[str, Any]]], document: Document, matrix: Matrix) -> None:
    """Have the document checked with the rows at its end. Raises TableError with its faults by line."""
    before = len(document.get("never", ()))
    try:
        edit = add_never(document, {"rows": [row for _, row in fresh]})
        check_plan(apply(document, edit), matrix=matrix, stored=look_through(document))
    except PlanError as error:
        placed = []
        for fault in error.faults:
            match = _PLACE.match(fault.where)
            at = int(match[1]) - before if match else -1
            column = "never" if match and match[2] == "reason" else ""
            if 0 <= at < len(fresh):
                placed.append(TableFault(fresh[at][0], column, fault.message))
            else:
                placed.append(TableFault(1, "", f"{fault.where}: {fault.message}"))
        raise TableError(placed) from None
