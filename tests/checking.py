"""Results of checks as scripts write them, made up for tests."""

import json

from planner.engine.acceptance import Run
from planner.engine.checks import digest_of, plan_checks
from planner.plan.check_results import read_results

STARTED = "2026-11-25T10:00:00Z"


def well(check):
    """What comes of a check where everything is as it must be."""
    return "filtered" if check.closed else "open"


def write_results(report, source, outcome=well, started=STARTED, **more):
    """The document of a run from one source; `outcome` says what comes of a check, a word or one for each address."""
    rows = []
    for check in plan_checks(report):
        if check.source != source:
            continue
        for port in check.tries:
            for address in (*check.addresses, *check.names, *check.networks) or ("unknown",):
                found = outcome(check)
                single = address in check.addresses or address in check.names
                rows.append({
                    "id": check.id, "destination": check.destination, "address": address, "protocol": check.protocol,
                    "port": port, "milliseconds": 3, "error": None,
                    "outcome": (found[address] if isinstance(found, dict) else found) if single else "skipped",
                })  # fmt: skip
    return {
        "format": 1, "plan": report.plan.name, "report": digest_of(report), "source": source, "host": "host01",
        "started": started, "results": rows,
    } | more  # fmt: skip


def run_of(document, name="results.json"):
    """A document of results as a run."""
    return Run(name=name, results=read_results(json.dumps(document).encode()))


def run_all(report, outcome=well, started=STARTED):
    """A run from every source."""
    sources = dict.fromkeys(check.source for check in plan_checks(report))
    return [run_of(write_results(report, one, outcome, started), f"{one}.json") for one in sources]


def only(kind, then, otherwise=well):
    """What is of a kind comes out otherwise: `kind` takes a check."""
    return lambda check: then if kind(check) else otherwise(check)
