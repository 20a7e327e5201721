"""How much of a plan is read and evaluated, stated here alone; docs/limits.md says the same to people.

What is over a limit is refused before the work is done, with a sentence that names the limit. Pure.
"""

DOCUMENT = 8 * 2**20
"""Most bytes of a plan document: of the file that is read, and of a stored plan as JSON. Both are UTF-8."""
VALUES = 400_000
"""Most values (scalars, lists, mappings) in a document; a plan of 5,000 remote sites has about half as many."""
LINE = 4 * DOCUMENT
"""Most bytes of a line of an archive: a revision with its document, and each name twice besides if all was renamed."""
LINE_VALUES = 2 * VALUES
"""Most values in such a line."""
ENDPOINTS = 20_000
"""Most endpoints of a plan; 5,000 remote sites with an agent and two managed systems each have 15,009."""
ROWS = 50_000
"""Most zones of a plan, and most additional flows."""
ITEMS = 20_000
"""Most entries of a list within an endpoint."""
FLOWS = 150_000
"""Most flows of one evaluation; 5,000 remote sites have 80,023."""
PAIRS = 600_000
"""Most pairs of one evaluation, of a flow and a requirement or additional flow that asks for it."""
BROKEN = 2_000_000
"""Most pairs of one evaluation, of a row of `never` and a flow that breaks it."""
SECONDS = 10
"""Most seconds of processor time that an evaluation may take on the web. FLOWS, PAIRS and BROKEN see to it."""
MEMORY = 2**30
"""Most bytes of memory that an evaluation may take on the web. FLOWS, PAIRS and BROKEN see to it."""
PRINTED = 2 * 2**20
"""Most characters of HTML that are set as a PDF; 5,000 remote sites have 630,000. More takes over 1 GiB of memory."""
STYLED = 2**20
"""The same in a house style, where WeasyPrint takes more."""
EMBEDDED = 10_000
"""Most flows of a report that its PDF carries along as JSON; 500 remote sites have 8,000. More would take its time."""
PAPER = 32 * 2**20
"""Most bytes of a PDF that a plan is read from."""
WRITTEN = 256 * 2**20
"""Most characters that the addresses of endpoints take in a file that names them wherever the endpoint stands."""
PASSED = 1_000_000
"""Most flows at the firewalls of a plan that get a file each, as `say_passed` counts them: a flow at each that it
passes. 5,000 remote sites have at most 160,046 with a firewall at each and one that sees all of them."""
RESULTS = 16 * 2**20
"""Most bytes of a file with the results of checks; 10,000 results have about 2.5 MiB."""
RESULT_ROWS = 100_000
"""Most results in such a file."""
RESULT_RUNS = 1_000
"""Most runs in a file of JUnit XML, beside one of each source."""
EXISTING = 20 * 2**20
"""Most bytes of a firewall configuration that is read beside a plan."""
ENTRIES = 200_000
"""Most entries of such a configuration, after groups of addresses and services have been put in."""

_REMEDY = "Let fewer endpoints reach each target (managed_by), put like machines into one group, or divide the plan."


def say_document(found: int) -> str:
    """What is wrong with a plan that has so many bytes."""
    return f"The plan has {found / 2**20:.1f} MiB; at most {DOCUMENT // 2**20} MiB are stored. Divide it."


def say_values(found: int) -> str:
    """What is wrong with a plan whose document has so many values."""
    return (
        f"The plan has {found:,} values, which are scalars, lists and mappings; at most {VALUES:,} are stored. "
        "Put like machines into one group, or divide the plan."
    )


def say_endpoints(found: int) -> str:
    """What is wrong with a plan that has so many endpoints."""
    return (
        f"A plan has at most {ENDPOINTS:,} endpoints, found {found:,}. "
        "Put like machines into one group, or divide the plan."
    )


def say_printed(found: int, most: int) -> str:
    """What is wrong with a document that has so many characters as a web page, to be set as a PDF."""
    return (
        f"as a web page it has {found / 2**20:.1f} MiB, and at most {most / 2**20:.0f} MiB are set in pages; choose a "
        "part of it by a filter, or take another format"
    )


def say_written(found: int) -> str:
    """What is wrong with a file in which the addresses of endpoints take so many characters."""
    return (
        f"with the addresses of an endpoint wherever it stands it would have {found / 2**20:,.0f} MiB, and at most "
        f"{WRITTEN / 2**20:,.0f} MiB are written; give endpoints networks instead of single addresses, or choose a "
        "part of the report by a filter"
    )


def say_passed(found: int) -> str:
    """What is wrong with files for all firewalls of a plan that so many flows pass."""
    return (
        f"its firewalls are passed by {found:,} flows, each counted at each firewall that it passes, and at iptables "
        f"and OPNsense for each pair of addresses; at most {PASSED:,} are written. Let fewer firewalls see each flow, "
        "give groups networks instead of single addresses, or choose a part of the report by a filter"
    )


def say_flows(found: int) -> str:
    """What is wrong with a plan that needs so many flows."""
    return f"The plan needs {found:,} flows; at most {FLOWS:,} are evaluated. {_REMEDY}"


def say_pairs(found: int) -> str:
    """What is wrong with a plan of so many pairs of a flow and a requirement."""
    return (
        f"The plan needs {found:,} pairs of a flow and a requirement that asks for it; at most {PAIRS:,} are "
        f"evaluated. {_REMEDY}"
    )


def say_broken(found: int) -> str:
    """What is wrong with a plan whose flows break its rows of `never` so many times."""
    return (
        f"Flows that are needed break what the plan never allows {found:,} times, each counted for each row; at "
        f"most {BROKEN:,} are listed. Take rows away that forbid the same, let them forbid fewer ports, or exclude "
        "the flows."
    )
