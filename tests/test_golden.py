"""The reports of the ready-made topologies, byte for byte as in tests/golden.

`make golden` rewrites the files; look at their differences before you commit them.
"""

import io
import os
import zipfile
from pathlib import Path

import pytest

from planner.document import read_plan
from planner.engine import evaluate_report
from planner.examples import read_examples
from planner.renderers import FORMATS
from ports.queries import shipped_matrix

GOLDEN = Path(__file__).parent / "golden"
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
NAMES = ("json", "csv", "markdown")  # the formats without a date in them
FIREWALLS = ("asa", "fortigate", "paloalto", "srx", "nftables", "iptables")
ARCHIVES = ("windows", "aerleon")
SMALL = {"dmz", "everything"}
"""Archives are kept of these alone; unpacked and end to end, so that a change can be read."""
EXAMPLES = {example.slug: example for example in read_examples()}


WANTED = [(slug, name) for slug in EXAMPLES for name in (*NAMES, *FIREWALLS)] + [
    (slug, name) for slug in sorted(SMALL) for name in ARCHIVES
]


def unpack(data):
    """The files of an archive in one text, each under its name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return b"".join(f"=== {name}\n".encode() + archive.read(name) for name in archive.namelist())


@pytest.mark.parametrize(("slug", "name"), WANTED)
def test_the_report_is_the_golden_file(slug, name):
    matrix = shipped_matrix()
    data = FORMATS[name].render(evaluate_report(matrix, read_plan(EXAMPLES[slug].data, matrix=matrix)))
    if name in ARCHIVES:
        data = unpack(data)
    path = GOLDEN / f"{slug}.{FORMATS[name].extension}"
    if UPDATE:
        path.write_bytes(data)
    assert path.exists(), f"{path.name} is missing; make golden writes it"
    assert data.decode().splitlines() == path.read_bytes().decode().splitlines()
    assert data == path.read_bytes()


def test_there_is_no_golden_file_without_an_example():
    wanted = {f"{slug}.{FORMATS[name].extension}" for slug, name in WANTED}
    for path in GOLDEN.iterdir():
        if not path.name.startswith(".") and path.name not in wanted:
            assert UPDATE, f"{path.name} belongs to no example"
            path.unlink()
