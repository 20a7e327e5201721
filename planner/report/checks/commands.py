"""The single commands that try the ports of rules, as the vendor's document shows one: to be copied into a shell.

Whatever a person typed stands in comments, in letters and digits alone: some shells take a pasted comment for a
command.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from planner.engine.checks import Check, Planning, is_host
from planner.engine.report import Report
from planner.engine.rules import Opening
from planner.plan.document import Endpoint
from planner.report.checks.bundle import check_attempts
from planner.report.firewall.words import clean, show_name
from planner.report.said.filters import Selection

_UNTOLD = "udp: a command that sends it proves nothing; the check scripts wait for an answer of the service"
_NO_PING = "The destination has no IPv4 address to ping."
MOST_TRIED = 4
"""How many addresses and ports of one flow have their commands beside it; the check scripts have all."""
_ATTEMPT = 24
"""Characters that a command takes, about, beside its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One line to paste."""

    shell: str
    """PowerShell, or Shell for whatever Linux has."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """How one flow is tried by hand."""

    key: str
    """Tells it from the others of a page."""
    source: Endpoint
    """Where the commands are to be run; of a group on any member."""
    destination: Endpoint
    service: str
    commands: tuple[Command, ...]
    by_name: tuple[Command, ...]
    """The same by the name of the destination, for pages that show no addresses; none where that can't be a host's."""
    remark: str
    """What else there is to know, in a sentence; why there is no command, where there is none."""


class Trials:
    """The commands of the flows of a report, one flow after the other, as pages show them beside each."""

    def __init__(self, report: Report) -> None:
        self._planning = Planning(report)
        self._ends = self._planning.by_name

    def of(self, opening: Opening) -> Trial:
        """How an opening between endpoints of the plan is tried, whatever it comes from."""
        check = self._planning.check(opening)
        places = [] if check.protocol == "udp" else list(_list_places(check))
        destination = self._ends[check.destination]
        named = [(destination.name, port) for port in check.tries] if places and is_host(destination) else []
        return Trial(
            key=check.id,
            source=self._ends[check.source],
            destination=destination,
            service=_say_service(check),
            commands=_write_each(places[:MOST_TRIED]),
            by_name=_write_each(named),
            remark=_remark(check, len(places)),
        )


def _write_each(places: list[tuple[str, str | None]]) -> tuple[Command, ...]:
    return tuple(
        Command(shell=shell, text=command(address, port))
        for address, port in places
        for shell, command in (("PowerShell", _try_in_powershell), ("Shell", _try_in_shell))
    )


def _list_places(check: Check) -> Iterator[tuple[str, str | None]]:
    for address in (*check.addresses, *check.names):
        for port in check.tries:
            yield address, port


def _say_service(check: Check) -> str:
    return f"{check.protocol} {check.ports or ''}".rstrip()


def _remark(check: Check, places: int) -> str:
    if check.protocol == "udp":
        return "Over UDP, a command that only sends proves nothing. The check scripts wait for the service to answer."
    if not places and check.networks:
        return "A network stands for many hosts: the check scripts try the one that --host names."
    if not places:
        return _NO_PING if check.protocol == "icmp" else "The destination has no address yet."
    more = places - MOST_TRIED
    return f"The check scripts try {more:,} more." if more > 0 else ""


def write_powershell_commands(report: Report, selection: Selection | None = None) -> str:
    """Test-NetConnection for each address and port, under the rule and the source that it is to be run on.

    Raises NotExpressible where it would be too large.
    """
    return _write(report, selection, "PowerShell", _try_in_powershell)


def write_nc_commands(report: Report, selection: Selection | None = None) -> str:
    """nc for each address and port, likewise."""
    return _write(report, selection, "a Linux shell", _try_in_shell)


def _try_in_powershell(address: str, port: str | None) -> str:
    return f"Test-NetConnection {address} -Port {port}" if port else f"Test-Connection {address} -Count 1"


def _try_in_shell(address: str, port: str | None) -> str:
    return f"nc -vz -w 3 {address} {port}" if port else f"ping -c 1 {address}"


def _write(report: Report, selection: Selection | None, shell: str, command: Callable[[str, str | None], str]) -> str:
    checks = [check for check in Planning(report).list_flows() if check.rule is not None]
    check_attempts("Commands to copy", (check for check in checks if check.protocol != "udp"), _ATTEMPT)
    by_rule: dict[str, dict[str, list[Check]]] = {rule.id: {} for rule in report.rules}
    for check in checks:
        by_rule[check.rule or ""].setdefault(check.source, []).append(check)
    return "".join(f"{line}\n" for line in _list_lines(by_rule, selection, shell, command))


def _list_lines(
    by_rule: Mapping[str, Mapping[str, list[Check]]],
    selection: Selection | None,
    shell: str,
    command: Callable[[str, str | None], str],
) -> Iterator[str]:
    if not by_rule:
        yield "# No rules."
        return
    yield f"# For {shell}; each is to be run on the source that stands above it."
    if selection is not None:
        yield f"# Only a part: {_harmless(selection.sentence)}"
    for rule, sources in by_rule.items():
        for source, checks in sources.items():
            yield ""
            yield f"# {rule}, on {show_name(source)}"
            for check in checks:
                yield from _list_commands(check, command)


def _list_commands(check: Check, command: Callable[[str, str | None], str]) -> Iterator[str]:
    if check.protocol == "udp":
        yield f"# {check.ports} {_UNTOLD}"
        return
    for address, port in _list_places(check):
        yield command(address, port)
    if check.protocol == "icmp" and not (check.addresses or check.names or check.networks):
        yield f"# icmp to {show_name(check.destination)}: {_NO_PING}"
    elif not check.addresses and not check.names:
        yield f"# {_say_service(check)}: name one host of {show_name(check.destination)}"


def _harmless(text: str) -> str:
    """Words for a comment, without what a shell expands in one that it doesn't take for a comment."""
    return clean(text, 400).replace("(", "").replace(")", "")
