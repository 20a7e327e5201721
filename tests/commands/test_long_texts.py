"""Long texts of every hostile kind go through every format at a cost that grows as they do, and not as its square.

What took the square of the length would take hours for these; the limit of time only ends such a run.
"""

import faulthandler
import sys
from pathlib import Path

import pytest

from planner.report import FORMATS
from tests.commands.reporting import run, save

LENGTH = 200_000
PRINTED = 10_000
"""Of what is set on pages: there would be hundreds more of them, and nothing more to find."""


def texts(length):
    """By name; what is written out on paper, character for character, is shorter."""
    return {
        "spaces": " " * length,
        "breaks": " \n\t" * (length // 3),
        "turned": "\u202e" * (length // 10),
        "accents": "e" + "\u0301" * (length // 10),
        "joined": "\U0001f468\u200d" * (length // 10),
        "formulas": "=+-@" * (length // 4),
        "quotes": "\"'\\" * (length // 3),
        "markup": "]]></style><b>#[$`" * (length // 20),
        "word": "x" * (length // 2),
    }


def plan(text):
    return {
        "format": 1,
        "name": "Long",
        "description": f"a{text}z",
        "zones": [{"name": "Internal", "kind": "internal"}, {"name": "DMZ", "kind": "dmz"}],
        "endpoints": [
            {"name": "PS01", "zone": "DMZ", "addresses": ["192.0.2.1"], "roles": ["web-primary"]},
            {"name": "SQL01", "zone": "Internal", "addresses": ["10.0.0.2"], "roles": ["database"]},
        ],
        "additional_flows": [
            {"source": "PS01", "destination": "SQL01", "protocol": "tcp", "ports": "99", "reason": f"a{text}z"}
        ],
    }


@pytest.fixture
def ended():
    """Ends a run that takes ten minutes, with the lines that it is at."""
    faulthandler.dump_traceback_later(600, exit=True, file=sys.__stderr__)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.slow
@pytest.mark.usefixtures("without_database", "in_folder", "ended")
@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("aerleon", "all-firewalls", "firewalls")])
def test_every_format_says_long_texts_of_every_kind(name, capsys):
    kinds = texts(PRINTED if name == "pdf" else LENGTH)
    paths = [save(f"{kind}.json", plan(text)) for kind, text in kinds.items()]
    assert run(*paths, "--format", name, "--output", "out/") in (0, 1)
    said = capsys.readouterr().err
    refused = {line.partition(":")[0] for line in said.splitlines() if "can't be written for this plan" in line}
    for path in paths:
        assert Path("out", f"{path.removesuffix('.json')}.{name}").exists() != (path in refused), said
