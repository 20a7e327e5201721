"""The listener scripts: stand-ins for destinations that are not built yet, so that the way to them can be checked."""

from collections.abc import Iterable, Iterator, Sequence

from planner.engine.checks import Check
from planner.report.checks.quoting import as_json
from planner.report.checks.scripts import fill


def number_destinations(checks: Iterable[Check]) -> dict[str, int]:
    """By destination, the number that the listener scripts know it by: those of flows with ports, in order of name."""
    names = {check.destination for check in checks if not check.closed and check.ports is not None}
    return {name: number for number, name in enumerate(sorted(names), 1)}


def list_ports(checks: Sequence[Check]) -> Iterator[str]:
    """What is opened where, a line each: number of the destination, its name as JSON, protocol, port; tabs between.

    Each port that a flow's check tries, once; nothing that must stay closed.
    """
    numbers = number_destinations(checks)
    wanted = {
        (numbers[check.destination], check.destination, check.protocol, int(port))
        for check in checks
        if not check.closed
        for port in check.tries
        if port is not None
    }
    for number, name, protocol, port in sorted(wanted):
        yield f"{number}\t{as_json(name)}\t{protocol}\t{port}"


def write_listeners(checks: Sequence[Check]) -> dict[str, bytes]:
    """listen.sh and listen.ps1, for every destination of these checks."""
    rows = {"#LIST#": "\n".join(list_ports(checks))}
    return {
        "listen.ps1": fill("listen.ps1", rows).replace("\n", "\r\n").encode("ascii"),
        "listen.sh": fill("listen.sh", rows).encode("ascii"),
    }
