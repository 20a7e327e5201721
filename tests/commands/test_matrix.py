"""`manage.py matrix`: editions and amendments on the command line, and `report --edition`."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from planner.plan.document import read_plan
from planner.store import actions, bin
from planner.store.models import Plan
from ports.models import Amendment, PortMatrix
from ports.queries import SHIPPED, current_matrix, edition_records, read_fixture
from tests import warm
from tests.ports.records import fixture_text, make_records, record
from tests.report.samples import contoso

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.django_db


class Told:
    """What a command has said, and how it left."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    @property
    def data(self):
        return json.loads(self.out)


def matrix(*arguments, status=0):
    out, err, left = io.StringIO(), io.StringIO(), 0
    try:
        call_command("matrix", *map(str, arguments), stdout=out, stderr=err)
    except SystemExit as error:
        left = error.code
    except CommandError as error:
        left = error.returncode
        err.write(str(error))
    told = Told(left, out.getvalue(), err.getvalue())
    assert told.status == status, told.err
    return told


@pytest.fixture
def fixture(tmp_path):
    """A function that writes the small matrix as a fixture of another edition."""

    def write(slug, ssh="22", **head):
        records = make_records()
        records["portmatrix"][0] |= {"slug": slug, **head}
        record(records, "service", "ssh")["ports"] = ssh
        path = tmp_path / f"{slug}.json"
        path.write_text(fixture_text(records), "utf-8")
        return path

    return write


@pytest.fixture
def shipped(tmp_path):
    """A function that writes the shipped matrix with other ports, under another slug."""

    def write(slug, **ports):
        rows = json.loads(SHIPPED.read_text("utf-8"))
        for row in rows:
            if row["model"] == "ports.portmatrix":
                row["fields"]["slug"] = slug
            elif row["model"] == "ports.service" and row["fields"]["slug"] in ports:
                row["fields"]["ports"] = ports[row["fields"]["slug"]]
        path = tmp_path / f"{slug}.json"
        path.write_text(json.dumps(rows), "utf-8")
        return path

    return write


def states():
    return [amendment["state"] for amendment in matrix("amendments", "--format", "json").data]


# --- editions --------------------------------------------------------------------------------------------------------


def test_editions_are_listed_with_the_current_one_of_each_product(fixture):
    assert matrix("list", "--format", "json").data == []
    assert matrix("list").out == "No port matrix is loaded.\n"
    matrix("load", fixture("desk-a"))
    matrix("load", fixture("desk-b", ssh="2200"))
    matrix("load", SHIPPED)
    assert matrix("list", "--format", "json").data == [
        {"product": "passwordstate", "edition": "passwordstate-2026-11", "digest": digest("passwordstate-2026-11"),
         "current": True},
        {"product": "desk", "edition": "desk-b", "digest": digest("desk-b"), "current": True},
        {"product": "desk", "edition": "desk-a", "digest": digest("desk-a"), "current": False},
    ]  # fmt: skip
    lines = matrix("list").out.splitlines()
    assert lines[1].startswith(f"desk  desk-b  {digest('desk-b')[:8]}  current  Desk Guide, as received 2026-05")
    assert "  -  " in lines[2]


def digest(slug):
    return PortMatrix.objects.get(slug=slug).digest


def test_loading_says_what_became_of_it(fixture):
    assert matrix("load", fixture("desk-a")).out == "desk-a: loaded, current edition of its product.\n"
    assert matrix("load", fixture("desk-a")).out == "desk-a: already loaded, current edition of its product.\n"
    told = matrix("load", fixture("desk-b"), "--no-activate", "--format", "json").data
    assert told == {
        "product": "desk", "edition": "desk-b", "digest": digest("desk-b"), "current": False, "new": True,
    }  # fmt: skip
    assert current_matrix().edition == "desk-a"


