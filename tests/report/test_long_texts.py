"""Long texts of every hostile kind go through every format at a cost that grows as they do, and not as its square.

What took the square of the length would take hours for these; the limit of time only ends such a run.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from planner.plan.syntax import to_json
from planner.report import FORMATS

ROOT = Path(__file__).resolve().parents[2]
LENGTH = 200_000
PRINTED = 60_000
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


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in FORMATS if name not in ("aerleon", "all-firewalls", "firewalls")])
def test_every_format_says_long_texts_of_every_kind(name, tmp_path):
    paths = []
    for kind, text in texts(PRINTED if name == "pdf" else LENGTH).items():
        paths.append(tmp_path / f"{kind}.json")
        paths[-1].write_text(to_json(plan(text)), "utf-8")
    command = [
        sys.executable,
        "manage.py",
        "report",
        *map(str, paths),
        "--format",
        name,
        "--output",
        f"{tmp_path}/out/",
    ]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode in (0, 1), run.stderr
    assert "Traceback" not in run.stderr
    refused = {line.partition(":")[0] for line in run.stderr.splitlines() if "can't be written for this plan" in line}
    for path in paths:
        assert (tmp_path / "out" / f"{path.stem}.{name}").exists() != (str(path) in refused), run.stderr
