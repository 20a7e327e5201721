"""`manage.py compare`: two plan documents, and what has to be opened and can be closed between them."""

import copy
import csv
import io
import json
import re
from pathlib import Path

import jsonschema
import openpyxl
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from planner.plan.rows import Renames, apply_renames
from planner.plan.syntax import to_yaml
from planner.report import CHANGE_FORMATS
from planner.report.formats.json import comparison_schema
from tests.commands.test_report_firewalls import two
from tests.report.samples import contoso, sites, write_plan
from tests.strategies import HOSTILE_NAMES


@pytest.fixture(autouse=True)
def _without_database(monkeypatch, tmp_path):
    monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "absent.sqlite3"))
    monkeypatch.chdir(tmp_path)


def save(name, document):
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(to_yaml(document), "utf-8")
    return name


def grown():
    """The sample with one more host to manage."""
    document = copy.deepcopy(contoso())
    document["endpoints"].append(
        {
            "name": "Router",
            "zone": "DMZ",
            "addresses": ["10.0.9.9"],
            "platforms": ["cisco-ios"],
            "operations": ["reset"],
        }
    )
    return document


def run(*arguments):
    try:
        call_command("compare", *arguments)
    except SystemExit as leaving:
        return leaving.code
    return 0


def compared(capsys, before, after):
    assert run(save("old.yaml", before), save("new.yaml", after), "--format", "json") == 0
    return json.loads(capsys.readouterr().out)


def test_a_host_more_is_opened_and_nothing_else(capsys):
    data = compared(capsys, contoso(), grown())
    jsonschema.validate(data, comparison_schema())
    [flow] = data["opened"]
    assert (flow["source"], flow["destination"], flow["protocol"], flow["ports"]) == ("PS01", "Router", "tcp", "22")
    assert flow["sections"] == ["10"]
    assert data["closed"] == data["changed"] == []
    assert data["unchanged"] > 0
    [rule] = data["rules"]["opened"]
    assert (rule["sources"], rule["destinations"]) == (["PS01"], ["Router"])


def test_the_keys_are_those_that_were_promised(capsys):
    data = compared(capsys, contoso(), grown())
    assert list(data) == ["format", "opened", "closed", "changed", "unchanged", "rules", "renamed", "endpoints"]
    assert data["format"] == 1
    assert data["renamed"] == []


def test_the_other_way_round_it_is_closed(capsys):
    data = compared(capsys, grown(), contoso())
    assert [flow["destination"] for flow in data["closed"]] == ["Router"]
    assert data["opened"] == []


def test_a_decision_closes_one_option_and_changes_the_other(capsys):
    data = compared(capsys, contoso(), contoso(choices={"esxi": "powercli"}))
    [change] = [change for change in data["changed"] if change["after"]["ports"] == "443"]
    assert change["before"]["any_of"] == [{"choice": "esxi", "option": "powercli"}]
    assert change["after"]["any_of"] == []


def test_a_changed_port_closes_the_old_one_and_opens_the_new_one(capsys):
    ports = {**contoso()["ports"], "password-reset-portal": 9443}
    data = compared(capsys, contoso(), contoso(ports=ports))
    assert {flow["ports"] for flow in data["opened"]} == {"9443"}
    assert {flow["ports"] for flow in data["closed"]} == {"443"}


def test_a_site_more_asks_only_for_what_it_needs(capsys):
    data = compared(capsys, sites(3), sites(4))
    assert data["opened"]
    assert data["closed"] == []
    names = {"A3", "W3", "L3"}
    assert all(names & {flow["source"], flow["destination"]} for flow in data["opened"])
    assert all(names & {*rule["sources"], *rule["destinations"]} for rule in data["rules"]["opened"])


def test_an_address_that_changed_is_told(capsys):
    other = copy.deepcopy(contoso())
    other["endpoints"][0]["addresses"] = ["10.0.0.11"]
    data = compared(capsys, contoso(), other)
    assert data["opened"] == data["closed"] == data["changed"] == []
    assert data["rules"]["addresses"] == [
        {"endpoint": "PS01", "before": ["10.0.0.10", "fd00::10"], "after": ["10.0.0.11"]}
    ]


