"""Renamed rows on the command line: `matrix diff`, `amendments`, `impact`, and plan files with old names."""

import io
import json
import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from ports.models import PortMatrix
from tests.ports.records import fixture_text, make_records
from tests.ports.renamed import make_second, make_third

PLAN = {
    "format": 1,
    "name": "Office",
    "product": "desk",
    "zones": [{"name": "In", "kind": "internal"}, {"name": "Out", "kind": "internet"}],
    "endpoints": [
        {"name": "D", "zone": "In", "addresses": ["192.0.2.1"], "roles": ["desk-main", "agent"]},
        {"name": "P", "zone": "Out", "addresses": ["any"], "group": True, "roles": ["user"]},
    ],
    "choices": {"mail": "yes"},
    "ports": {"https": "444"},
}
CARRIED = ["choice mail → post", "option of post yes → always", "service https → portal"]


class Told:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err


def run(*arguments):
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command(*map(str, arguments), stdout=out, stderr=err)
    except SystemExit as error:
        status = error.code
    except CommandError as error:
        status = error.returncode
        err.write(str(error))
    return Told(status, out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True)
def editions(db, tmp_path, monkeypatch):
    """Three editions of the small matrix, the third is the current one."""
    monkeypatch.chdir(tmp_path)
    PortMatrix.objects.all().delete()
    for records in (make_records(), make_second(), make_third()):
        (tmp_path / "edition.json").write_text(fixture_text(records), "utf-8")
        assert run("matrix", "load", tmp_path / "edition.json").status == 0
    (tmp_path / "plan.json").write_text(json.dumps(PLAN), "utf-8")
    return tmp_path


def report(*arguments):
    told = run("report", "plan.json", "--format", "json", "--output", "out.json", *arguments)
    return told, [line for line in told.err.splitlines() if "renamed" in line]


def test_diff_tells_a_rename_as_a_change_of_the_slug():
    told = run("matrix", "diff", "desk-2026-05", "desk-2026-09", "--format", "json")
    assert told.status == 3
    found = json.loads(told.out)
    assert {one["change"] for one in found} == {"changed"}
    assert {"change": "changed", "row": "service/web-ui", "field": "slug", "old": "https", "new": "web-ui"} in found
    told = run("matrix", "diff", "desk-2026-05", "desk-2027-01")
    assert "service/portal is called 'https' in desk-2026-05 and 'portal' in desk-2027-01." in told.out.splitlines()


def test_the_page_that_compares_editions_tells_it_too(client):
    page = client.get("/matrix/compare/", {"from": "desk-2026-05", "to": "desk-2026-09"}).content.decode()
    assert page.count('<span class="chip">renamed</span>') == 1
    assert "service/web-ui" in page
    assert "removed" not in page


def test_amendments_are_listed_by_the_name_of_the_current_edition():
    assert run("matrix", "activate", "desk-2026-05").status == 0
    amended = run("matrix", "amend", "service/https", "ports", "9443", "--reason", "Proxy", "--product", "desk")
    assert re.match(r"[0-9]+  applied  service/https, ports: 8443 → 9443", amended.out)
    for edition, row in (("desk-2027-01", "service/portal"), ("desk-2026-05", "service/https")):
        run("matrix", "activate", edition)
        (one,) = json.loads(run("matrix", "amendments", "--product", "desk", "--format", "json").out)
        assert (one["row"], one["state"], one["old"], one["new"]) == (row, "applied", "8443", "9443")


def test_a_plan_file_with_old_names_is_read_and_each_is_told():
    told, renamed = report()
    assert told.status == 0, told.err
    assert renamed == [f"plan.json: renamed since it was written, and read so: {one}" for one in CARRIED]
    rules = json.loads(Path("out.json").read_text("utf-8"))["rules"]
    assert {one["ports"] for rule in rules for one in rule["services"]} == {"444"}


def test_under_the_edition_that_it_was_written_for_nothing_is_told():
    told, renamed = report("--edition", "desk-2026-05")
    assert (told.status, renamed) == (0, [])


def test_a_plan_file_with_new_names_is_read_under_the_older_edition(editions):
    later = PLAN | {"choices": {"post": "always"}, "ports": {"portal": "444"}}
    (editions / "plan.json").write_text(json.dumps(later), "utf-8")
    told, renamed = report("--edition", "desk-2026-09")
    assert told.status == 0, told.err
    assert [line.rpartition(": ")[2] for line in renamed] == [
        "choice post → mail",
        "option of mail always → yes",
        "service portal → web-ui",
    ]


def test_a_plan_file_with_an_old_and_a_new_name_is_refused(editions):
    (editions / "plan.json").write_text(json.dumps(PLAN | {"ports": {"https": "1", "portal": "2"}}), "utf-8")
    told, renamed = report()
    assert (told.status, renamed) == (1, [])
    assert "ports.https: 'https' is called 'portal' in the edition desk-2027-01" in told.err


def test_compare_ask_and_impact_tell_it_as_well(editions):
    (editions / "now.json").write_text(
        json.dumps(PLAN | {"choices": {"post": "always"}, "ports": {"portal": "444"}}), "utf-8"
    )
    told = run("compare", "plan.json", "now.json", "--format", "json", "--output", "-")
    assert [line.rpartition(": ")[2] for line in told.err.splitlines()] == CARRIED
    told = run("ask", "plan.json", "P", "D", "tcp/444")
    assert (told.status, told.err.count("renamed since")) == (0, 3)
    told = run("matrix", "impact", "desk-2026-09", "plan.json", "--format", "json")
    assert (told.status, told.err.count("renamed since")) == (0, 3)
    (impact,) = json.loads(told.out)
    assert [impact[name] for name in ("opened", "closed", "changed", "faults")] == [0, 0, 0, []]


def test_lint_says_what_is_called_otherwise():
    told = run("lint", "plan.json")
    assert told.status == 0
    said = [line for line in told.out.splitlines() if line.endswith(" [renamed]")]
    assert said == [
        f"plan.json:1:1: info: Renamed since it was written, and read so: {one} [renamed]" for one in CARRIED
    ]
