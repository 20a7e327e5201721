"""The shipped matrix against the vendor document's tables, counted by hand, and the documentation's example."""

import json
import os
import re
from pathlib import Path

import pytest

from ports.matrix import HEAD, build_matrix, find_faults
from ports.matrix.writing import write_fixture
from ports.queries import SHIPPED, read_fixture, shipped_matrix

DOCS = Path(__file__).parents[2] / "docs" / "matrix-format.md"


def _documented(section):
    return [r for r in shipped_matrix().requirements if r.section == section and r.correction is None]


@pytest.mark.parametrize(("section", "rows"), [("9", 16), ("10", 25), ("11", 21), ("13", 6)])
def test_every_row_of_a_table_is_there(section, rows):
    assert len(_documented(section)) == rows
    assert len({requirement.name for requirement in _documented(section)}) == rows


@pytest.mark.parametrize("section", [str(number) for number in range(2, 17)])
def test_every_section_with_ports_has_a_requirement(section):
    assert _documented(section)


def test_the_overview_asks_for_nothing():
    assert not _documented("1")
    assert len(shipped_matrix().sections) == 16


def test_every_requirement_says_what_it_is_for():
    for requirement in shipped_matrix().requirements:
        assert requirement.name
        assert requirement.summary.endswith(".")
        assert requirement.summary != requirement.name


@pytest.mark.parametrize("path", [SHIPPED, SHIPPED.with_name("hashicorp-vault.json")])
def test_every_shipped_check_has_a_headline_of_its_own(path):
    titles = [check.title for check in build_matrix(read_fixture(path)).checks]
    assert all(title and len(title) <= 60 and not title.endswith(".") for title in titles)
    assert len(set(titles)) == len(titles) > 0


def test_default_ports_are_the_documents():
    ports = {slug: f"{service.protocol} {service.ports}" for slug, service in shipped_matrix().services.items()}
    assert ports["telnet"] == "tcp 22"
    assert ports["sql-listener"] == "udp 1434"
    assert ports["browser-gateway"] == "tcp 7273"
    assert ports["rpc-dynamic"] == "tcp 49152-65535"
    assert ports["icmp"] == "icmp None"


def test_alternatives_start_undecided_and_the_rest_has_a_default():
    undecided = {choice.slug for choice in shipped_matrix().choices.values() if choice.default is None}
    assert undecided == {"directory-port", "esxi", "windows-validation", "teamviewer"}


def test_eight_caveats_offer_a_correction():
    corrections = {caveat.slug for caveat in shipped_matrix().caveats.values() if caveat.correction}
    assert corrections == {
        "telnet-port", "ldap-tcp", "wmi-dynamic-rpc", "sql-listener-web", "app-server-inbound", "gateway-assumed",
        "validation-rpc", "reset-kpasswd",
    }  # fmt: skip


def test_the_shipped_file_leaves_out_what_is_empty_as_golden_files_are_written():
    """It is the file that `matrix export` writes of it."""
    records = read_fixture(SHIPPED)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        SHIPPED.write_text(write_fixture(records, records[HEAD][0]["slug"]), "utf-8")
    assert SHIPPED.read_text("utf-8") == write_fixture(records, records[HEAD][0]["slug"]), "make golden writes it anew"


def test_the_file_has_one_row_a_line_in_order():
    lines = SHIPPED.read_text("utf-8").splitlines()
    assert lines[0] == "["
    assert lines[-1] == "]"
    rows = [json.loads(line.rstrip(",")) for line in lines[1:-1]]
    positions = {}
    for row in rows[1:]:
        positions.setdefault(row["model"], []).append(row["fields"]["position"])
    assert all(found == sorted(set(found)) for found in positions.values())


def test_the_documented_example_is_a_whole_matrix(tmp_path):
    (example,) = re.findall(r"^```json\n(.*?)^```", DOCS.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    path = tmp_path / "ticketdesk.json"
    path.write_text(example, "utf-8")
    records = read_fixture(path)
    assert find_faults(records) == []
    assert {record["slug"] for record in records["requirement"]} >= {"people", "collector-upload"}
    assert build_matrix(records).holders["desk"] == {"desk-main", "desk-spare"}


def test_every_field_is_documented():
    from ports.matrix import FIELDS, About, Opening, Target

    text = DOCS.read_text("utf-8")
    names = {name for fields in FIELDS.values() for name in fields}
    for kind in (About, Opening, Target):
        names |= set(kind.__dataclass_fields__)
    assert {name for name in names | set(FIELDS) if f"`{name}`" not in text} == set()