def save_both(name):
    """The two plans, with what the format needs of them."""
    more = {"firewalls": two()} if name == "firewalls" else {}
    save("old.yaml", contoso() | more)
    save("new.yaml", grown() | more)


@pytest.mark.parametrize("name", CHANGE_FORMATS)
def test_every_format_is_written_into_a_folder_under_the_new_plans_name(name):
    save_both(name)
    assert run("old.yaml", "new.yaml", "--format", name, "--output", "out/") == 0
    assert [path.name for path in Path("out").iterdir()] == [f"new.{name}"]
    assert Path(f"out/new.{name}").stat().st_size


def test_without_firewalls_their_changes_are_refused_and_nothing_is_written(capsys):
    save("old.yaml", contoso())
    save("new.yaml", grown())
    assert run("old.yaml", "new.yaml", "--format", "firewalls", "--output", "out/") == 1
    assert "firewall" in capsys.readouterr().err
    assert not Path("out/new.firewalls").exists()


def test_the_workbook_has_an_action_in_every_row():
    save("old.yaml", contoso())
    save("new.yaml", grown())
    assert run("old.yaml", "new.yaml", "--format", "xlsx", "--output", "changes.xlsx") == 0
    book = openpyxl.load_workbook("changes.xlsx")
    assert book.sheetnames == ["Rules", "What differs", "Flows", "Addresses", "Renamed", "Objects", "About"]
    assert [row[0].value for row in book["Rules"].iter_rows(min_row=2)] == ["open"]
    assert [row[0].value for row in book["Flows"].iter_rows(min_row=2)] == ["open"]


def test_the_table_has_an_action_in_every_line(capsys):
    run(save("old.yaml", grown()), save("new.yaml", contoso()), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out.lstrip("\ufeff"))))
    assert [(row["action"], row["destination"]) for row in rows] == [("close", "Router")]


@pytest.mark.parametrize("name", sorted(CHANGE_FORMATS.keys() - {"pdf", "html"}))  # those say the day
def test_the_same_plans_give_the_same_bytes(name):
    save_both(name)
    written = []
    for folder in ("first/", "second/"):
        assert run("old.yaml", "new.yaml", "--format", name, "--output", folder) == 0
        written.append(Path(f"{folder}new.{name}").read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize("name", ["csv", "markdown"])
def test_hostile_names_stay_text(capsys, name):
    document = copy.deepcopy(contoso())
    document["endpoints"] += [
        {"name": hostile, "zone": "DMZ", "platforms": ["cisco-ios"], "operations": ["reset"]}
        for hostile in (*HOSTILE_NAMES, "semicolon;=1+1")
    ]
    assert run(save("old.yaml", contoso()), save("new.yaml", document), "--format", name) == 0
    out = capsys.readouterr().out
    if name == "markdown":
        assert "<script>" not in out.replace("\\", "")
    else:
        cells = [cell for row in csv.reader(io.StringIO(out)) for cell in row]
        # Where the comma is the decimal sign, a spreadsheet divides lines at semicolons too.
        assert not [cell for cell in cells if re.search(r"(^|;)\s*[=+\-@]", cell)]


def test_every_fault_of_both_plans_is_told_and_nothing_written(capsys):
    save("old.yaml", contoso() | {"colour": "red"})
    save("new.yaml", grown() | {"zones": []})
    assert run("old.yaml", "new.yaml", "--format", "json", "--output", "out/") == 1
    err = capsys.readouterr().err
    assert "old.yaml: colour" in err
    assert "new.yaml: zones" in err
    assert not Path("out").exists()


def test_a_file_that_isnt_there_is_told(capsys):
    assert run("absent.yaml", save("new.yaml", grown()), "--format", "json") == 1
    assert "absent.yaml: The file can't be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("old.yaml", "--format", "json"),
        ("old.yaml", "new.yaml"),
        ("old.yaml", "new.yaml", "--format", "nothing"),
        ("old.yaml", "new.yaml", "--format", "json", "--output", "old.yaml"),
        ("old.yaml", "new.yaml", "--format", "json", "--output", "new.yaml"),
        ("old.yaml", "new.yaml", "--format", "json", "--output", ""),
    ],
)
def test_wrong_usage_is_refused_and_writes_nothing(arguments):
    save("old.yaml", contoso())
    save("new.yaml", grown())
    before = {path: path.read_bytes() for path in Path().iterdir()}
    with pytest.raises(CommandError):
        call_command("compare", *arguments)
    assert {path: path.read_bytes() for path in Path().iterdir()} == before