def test_a_refused_load_exits_with_1_and_says_what_differs(fixture, tmp_path):
    matrix("load", fixture("desk-a"))
    told = matrix("load", fixture("desk-a", ssh="2200"), status=1)
    assert 'service/ssh: the field \'ports\' is "22" here and "2200" in the file.' in told.err
    assert current_matrix().services["ssh"].ports == "22"
    assert "No such file" in matrix("load", tmp_path / "none.json", status=1).err
    assert "is what a product is called" in matrix("load", fixture("desk"), status=1).err
    broken = fixture("desk-c", ssh="0")
    assert matrix("load", broken, status=1).err == "service 'ssh': the port '0' is outside 1 to 65535."


def test_an_edition_is_activated(fixture):
    matrix("load", fixture("desk-a"))
    matrix("load", fixture("desk-b"))
    assert matrix("activate", "desk-a").out == "desk-a is the current edition of desk.\n"
    assert current_matrix().edition == "desk-a"
    assert matrix("activate", "desk-b", "--format", "json").data["current"] is True
    assert current_matrix().edition == "desk-b"


@pytest.mark.parametrize("verb", [["show"], ["activate"], ["export"], ["impact"], ["diff", "desk-a"]])
def test_an_unknown_edition_is_a_sentence(fixture, verb):
    matrix("load", fixture("desk-a"))
    told = matrix(*verb, "desk-z", status=1)
    assert told.err == "There is no edition 'desk-z'; there are desk-a."
    assert told.out == ""


def test_an_edition_is_shown_as_it_was_loaded(fixture):
    matrix("load", fixture("desk-a"))
    matrix("amend", "service/ssh", "ports", "2222", "--reason", "Here")
    data = matrix("show", "desk-a", "--format", "json").data
    assert [data[name] for name in ("product", "edition", "document", "received")] == [
        "desk", "desk-a", "Guide", "2026-05",
    ]  # fmt: skip
    assert record(data["rows"], "service", "ssh")["ports"] == "22"
    text = matrix("show", "desk-a").out
    assert "desk-a: Desk Guide, as received 2026-05" in text
    assert "service: 4" in text


def test_what_differs_between_two_editions_is_told_as_loaded_with_3(fixture, tmp_path):
    matrix("load", fixture("desk-a"))
    matrix("amend", "service/ssh", "ports", "2222", "--reason", "Here")
    matrix("load", fixture("desk-same"))
    assert matrix("diff", "desk-a", "desk-same", "--format", "json").data == []
    assert matrix("diff", "desk-a", "desk-same").out == "Nothing differs.\n"
    records = read_fixture(fixture("desk-b", ssh="2200", received="2026-08"))
    records["platform"].append({"slug": "bsd", "name": "BSD"})
    gone = records["caveat"].pop()
    records["choice"].reverse()
    path = tmp_path / "desk-b.json"
    path.write_text(fixture_text(records), "utf-8")
    matrix("load", path)
    told = matrix("diff", "desk-a", "desk-b", "--format", "json", status=3).data
    assert [[one["change"], one["row"], one["field"]] for one in told] == [
        ["changed", "portmatrix", "received"],
        ["added", "platform/bsd", None],
        ["changed", "service/ssh", "ports"],
        ["changed", "choice", "position"],
        ["removed", "caveat/silent", None],
    ]
    assert all(set(one) == {"change", "row", "field", "old", "new"} for one in told)
    assert (told[2]["old"], told[2]["new"]) == ("22", "2200")
    assert (told[1]["old"], told[1]["new"]) == (None, {"slug": "bsd", "name": "BSD", "icon": ""})
    assert told[4]["old"]["slug"] == gone["slug"]
    text = matrix("diff", "desk-a", "desk-b", status=3).out
    assert 'service/ssh: the field \'ports\' is "22" in desk-a and "2200" in desk-b.\n' in text


