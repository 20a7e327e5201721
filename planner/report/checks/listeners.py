"""The listener scripts: stand-ins for destinations that are not built yet, so that the way to them can be checked."""

from collections.abc import Iterable, Iterator

from planner.engine.checks import Check
from planner.report.checks.quoting import as_json
from planner.report.checks.scripts import fill


def list_ports(checks: Iterable[Check]) -> Iterator[str]:
    """What is opened where, a line each: number of the destination, its name as JSON, protocol, port; tabs between.

    Each port that a flow's check tries, once; nothing that must stay closed.
    """
    wanted = {
        (check.destination, check.protocol, int(port))
        for check in checks
        if not check.closed
        for port in check.tries
        if port is not None
    }
    numbers = {name: number for number, name in enumerate(sorted({name for name, *_ in wanted}), 1)}
    for name, protocol, port in sorted(wanted):
        yield f"{numbers[name]}\t{as_json(name)}\t{protocol}\t{port}"


def write_listeners(checks: Iterable[Check]) -> dict[str, bytes]:
    """listen.sh and listen.ps1, for every destination of these checks."""
    rows = {"#LIST#": "\n".join(list_ports(checks))}
    return {
        "listen.ps1": fill("listen.ps1", rows).replace("\n", "\r\n").encode("ascii"),
        "listen.sh": fill("listen.sh", rows).encode("ascii"),
    }