@pytest.mark.parametrize(("paper", "width"), [("a4", 842), ("letter", 792)])
def test_the_pdf_is_made_for_the_paper_asked_for(paper, width):
    from pypdf import PdfReader

    files = save("old.yaml", contoso()), save("new.yaml", grown())
    assert run(*files, "--format", "pdf", "--paper", paper, "--output", "change.pdf") == 0
    assert all(round(page.mediabox.width) == width for page in PdfReader("change.pdf").pages)


# --- renames ---


def renamed(**zones):
    """The sample after PS01 and the zone Internal got other names, and an address another way to be written."""
    document = apply_renames(
        contoso(), Renames(endpoints={"PS01": "PS-LON-1"}, zones={"Internal": "Head office"} | zones)
    )
    document["endpoints"][0]["addresses"] = ["fd00:0::10", "10.0.0.10/32"]
    return document


def test_new_names_alone_open_close_and_change_nothing(capsys):
    data = compared(capsys, contoso(), renamed())
    jsonschema.validate(data, comparison_schema())
    assert data["renamed"] == [
        {"kind": "endpoint", "old": "PS01", "new": "PS-LON-1"},
        {"kind": "zone", "old": "Internal", "new": "Head office"},
    ]
    assert data["opened"] == data["closed"] == data["changed"] == []
    assert data["unchanged"] > 0
    assert data["rules"] == {"opened": [], "closed": [], "changed": [], "addresses": []}


def test_what_changes_beside_a_new_name_has_the_new_name(capsys):
    data = compared(capsys, grown(), renamed() | {"choices": {"esxi": "powercli"}})
    assert len(data["renamed"]) == 2
    assert [(flow["source"], flow["destination"], flow["ports"]) for flow in data["closed"]] == [
        ("PS-LON-1", "Router", "22")
    ]
    assert {flow["source_zone"] for flow in data["closed"]} == {"Head office"}
    [rule] = data["rules"]["closed"]
    assert rule["id"].startswith("INT-DMZ-")  # as it stands on the firewall
    assert (rule["sources"], rule["source_zones"]) == (["PS-LON-1"], ["Head office"])
    assert {rule["id"].partition("-")[0] for rule in data["rules"]["changed"]} == {"HO"}


@pytest.mark.parametrize("shared", [["10.0.0.10"], []])
def test_without_addresses_of_its_own_it_is_another_endpoint(capsys, shared):
    before, after = contoso(), apply_renames(contoso(), Renames(endpoints={"PS01": "PS-LON-1", "DC01": "DC-LON-1"}))
    for document in (before, after):
        for endpoint in document["endpoints"][:2]:
            endpoint["addresses"] = shared
    data = compared(capsys, before, after)
    assert data["renamed"] == []
    assert {flow["source"] for flow in data["opened"]} >= {"PS-LON-1"}
    assert {flow["source"] for flow in data["closed"]} >= {"PS01"}