@pytest.mark.slow
@pytest.mark.parametrize("source", [SHIPPED, ROOT / "tests" / "second_matrix" / "gatekeeper.json"])
def test_what_is_exported_can_be_loaded_and_is_the_same(source, tmp_path):
    matrix("load", source)
    edition = PortMatrix.objects.get()
    before = edition_records(edition.pk)
    matrix("amend", "section/1", "title", "Another", "--reason", "Here")
    path = tmp_path / "exported.json"
    path.write_text(matrix("export", edition.slug).out, "utf-8")
    assert matrix("load", path, "--format", "json").data["new"] is False
    PortMatrix.objects.all().delete()
    matrix("load", path)
    assert (PortMatrix.objects.get().slug, PortMatrix.objects.get().digest) == (edition.slug, edition.digest)
    assert edition_records(PortMatrix.objects.get().pk) == before
    assert json.loads(path.read_text("utf-8"))[1]["fields"]["matrix"] == [edition.slug]


# --- amendments ------------------------------------------------------------------------------------------------------


def test_an_amendment_is_made_listed_and_reverted(fixture):
    matrix("load", fixture("desk-a"))
    assert matrix("amendments", "--format", "json").data == []
    assert matrix("amendments").out == "Nothing is amended.\n"
    told = matrix("amend", "service/ssh", "ports", "2222", "--reason", "Behind the proxy", "--format", "json").data
    number = told["number"]
    expected = {
        "number": number, "row": "service/ssh", "field": "ports", "old": "22", "new": "2222",
        "reason": "Behind the proxy", "state": "applied",
    }  # fmt: skip
    assert told == expected
    assert matrix("amendments", "--format", "json").data == [expected]
    line = matrix("amendments").out
    assert line.startswith(f"{number}  applied  service/ssh, ports: 22 → 2222, Behind the proxy, ")
    assert Amendment.objects.get().author == "command line"
    assert matrix("revert", number, "--format", "json").data == expected | {"state": "reverted"}
    assert matrix("amendments", "--format", "json").data == [expected | {"state": "reverted"}]
    assert matrix("revert", number, status=1).err == f"Amendment {number} is reverted already."
    assert matrix("revert", 999, status=1).err == "There is no amendment 999."


def test_values_are_text_or_json_as_their_field_is(fixture):
    matrix("load", fixture("desk-a"))
    matrix("amend", "choice/mail", "default", '["yes"]', "--reason", "R")
    matrix("amend", "service/ssh", "configurable", "false", "--reason", "R")
    assert current_matrix().choices["mail"].default == ("yes",)
    assert current_matrix().services["ssh"].configurable is False
    told = matrix("amend", "choice/mail", "default", "no", "--reason", "R", status=1)
    assert told.err == 'choice/mail: the field \'default\' is a list in JSON or null, as in ["a", "b"], not "no".'


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("service/web", "ports", "1"), "There is no service 'web'; there are https, ssh, dynamic, ping."),
        (("service/ssh", "port", "1"), "service/ssh: 'port' is no field of it; allowed are name,"),
        (("service/ssh", "slug", "x"), "service/ssh: 'slug' names the row and can't be amended"),
        (("service/ssh", "ports", "22"), "service/ssh: the field 'ports' is \"22\" already."),
        (("service/ssh", "ports", "0"), "service 'ssh': the port '0' is outside 1 to 65535."),
    ],
)
def test_what_cant_be_amended_is_refused_with_1(fixture, arguments, sentence):
    matrix("load", fixture("desk-a"))
    assert matrix("amend", *arguments, "--reason", "R", status=1).err.startswith(sentence)
    assert not Amendment.objects.exists()


def test_a_reason_is_asked_for(fixture):
    matrix("load", fixture("desk-a"))
    with pytest.raises(CommandError, match="--reason"):
        call_command("matrix", "amend", "service/ssh", "ports", "2222")
    assert matrix("amend", "service/ssh", "ports", "2222", "--reason", " ", status=1).err.startswith(
        "An amendment needs a reason"
    )


