"""The check scripts of one source: programs of this folder, which are always the same, with the plan's list in them.

check.sh and check.ps1 are read by whoever has to run them, so they are short, and what differs from plan to plan
stands at one place as a table: a line for each check, address and port.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from planner.engine.checks import Check
from planner.report.checks.probes import PROBES
from planner.report.checks.quoting import as_json, cell, quote_bash
from planner.report.said.powershell import quote

_FOLDER = Path(__file__).parent
_NOBODY = "-"
"""Where there is nothing: no port, no address, no rule."""


def list_rows(checks: Sequence[Check]) -> Iterator[str]:
    """What is to be tried, a line each: id, open or closed, protocol, port, address, destination, rule; tabs between.

    A destination is JSON, an address one of the plan, a DNS name, a network or `any`; - for what there isn't.
    """
    for check in checks:
        must = "closed" if check.closed else "open"
        for port in check.tries:
            for address in (*check.addresses, *check.names, *check.networks) or (_NOBODY,):
                facts = (check.id, must, check.protocol, port or _NOBODY, cell(address))
                yield "\t".join((*facts, as_json(check.destination), cell(check.rule or _NOBODY)))


def write_bash(plan: str, digest: str, source: str, checks: Sequence[Check]) -> bytes:
    """The script for bash: all checks are of that source."""
    return fill(
        "check.sh",
        {
            "#QUESTIONS#": _questions_bash(),
            "#PLAN#": quote_bash(as_json(plan)),
            "#REPORT#": quote_bash(digest),
            "#SOURCE#": quote_bash(as_json(source)),
            "#LIST#": "\n".join(list_rows(checks)),
        },
    ).encode("ascii")


def write_powershell(plan: str, digest: str, source: str, checks: Sequence[Check]) -> bytes:
    """The script for Windows PowerShell 5.1 and PowerShell 7, with the line ends of Windows."""
    text = fill(
        "check.ps1",
        {
            "#QUESTIONS#": _questions_powershell(),
            "#PLAN#": quote(as_json(plan)),
            "#REPORT#": quote(digest),
            "#SOURCE#": quote(as_json(source)),
            "#LIST#": "\n".join(list_rows(checks)),
        },
    )
    return text.replace("\n", "\r\n").encode("ascii")


@lru_cache(maxsize=16)
def read_program(name: str) -> str:
    """A program of this folder as it is. Nothing but ASCII is in it, whatever the encoding that it is read in."""
    return (_FOLDER / name).read_text("ascii")


def fill(name: str, facts: dict[str, str]) -> str:
    """A program with the facts in the places of their marks; what is put in is never looked at again."""
    text, done = read_program(name), []
    for mark, fact in facts.items():
        before, found, text = text.partition(mark)
        if not found:
            raise ValueError(f"{name} has no {mark} after the marks before it")
        done += [before, fact]
    return "".join((*done, text))


def _questions_bash() -> str:
    lines = []
    for probe in PROBES.values():
        payload = "".join(f"\\x{byte:02x}" for byte in probe.question)
        lines += [f"    # {probe.name}", f"    {probe.port}) printf '%s\\t%s' {_must(probe.must)} '{payload}' ;;"]
    return "\n".join(lines)


def _questions_powershell() -> str:
    lines = []
    for probe in PROBES.values():
        lines += [f"    # {probe.name}", f"    {probe.port} = '{_must(probe.must)} {probe.question.hex()}'"]
    return "\n".join(lines)


def _must(must: bool) -> str:
    return "must" if must else "may"