@pytest.mark.parametrize("name", ["csv", "markdown", "html"])
def test_texts_say_a_new_name_as_such(capsys, name):
    assert run(save("old.yaml", contoso()), save("new.yaml", renamed()), "--format", name) == 0
    out = capsys.readouterr().out
    if name == "csv":
        rows = list(csv.DictReader(io.StringIO(out.lstrip("\ufeff"))))
        assert [(row["action"], row["source"], row["destination"]) for row in rows] == [
            ("rename-endpoint", "PS01", "PS-LON-1"), ("rename-zone", "Internal", "Head office"),
        ]  # fmt: skip
        assert rows[0]["reasons"] == "PS01 is now PS-LON-1."
        assert rows[1]["reasons"] == (
            "Zone Internal is now Head office; the numbers of its rules have HO in place of INT."
        )
        assert not any(row["protocol"] or row["ports"] or row["services"] for row in rows)
    elif name == "markdown":
        assert "| endpoint | PS01 | PS-LON-1 |  |" in out
        assert "| zone | Internal | Head office | the numbers of its rules have HO in place of INT |" in out
        assert "| Renamed | 2 |" in out
        assert out.count("\nNone.\n") == 3  # rules to open, to close, changed
    else:
        assert "<td>endpoint</td><td>PS01</td><td>PS-LON-1</td>" in out
        assert '<a href="#renamed">Renamed: 2</a>' in out
        assert out.count("<p>None.</p>") == 3


def test_the_workbook_and_the_pdf_have_a_part_for_new_names():
    from pypdf import PdfReader

    files = save("old.yaml", contoso()), save("new.yaml", renamed())
    assert run(*files, "--format", "xlsx", "--output", "changes.xlsx") == 0
    book = openpyxl.load_workbook("changes.xlsx")
    assert [[cell.value for cell in row] for row in book["Renamed"].iter_rows()] == [
        ["What", "Before", "Now", "Remark"],
        ["endpoint", "PS01", "PS-LON-1", None],
        ["zone", "Internal", "Head office", "the numbers of its rules have HO in place of INT"],
    ]
    assert book["Rules"].max_row == book["Flows"].max_row == book["Addresses"].max_row == 1
    assert run(*files, "--format", "pdf", "--output", "changes.pdf") == 0
    text = " ".join(" ".join(page.extract_text() for page in PdfReader("changes.pdf").pages).split())
    assert "Renamed: 2" in text
    assert "endpoint PS01 PS-LON-1" in text


@pytest.mark.parametrize("name", ["csv", "markdown", "html", "xlsx"])
def test_hostile_new_names_stay_text(name):
    """Each is the new name of an endpoint and of its zone, and a flow is opened from there."""
    plain = {f"N{number}": name for number, name in enumerate(HOSTILE_NAMES)}
    before = write_plan(
        {"name": "Hub", "zone": "Hub", "addresses": ["10.1.0.1"], "roles": ["web-primary"]},
        *({"name": one, "zone": one, "addresses": [f"10.0.0.{one[1:]}"], "roles": ["database"]} for one in plain),
        zones=[("Hub", "internal"), *((one, "internal") for one in plain)],
    )
    flow = {"destination": "Hub", "protocol": "tcp", "ports": "9", "reason": "Test"}
    after = before | {"additional_flows": [flow | {"source": one} for one in plain]}
    after = apply_renames(after, Renames(endpoints=plain, zones=plain))
    files = save("old.yaml", before), save("new.yaml", after)
    assert run(*files, "--format", name, "--output", f"out.{name}") == 0
    data = Path(f"out.{name}").read_bytes()
    if name == "csv":
        _, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig")))
        assert len(rows) == 3 * len(HOSTILE_NAMES)
        assert not [cell for row in rows for cell in row if re.search(r"(^|;)\s*[=+\-@]", cell)]
    elif name == "xlsx":
        rows = list(openpyxl.load_workbook(io.BytesIO(data))["Renamed"].iter_rows(min_row=2))
        assert len(rows) == 2 * len(HOSTILE_NAMES)
        assert not [cell for row in rows for cell in row if cell.data_type not in ("s", "n")]
        assert not [cell for row in rows for cell in row if re.match(r"\s*[=+\-@]", cell.value or "")]
    else:
        assert data.count(b"| endpoint |" if name == "markdown" else b"<td>endpoint</td>") == len(HOSTILE_NAMES)
        assert b"<script>" not in data.replace(b"\\", b"") or name != "markdown"
        assert b"<script>alert" not in data
        assert "\u202e".encode() not in data