def test_amendments_through_five_loads(fixture):
    matrix("load", fixture("desk-a"))
    number = matrix("amend", "service/ssh", "ports", "2222", "--reason", "R", "--format", "json").data["number"]
    matrix("load", fixture("desk-b", received="2026-08"))
    assert states() == ["applied"]
    told = matrix("load", fixture("desk-c", ssh="2200"))
    assert 'is held back: the edition has "2200", not "22".' in told.err
    assert states() == ["conflict"]
    assert "conflict" in matrix("amendments").out
    matrix("activate", "desk-a")
    assert states() == ["applied"]
    matrix("load", fixture("desk-c", ssh="2200"))
    assert (current_matrix().edition, states()) == ("desk-a", ["applied"])
    matrix("revert", number)
    assert states() == ["reverted"]


def test_another_products_amendments_are_asked_for_by_its_slug(fixture):
    matrix("load", SHIPPED)
    matrix("load", fixture("desk-a"))
    matrix("amend", "service/ssh", "ports", "2222", "--reason", "R", "--product", "desk")
    assert states() == []
    assert len(matrix("amendments", "--product", "desk", "--format", "json").data) == 1
    told = matrix("amendments", "--product", "bench", status=1)
    assert told.err == "There is no product 'bench'; there are desk, passwordstate."
    told = matrix("amend", "service/ssh", "ports", "1", "--reason", "R", "--product", "bench", status=1)
    assert told.err == "There is no product 'bench'; there are desk, passwordstate."


def test_without_anything_loaded_nothing_can_be_amended():
    told = matrix("amend", "service/ssh", "ports", "1", "--reason", "R", status=1)
    assert told.err == "No port matrix is loaded; run manage.py load_matrix."


# --- what plans would change -----------------------------------------------------------------------------------------


@pytest.fixture
def plan_file(tmp_path):
    def write(**more):
        path = tmp_path / "plan.json"
        path.write_text(json.dumps(contoso() | more), "utf-8")
        return path

    return write


def test_the_impact_on_plan_files_is_counted_in_rules(shipped, plan_file):
    matrix("load", SHIPPED)
    matrix("load", shipped("passwordstate-next", ssh="2222"), "--no-activate")
    told = matrix("impact", "passwordstate-next", plan_file(), "--format", "json", status=3).data
    (impact,) = told
    assert impact["plan"] == contoso()["name"]
    assert impact["source"].endswith("plan.json")
    assert impact["opened"] == impact["closed"] > 0
    assert impact["faults"] == []
    text = matrix("impact", "passwordstate-next", plan_file(), status=3).out
    assert "(Contoso): 1 rule to open, 1 to close, 0 changed." in text
    matrix("activate", "passwordstate-next")
    assert matrix("impact", "passwordstate-next", plan_file(), "--format", "json").data[0]["opened"] == 0


@pytest.mark.slow
def test_the_impact_has_the_amendments_in_it(shipped, plan_file):
    matrix("load", SHIPPED)
    matrix("load", shipped("passwordstate-next", vnc="5901"), "--no-activate")
    matrix("amend", "service/ssh", "ports", "2222", "--reason", "R")
    assert matrix("impact", "passwordstate-next", plan_file(), "--format", "json").data[0]["opened"] == 0
    matrix("load", shipped("passwordstate-odd", ssh="2200"), "--no-activate")
    told = matrix("impact", "passwordstate-odd", plan_file(), "--format", "json", status=3)
    assert told.data[0]["opened"] > 0, "from the amended port to that of the edition, which the amendment doesn't fit"


def test_connections_within_zones_count_though_they_have_no_rules(shipped, plan_file):
    matrix("load", SHIPPED)
    matrix("load", shipped("passwordstate-next", ldaps="3636"), "--no-activate")
    told = matrix("impact", "passwordstate-next", plan_file(), status=3)
    assert "0 rules to open, 0 to close, 0 changed; connections within zones differ." in told.out


