"""The checks as files for goss, which has a test for TCP: a file for each source, to be validated there.

goss counts a UDP address as reachable once something was sent, so its UDP tests can't fail, and it knows no ping: both
are left out. A file is a Go template to goss before it is JSON, so braces in texts are written as escapes.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from planner.engine.checks import Check, digest_of
from planner.engine.report import Report
from planner.report.checks.bundle import check_attempts, checks_of, name_sources
from planner.report.firewall.head import pack
from planner.report.firewall.words import wrap
from planner.report.said.edition import Edition
from ports.text import many, plural, show_line

TIMEOUT = 3_000
"""Milliseconds that a connection may take."""
_ATTEMPT = 240
"""Characters that an attempt takes, about, beside its address."""


def render_goss(report: Report, edition: Edition | None = None) -> bytes:
    """An archive with a file of goss for each source that has something to check over TCP, and a README.

    Raises NotExpressible where it would be too large.
    """
    checks = checks_of(report, edition)
    check_attempts("Checks for goss", (check for check in checks if check.protocol == "tcp"), _ATTEMPT)
    by_source: dict[str, list[Check]] = defaultdict(list)
    for check in checks:
        if check.protocol == "tcp" and (check.addresses or check.names):
            by_source[check.source].append(check)
    files: dict[str, str | bytes] = {"README.txt": _write_readme(report, edition, checks)}
    for name, stem in name_sources(checks).items():
        if name in by_source:
            files[f"{stem}.json"] = write_gossfile(by_source[name])
    return pack(files)


def write_gossfile(checks: Iterable[Check]) -> str:
    """The tests of one source as JSON in ASCII: an address for each attempt, under the id of its check."""
    tests = {
        f"{check.id} {address} {port}": _write_test(check, address, port or "")
        for check in checks
        for address in (*check.addresses, *check.names)
        for port in check.tries
    }
    text = json.dumps({"addr": tests}, indent=2, ensure_ascii=True)
    # What opens an object ends its line; every other brace stands in a text.
    return "".join(f"{_escape(line)}\n" for line in text.split("\n"))


def _write_test(check: Check, address: str, port: str) -> dict[str, Any]:
    host = f"[{address}]" if ":" in address else address
    meta = {"source": check.source, "destination": check.destination, "rule": check.rule}
    return {
        "title": f"{check.source} to {check.destination}, tcp {port}",
        "address": f"tcp://{host}:{port}",
        "reachable": not check.closed,
        "timeout": TIMEOUT,
        "meta": {key: value for key, value in meta.items() if value},
    }


def _escape(line: str) -> str:
    kept = line[-1] if line.endswith("{") else ""
    rest = line[: len(line) - len(kept)]
    if not rest.strip().startswith('"'):
        return line
    return rest.replace("{", "\\u007b") + kept


def _write_readme(report: Report, edition: Edition | None, checks: Iterable[Check]) -> str:
    left = sum(check.protocol != "tcp" for check in checks)
    return "".join(f"{line}\n" for line in _list_lines(report, edition, left))


def _list_lines(report: Report, edition: Edition | None, left: int) -> Iterator[str]:
    yield from wrap(f"Checks of the plan {show_line(report.plan.name)}, for goss")
    yield f"Report: {digest_of(report)}"
    if edition and edition.part:
        yield from wrap(edition.part)
    yield ""
    yield "Each file is for the machine that it is named after:"
    yield "    goss -g NAME.json validate"
    yield "    goss -g NAME.json validate --format junit"
    yield ""
    yield from wrap(
        f"{many(left, 'check')} over UDP or by ping {plural(left, 'is', 'are')} not in here: goss can't tell whether "
        "UDP arrives, and knows no ping. Networks are left out, too."
    )
    yield from wrap(
        "What must stay closed is expected not to be reachable. goss takes a refusal for that, although the way is "
        "open then; the check scripts tell them apart."
    )