def test_a_report_says_what_was_renamed_since_an_older_plan(capsys):
    save("old.yaml", contoso())
    save("new.yaml", renamed() | {"choices": {"esxi": "powercli"}})
    call_command("report", "new.yaml", "--format", "html", "--filter", "since=old.yaml")
    out = capsys.readouterr().out
    assert "<td>renamed</td>" in out
    assert "1 endpoint renamed, 1 zone renamed" in out
    call_command("report", "new.yaml", "--format", "xlsx", "--filter", "since=old.yaml", "--output", "new.xlsx")
    rows = list(openpyxl.load_workbook("new.xlsx")["Changes"].iter_rows(min_row=2, values_only=True))
    assert [row[:4] for row in rows if row[0] == "rename"] == [
        ("rename", None, "PS01", "PS-LON-1"), ("rename", None, "Internal", "Head office"),
    ]  # fmt: skip


# --- the exit status ---


def moved():
    document = contoso()
    next(endpoint for endpoint in document["endpoints"] if endpoint["name"] == "DC01")["zone"] = "DMZ"
    return document


def addressed():
    document = contoso()
    document["endpoints"][0]["addresses"] = ["10.0.0.11"]
    return document


@pytest.mark.parametrize(
    ("after", "status"),
    [
        (contoso, 0), (renamed, 0), (lambda: contoso(name="Another", description="Text"), 0),
        (grown, 3), (moved, 3), (addressed, 3), (lambda: contoso(choices={"esxi": "powercli"}), 3),
        (lambda: contoso(corrections=["ldap-tcp"]), 3),
    ],
    ids=["same", "renamed", "another title", "grown", "moved", "another address", "decided", "corrected"],
)  # fmt: skip
def test_the_exit_status_says_whether_there_is_something_to_do(capsys, after, status):
    files = save("old.yaml", contoso()), save("new.yaml", after())
    assert run(*files, "--format", "json", "--exit-code") == status
    data = json.loads(capsys.readouterr().out)
    rules = data["rules"]
    parts = [data["opened"], data["closed"], data["changed"], *rules.values()]
    assert any(parts) == (status == 3)
    assert run(*files, "--format", "json") == 0


def test_the_file_is_written_whatever_the_exit_status_says():
    files = save("old.yaml", contoso()), save("new.yaml", grown())
    assert run(*files, "--format", "json", "--exit-code", "--output", "out/") == 3
    assert json.loads(Path("out/new.json").read_text())["opened"]


def test_a_bad_plan_is_1_whatever_differs(capsys):
    save("old.yaml", contoso())
    save("new.yaml", grown() | {"colour": "red"})
    assert run("old.yaml", "new.yaml", "--format", "json", "--exit-code") == 1
    assert run("old.yaml", "absent.yaml", "--format", "json", "--exit-code") == 1


def test_a_plan_that_would_be_too_much_is_refused_on_either_side(monkeypatch, capsys):
    old, new = save("old.yaml", contoso()), save("new.yaml", grown())
    monkeypatch.setattr("planner.plan.limits.FLOWS", 1)
    for arguments in ((old, new), (new, old)):
        with pytest.raises(SystemExit) as leaving:
            call_command("compare", *arguments, "--format", "json")
        assert leaving.value.code == 1
        lines = capsys.readouterr().err.splitlines()
        assert [line.partition(":")[0] for line in lines] == list(arguments)
        assert all("flows; at most 1 are evaluated" in line for line in lines)


def test_a_change_request_that_is_too_long_for_pages_is_refused(monkeypatch, capsys):
    monkeypatch.setattr("planner.plan.limits.PRINTED", 10)
    old, new = save("old.yaml", contoso()), save("new.yaml", grown())
    with pytest.raises(SystemExit) as leaving:
        call_command("compare", old, new, "--format", "pdf")
    assert leaving.value.code == 1
    assert capsys.readouterr().err.startswith("new.yaml: PDF can't be written for this plan: as a web page it has")
