"""The checks of a report as an archive: scripts for each source, listeners, README, and plan.json for programs."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from planner.engine import evaluate_report
from planner.engine.checks import Check, digest_of, plan_checks
from planner.engine.report import Report
from planner.plan import limits
from planner.plan.syntax import to_json
from planner.report.checks.listeners import write_listeners
from planner.report.checks.readme import write_readme
from planner.report.checks.scripts import write_bash, write_powershell
from planner.report.errors import NotExpressible
from planner.report.firewall.head import pack
from planner.report.firewall.words import name_files
from planner.report.said.edition import Edition

FORMAT = 1
_OURS = ("listen", "README", "plan")
"""Stems that are taken; a source of that name gets another one."""
_EACH = 32_000
"""Characters that both programs of a source take, about."""
_ATTEMPT = 110
"""Characters that an attempt takes in both of them, about, beside its address."""


def checks_of(report: Report, edition: Edition | None = None) -> tuple[Check, ...]:
    """The checks of a report; of a part of one only those of its flows, and what must be closed between their ends.

    What is beside the plan's ports can only be told of the whole, so a part is evaluated anew.
    """
    if edition is None or edition.selection is None:
        return plan_checks(report)
    openings = {
        (flow.source.name, flow.destination.name, flow.need.protocol, flow.need.ports) for flow in report.flows
    }
    return plan_checks(evaluate_report(report.matrix, report.plan), openings)


def check_attempts(label: str, checks: Iterable[Check], each: int, *, networks: bool = False) -> None:
    """Raise NotExpressible where attempts at every address and port of these checks are too much to be written.

    `each`: how many characters one takes, about, beside its address; `networks`: whether networks are written, too. An
    endpoint can have thousands of addresses, and be the destination of thousands of checks.
    """
    found = 0
    for check in checks:
        targets = (*check.addresses, *check.names, *(check.networks if networks else ()))
        found += len(check.tries) * (sum(map(len, targets)) + each * len(targets))
    if found > limits.WRITTEN:
        raise NotExpressible(label, limits.say_written(found))


def render_checks(report: Report, edition: Edition | None = None) -> bytes:
    """The archive; the same report and edition give the same bytes.

    Raises NotExpressible where it would be too large.
    """
    checks = checks_of(report, edition)
    check_attempts("Check scripts", checks, _ATTEMPT, networks=True)
    by_source: dict[str, list[Check]] = defaultdict(list)
    for check in checks:
        by_source[check.source].append(check)
    written = len(by_source) * _EACH
    if written > limits.WRITTEN:
        raise NotExpressible(
            "Check scripts",
            f"scripts for {len(by_source):,} sources would have {written / 2**20:,.0f} MiB, and at most "
            f"{limits.WRITTEN / 2**20:,.0f} MiB are written; choose a part of the report by a filter",
        )
    ends = {endpoint.name: endpoint for endpoint in report.plan.endpoints}
    stems = name_sources(checks)
    digest, plan = digest_of(report), report.plan.name
    sources = {stem: ends[name] for name, stem in stems.items()}
    counts = {name: len(of) for name, of in by_source.items()}
    files: dict[str, str | bytes] = {
        "README.txt": write_readme(report, edition, digest, sources, counts),
        "plan.json": to_json(list_checks(report, checks, digest)),
        **write_listeners(checks),
    }
    for name, stem in stems.items():
        files[f"{stem}.ps1"] = write_powershell(plan, digest, name, by_source[name])
        files[f"{stem}.sh"] = write_bash(plan, digest, name, by_source[name])
    return pack(files)


def name_sources(checks: Iterable[Check]) -> dict[str, str]:
    """By source, in order of name, how its scripts are called without their ending."""
    names = sorted({check.source for check in checks})
    return dict(zip(names, name_files((*_OURS, *names))[len(_OURS) :], strict=True))


def list_checks(report: Report, checks: tuple[Check, ...], digest: str) -> dict[str, Any]:
    """What is to be checked, as plain data: plan.json of the archive. docs/checks.md describes the keys."""
    return {
        "format": FORMAT,
        "plan": report.plan.name,
        "report": digest,
        "checks": [
            {
                "id": check.id,
                "source": check.source,
                "destination": check.destination,
                "protocol": check.protocol,
                "ports": check.ports,
                "tries": list(check.tries),
                "addresses": [*check.addresses, *check.names, *check.networks],
                "must_be": "closed" if check.closed else "open",
                "rule": check.rule,
            }
            for check in checks
        ],
    }