def test_without_plans_the_impact_is_that_on_stored_plans(shipped, fixture):
    matrix("load", SHIPPED)
    matrix("load", shipped("passwordstate-next", ssh="2222"), "--no-activate")
    assert matrix("impact", "passwordstate-next").out == "There are no stored plans.\n"
    assert matrix("impact", "passwordstate-next", "--format", "json").data == []
    current = current_matrix()
    plan = read_plan(json.dumps(contoso()).encode(), matrix=current, syntax="json")
    rows = [actions.create_plan(plan=plan, matrix=current, summary="Test") for _ in range(3)]
    bin.delete_plan(plan_id=rows[1].pk)
    Plan.objects.filter(pk=rows[2].pk).update(document={"format": 1, "name": "Odd"})
    told = matrix("impact", "passwordstate-next", "--format", "json", status=3).data
    assert [one["source"] for one in told] == [str(rows[0].key), str(rows[2].key)]
    assert told[0]["opened"] > 0
    assert told[1]["faults"]
    assert [one["edition"] for one in told] == ["passwordstate-2026-11"] * 2
    text = matrix("impact", "passwordstate-next", status=3).out
    assert f"{rows[0].key} (Contoso), on passwordstate-2026-11: 1 rule to open, 1 to close, 0 changed." in text
    matrix("activate", "passwordstate-next")
    again = matrix("impact", "passwordstate-next", "--format", "json", status=3).data
    assert again[0]["opened"] == told[0]["opened"], "each from its own edition, whichever is current"
    back = matrix("impact", "passwordstate-2026-11", "--format", "json").data
    assert back[0]["opened"] == 0
    matrix("load", fixture("desk-a"))
    assert matrix("impact", "desk-a", "--format", "json").data == [], "they are plans of another product"


def test_a_bad_plan_file_is_told_with_1_and_the_others_are_still_weighed(shipped, plan_file, tmp_path):
    matrix("load", SHIPPED)
    bad = tmp_path / "bad.yaml"
    bad.write_text("name: x", "utf-8")
    told = matrix("impact", "passwordstate-2026-11", bad, plan_file(), tmp_path / "none.yaml", status=1)
    assert f"{bad}: " in told.err
    assert "none.yaml: The file can't be read" in told.err
    assert "0 rules to open" in told.out


def test_a_report_is_made_under_another_edition_with_the_amendments_that_fit(shipped, plan_file, capsysbinary):
    matrix("load", SHIPPED)
    matrix("load", shipped("passwordstate-next", ssh="2222"), "--no-activate")
    matrix("amend", "service/ldaps", "ports", "3636", "--reason", "R")

    def ports(*options):
        call_command("report", str(plan_file()), "--format", "json", *options)
        return {flow["ports"] for flow in json.loads(capsysbinary.readouterr().out)["flows"]}

    assert {"22", "3636"} <= ports()
    found = ports("--edition", "passwordstate-next")
    assert {"2222", "3636"} <= found
    assert "636" not in found
    with pytest.raises(SystemExit) as left:
        call_command("report", str(plan_file()), "--format", "json", "--edition", "desk-z")
    assert left.value.code == 1
    told = capsysbinary.readouterr()
    assert told.out == b""
    assert b"There is no edition 'desk-z'; there are passwordstate-2026-11, passwordstate-next." in told.err


# --- where there is no database --------------------------------------------------------------------------------------


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a server is there, or isn't reached")
def test_without_a_database_it_says_what_to_do_and_makes_none(monkeypatch, tmp_path):
    absent = tmp_path / "absent.sqlite3"
    monkeypatch.setitem(connection.settings_dict, "NAME", str(absent))
    told = "There is no database yet; start the service once (make run, port-planner serve)."
    assert matrix("list", status=1).err == told
    assert not absent.exists()


@pytest.mark.slow
def test_wrong_usage_exits_with_2():
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "planner.settings"}
    for start, arguments in (
        (subprocess.run, ["matrix"]),
        (warm.run, ["matrix", "paint"]),
        (warm.run, ["matrix", "revert", "x"]),
        (warm.run, ["matrix", "amend", "a", "b", "c"]),
    ):
        run = start(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, capture_output=True, check=False
        )
        assert run.returncode == 2, arguments
