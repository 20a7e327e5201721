"""The README of an archive of check scripts: what is in it, how it is run, and what comes of it."""

from collections.abc import Iterator, Mapping, Sequence

from planner.engine.report import Report
from planner.plan.document import Endpoint
from planner.report.firewall.words import wrap
from planner.report.said.acceptance import OF_A_RANGE
from planner.report.said.edition import Edition
from ports.text import many, show_line

_WAYS = (
    "On Linux, and wherever there is bash:",
    "    bash NAME.sh --output NAME.json",
    "On Windows:",
    "    powershell -ExecutionPolicy Bypass -File NAME.ps1 -Output NAME.json",
    "Both need no rights and change nothing. --help and -Help say what else they can be told.",
    "Where nothing answers, a check takes as long as its time-out; 32 are made side by side.",
)
_NIGHTLY = (
    "With an address of the plan that takes results (Acceptance, on its page), they are there in the morning.",
    "By cron:",
    "    15 3 * * *  bash /opt/checks/NAME.sh --output /opt/checks/NAME.json --upload ADDRESS",
    (
        "As a scheduled task of Windows, which runs whether or not anybody is logged on; it is made in a prompt "
        "that was opened as administrator:"
    ),
    (
        '    schtasks /Create /TN PortChecks /SC DAILY /ST 03:15 /RU "NT AUTHORITY\\NETWORK SERVICE" /TR '
        '"powershell -NoProfile -ExecutionPolicy Bypass -File C:\\checks\\NAME.ps1 -Upload ADDRESS"'
    ),
    (
        "What was verified and is blocked again, or is open and must be closed, then stands in To do on the plan's "
        "page, with its firewall or its row."
    ),
)
_READING = (
    "open: the connection was accepted, or the service answered.",
    (
        "refused: an answer that nobody listens. The way is open, the service isn't there: ask the server team. A "
        "firewall that rejects with a reset looks the same."
    ),
    "filtered: no answer in time, or a firewall said no: ask the network team.",
    "unproven: UDP that nobody has to answer was sent, and nothing came back.",
    OF_A_RANGE,
    "A check whose id begins with closed- must find nothing: open and refused are failures there.",
)
_NETWORKS = (
    "A network or a group as destination is skipped, unless one of its hosts is named:",
    "    bash NAME.sh --host ADDRESS --output NAME.json",
)
_LISTENERS = (
    "listen.sh and listen.ps1 open the plan's ports of a destination, say who called, and answer.",
    "Run there without an argument, they list the destinations.",
)
_RESULTS = (
    "Which flows and rules are open:",
    "    manage.py acceptance PLAN NAME.json …",
    "Results of an older state of the plan are refused: get the scripts anew after the plan has changed.",
)


def write_readme(
    report: Report, edition: Edition | None, digest: str, sources: Mapping[str, Endpoint], counts: Mapping[str, int]
) -> str:
    """The text. `sources`: by the stem of its files, each source; `counts`: by its name, how many checks it has."""
    return "".join(f"{line}\n" for line in _write(report, edition, digest, sources, counts))


def _write(
    report: Report, edition: Edition | None, digest: str, sources: Mapping[str, Endpoint], counts: Mapping[str, int]
) -> Iterator[str]:
    yield from wrap(f"Checks of the plan {show_line(report.plan.name)}")
    yield from wrap(f"Port matrix: {show_line(report.matrix.version)}")
    yield f"Report: {digest}"
    if edition and edition.revision is not None:
        yield f"{edition.date}, revision {edition.revision}"
    if edition and edition.part:
        yield from wrap(edition.part)
    yield from _section("How it is run", _WAYS)
    yield from _section("From where", (_say_source(stem, end, counts[end.name]) for stem, end in sources.items()))
    yield from _section("What comes of it", _READING)
    yield from _section("Networks", _NETWORKS)
    yield from _section("Destinations that are not built yet", _LISTENERS)
    yield from _section("What to do with the results", _RESULTS)
    yield from _section("Every night", _NIGHTLY)
    yield from _section("plan.json", ["What is to be checked, for other programs."])


def _section(title: str, sentences: Sequence[str] | Iterator[str]) -> Iterator[str]:
    yield ""
    yield title
    yield "-" * len(title)
    for sentence in sentences:
        # A command stands in one line, to be copied.
        yield from [sentence] if sentence.startswith("    ") else wrap(sentence)


def _say_source(stem: str, endpoint: Endpoint, count: int) -> str:
    many_of = ": on any member of it" if endpoint.group else ""
    name = show_line(endpoint.name)
    called = f"{stem}.sh, {stem}.ps1: {name}" if stem != name else f"{stem}.sh, {stem}.ps1"
    return f"{called}{many_of}, {many(count, 'check')}"
