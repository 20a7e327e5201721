"""`push` and `pull`: between a file in git and a stored plan, in this database or behind an address."""

import json
import re
import subprocess

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.management.sync import remote
from planner.management.sync.together import bring_together
from planner.report.files import Failure
from planner.store import actions
from planner.store.git import OwnedByGit
from planner.store.models import Plan
from planner.store.push_models import Push
from planner.store.token_models import ApiToken
from ports.queries import shipped_matrix
from tests.strategies import often
from tests.sync import syncing
from tests.sync.syncing import (
    COMMENTED,
    DOCUMENT,
    FILE,
    SITE,
    change_endpoint,
    commit,
    edit,
    git,
    replace,
    run,
    said,
    stored,
    tracked,
    without_line,
    write,
)  # fmt: skip
from tests.web.views.link_forms import open_edit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_folder")]


def push(way, *words):
    return run("push", "site.yaml", *way["push"], *words)


def pull(way, *words):
    return run("pull", "site.yaml", *way["pull"], *words)


def test_what_is_committed_is_pushed_and_pulled_without_a_change_of_the_file(way, clone, capsys):
    replace("'8443'", "'9443'")
    hash_ = commit()
    before = said()
    assert push(way) == 0
    assert said() == before
    assert stored(clone).document["ports"] == {"website": "9443"}
    revision = clone.revisions.get(number=2)
    assert revision.summary == f"Pushed from {hash_[:10]}: 1 change, of website"
    assert revision.author == ("manage.py push" if way["opener"] is None else "Pipeline (API)")
    row = Push.objects.get()
    assert (row.commit, row.path, row.revision) == (hash_, "site.yaml", 2)
    assert row.repository == "https://git.example.com/net/plans.git"
    out, err = capsys.readouterr()
    assert out == "ports website: 8443 → 9443\n"
    assert err == "site.yaml: 1 change pushed; the plan is at revision 2.\n"
    assert (push(way), pull(way)) == (0, 0)
    assert said() == before
    assert stored(clone).revision == 2


def test_one_commit_after_the_other_is_pushed_although_the_file_never_says_so(way, clone):
    for port in ("9443", "9444", "9445"):
        replace(stored(clone).document["ports"]["website"], port)
        commit()
        assert push(way) == 0
        assert stored(clone).document["ports"] == {"website": port}


def test_what_others_changed_stays_and_is_pulled_with_comments_and_order(way, clone, capsys):
    change_endpoint(clone, "GW01", addresses=["192.0.2.9"])
    edit(clone, "add-zone", name="Cloud", kind="cloud")
    replace("'8443'", "'9443'")
    commit()
    assert push(way) == 0
    assert "the stored plan has 2 changes besides; pull them." in capsys.readouterr().err
    now = stored(clone).document
    assert (now["ports"], now["endpoints"][1]["addresses"]) == ({"website": "9443"}, ["192.0.2.9"])
    assert pull(way) == 0
    expected = COMMENTED.replace("192.0.2.1", "192.0.2.9").replace("8443", "9443")
    expected = expected.replace("endpoints:\n", "  - name: Cloud\n    kind: cloud\nendpoints:\n", 1)
    assert said() == tracked(clone, 4, expected)
    commit()
    replace("'9443'", "'9444'")
    commit()
    change_endpoint(clone, "PS01", addresses=["10.0.0.2"])
    assert push(way) == 0
    assert stored(clone).document["ports"] == {"website": "9444"}
    assert stored(clone).document["endpoints"][0]["addresses"] == ["10.0.0.2"]


def test_what_both_changed_is_a_conflict_that_an_editor_settles(way, clone, capsys):
    change_endpoint(clone, "PS01", addresses=["10.0.0.2"])
    replace("10.0.0.1", "10.0.0.3")
    commit()
    assert push(way) == 1
    assert stored(clone).revision == 2
    told = "endpoint “PS01” addresses: 10.0.0.3 in the file, 10.0.0.2 in the stored plan, 10.0.0.1 before."
    assert capsys.readouterr().err == (
        f"site.yaml: {told}\n1 conflict: both sides changed the same since they had it in common.\n"
    )
    assert pull(way) == 1
    both = "<<<<<<< site.yaml\n      - 10.0.0.3\n=======\n      - 10.0.0.2\n>>>>>>> revision 2\n"
    assert f"    addresses:\n{both}    roles:\n" in said()
    assert said().startswith(f"# port-planner: plan={clone.key} revision=2\n# Our site\n")
    assert (push(way), pull(way)) == (2, 2)
    assert "settle them first" in capsys.readouterr().err
    replace("<<<<<<< site.yaml\n      - 10.0.0.3\n=======\n      - 10.0.0.2\n>>>>>>> revision 2", "      - 10.0.0.4")
    commit()
    assert push(way) == 0
    assert stored(clone).document["endpoints"][0]["addresses"] == ["10.0.0.4"]


@pytest.mark.parametrize(("side", "address"), [("--ours", "10.0.0.3"), ("--theirs", "10.0.0.2")])
def test_a_side_can_be_chosen_for_all_conflicts(way, clone, side, address):
    change_endpoint(clone, "PS01", addresses=["10.0.0.2"])
    replace("10.0.0.1", "10.0.0.3")
    assert pull(way, side) == 0
    assert f"- {address}\n" in said()
    commit()
    assert push(way, side) == 0
    assert stored(clone).document["endpoints"][0]["addresses"] == [address]


def test_nothing_is_written_where_one_only_asks_what_would_be(way, clone, capsys):
    change_endpoint(clone, "PS01", addresses=["10.0.0.2"])
    replace("'8443'", "'9443'")
    before = said()
    assert (push(way, "--dry-run"), pull(way, "--dry-run")) == (0, 0)
    out, err = capsys.readouterr()
    assert out == "ports website: 8443 → 9443\nendpoint “PS01” addresses: 10.0.0.1 → 10.0.0.2\n"
    assert "1 change to be pushed to revision 2." in err
    assert "1 change to be pulled" in err
    change_endpoint(clone, "GW01", roles=[])
    replace("- browser-gateway", "- mail-server")
    assert (push(way, "--dry-run"), pull(way, "--dry-run")) == (1, 1) or stored(clone).document == DOCUMENT
    assert said() == before.replace("browser-gateway", "mail-server")
    assert stored(clone).revision == 3


def test_a_file_that_is_not_committed_says_itself_what_it_has_in_common(way, clone):
    change_endpoint(clone, "PS01", addresses=["10.0.0.2"])
    replace("'8443'", "'9443'")
    assert push(way) == 0
    assert said() == tracked(clone, 3, COMMENTED.replace("8443", "9443").replace("10.0.0.1", "10.0.0.2"))
    replace("'9443'", "'9444'")
    assert push(way) == 0
    assert stored(clone).document["ports"] == {"website": "9444"}
    assert not Push.objects.exists()
    assert clone.revisions.get(number=4).summary == "Pushed from a file: 1 change, of website"


def test_a_branch_that_was_left_behind_undoes_nothing(way, clone):
    """Another branch was pushed since; this one has its own change, and not that one."""
    git("checkout", "-qb", "late")
    replace("192.0.2.1", "192.0.2.7")
    commit()
    git("checkout", "-q", "main")
    replace("'8443'", "'9443'")
    commit()
    assert push(way) == 0
    git("checkout", "-q", "late")
    assert push(way) == 0
    now = stored(clone).document
    assert (now["ports"], now["endpoints"][1]["addresses"]) == ({"website": "9443"}, ["192.0.2.7"])
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-edit", "late")
    assert (push(way), stored(clone).revision) == (0, 3)


def test_a_shallow_clone_compares_with_the_revision_of_the_file_and_says_so(way, clone, capsys, tmp_path, monkeypatch):
    replace("'8443'", "'9443'")
    commit()
    assert push(way) == 0
    replace("'9443'", "'9444'")
    commit()
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{tmp_path}", "shallow"], check=True)
    monkeypatch.chdir(tmp_path / "shallow")
    assert push(way) == 1
    assert "shallow clone" in capsys.readouterr().err


def test_without_git_it_is_said_that_commits_are_not_known(way, clone, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (push(way), pull(way)) == (0, 0)
    assert capsys.readouterr().err.count("there is no program “git” here, so it isn’t known") == 2


def test_a_renamed_endpoint_is_renamed_and_not_replaced(way, clone):
    write(said().replace("PS01", "VAULT"))
    commit()
    change_endpoint(clone, "PS01", roles=["web-primary"])
    assert push(way) == 0
    assert clone.revisions.get(number=3).renames["endpoints"] == {"PS01": "VAULT"}
    assert stored(clone).document["endpoints"][0] == {
        "name": "VAULT", "zone": "Inside", "addresses": ["10.0.0.1"], "roles": ["web-primary"]
    }  # fmt: skip


def test_what_was_renamed_on_the_page_stays_so_whatever_the_file_changes(way, clone):
    change_endpoint(clone, "GW01", name="Gate", addresses=[])
    replace("- browser-gateway", "- browser-gateway\n      - self-destruct-site")
    commit()
    assert push(way) == 0
    assert stored(clone).document["endpoints"][1] == {
        "name": "Gate", "zone": "Border", "roles": ["browser-gateway", "self-destruct-site"]
    }  # fmt: skip
    assert pull(way) == 0
    assert "  - name: Gate\n    zone: Border\n    roles:" in said()


def test_what_was_renamed_before_a_push_and_never_pulled_stays_so_at_the_next_one(way, clone):
    change_endpoint(clone, "GW01", name="Gate", addresses=[])
    for port in ("9443", "9444"):
        replace(stored(clone).document["ports"]["website"], port)
        commit()
        assert push(way) == 0
    replace("- browser-gateway", "- mail-server")
    commit()
    assert push(way) == 0
    assert stored(clone).document["endpoints"][1:] == [{"name": "Gate", "zone": "Border", "roles": ["mail-server"]}]


def test_a_new_plan_is_made_of_a_file_that_says_so_from_then_on(way, capsys):
    write(COMMENTED)
    assert push(way) == 2
    assert "doesn't say which stored plan" in capsys.readouterr().err
    assert push(way, "--new", "--dry-run") == 0
    assert not Plan.objects.exists()
    assert push(way, "--new") == 0
    row = Plan.objects.get()
    assert said() == tracked(row, 1)
    assert row.document == DOCUMENT
    assert (push(way), stored(row).revision) == (0, 1)
    assert push(way, "--new") == 2
    assert Plan.objects.count() == 1


def test_a_new_plan_of_the_database_at_hand_is_opened_by_the_link_that_is_told(capsys):
    write(COMMENTED)
    assert run("push", "site.yaml", "--new") == 0
    told = capsys.readouterr().out
    address = re.fullmatch(r"site\.yaml: its edit link is http://[^/]+(/edit/[\w-]{43}/)\n", told)[1]
    browser = Client()
    open_edit(browser, address)
    row = Plan.objects.get()
    assert browser.get(f"/plans/{row.key}/").status_code == 200


def test_a_file_that_is_not_there_is_made_by_a_pull(way, clone):
    FILE.unlink()
    options = (str(clone.key),) if way["opener"] is None else (f"{SITE}plans/{clone.key}/",)
    assert run("pull", "site.yaml", "--from", *options, "--dry-run") == 0
    assert not FILE.exists()
    assert run("pull", "site.yaml", "--from", *options) == 0
    assert said() == f"# port-planner: plan={clone.key} revision=1\n" + syncing.dumped(DOCUMENT)
    assert run("pull", "other.yaml", *way["pull"]) == 2


def test_without_a_state_in_common_somebody_says_which_counts(way, clone, capsys):
    write(COMMENTED.replace("10.0.0.1", "10.0.0.9"))
    address = str(clone.key) if way["opener"] is None else f"{SITE}api/v1/plans/{clone.key}"
    assert run("push", "site.yaml", "--to", address) == 2
    assert "no state in common" in capsys.readouterr().err
    assert run("pull", "site.yaml", "--from", address, "--theirs") == 0
    assert without_line(said()) == COMMENTED
    write(COMMENTED.replace("10.0.0.1", "10.0.0.9"))
    assert run("push", "site.yaml", "--to", address, "--ours") == 0
    assert stored(clone).document["endpoints"][0]["addresses"] == ["10.0.0.9"]


def test_what_changes_meanwhile_is_brought_in(way, clone, monkeypatch):
    replace("'8443'", "'9443'")
    commit()
    late = iter([True])

    def change(*facts):
        if next(late, False):
            change_endpoint(clone, "PS01", addresses=["10.0.0.2"])
        return bring_together(*facts)

    def change_always(*facts):
        change_endpoint(clone, "PS01", addresses=[f"10.0.1.{stored(clone).revision}"])
        return bring_together(*facts)

    monkeypatch.setattr("planner.management.commands.push.bring_together", change)
    assert push(way) == 0
    now = stored(clone).document
    assert (now["ports"], now["endpoints"][0]["addresses"]) == ({"website": "9443"}, ["10.0.0.2"])
    monkeypatch.setattr("planner.management.commands.push.bring_together", change_always)
    replace("'9443'", "'9444'")
    assert push(way) == 2
    assert stored(clone).document["ports"] == {"website": "9443"}


def test_two_sound_sides_that_are_no_plan_together_are_told_and_not_written(way, clone, capsys):
    change_endpoint(clone, "GW01", managed_by=["PS01"])
    replace("web-primary", "database")
    before = said()
    assert (push(way), pull(way)) == (1, 1)
    assert said() == before
    assert stored(clone).revision == 2
    assert "no plan together" in capsys.readouterr().err


@pytest.mark.parametrize(("side", "key"), [("--ours", "as_documented"), ("--theirs", "corrections")])
def test_a_caveat_that_both_answered_otherwise_is_a_conflict_that_a_side_settles(way, clone, capsys, side, key):
    edit(clone, "answer-caveat", caveat="telnet-port", answer="practice", summary="S")
    replace("# the end", "as_documented:\n  - telnet-port\n# the end")
    commit()
    assert push(way) == 1
    told = "corrections telnet-port: as_documented in the file, corrections in the stored plan, nothing before."
    assert told in capsys.readouterr().err
    assert pull(way, side) == 0
    assert push(way) == 0
    document = stored(clone).document
    assert {name: document[name] for name in ("corrections", "as_documented") if name in document} == {
        key: ["telnet-port"]
    }


def test_a_plan_that_is_gone_or_in_the_bin_is_told(way, clone, capsys):
    before = said()
    Plan.objects.filter(pk=clone.pk).update(deleted="2999-01-01T00:00:00Z")
    assert (push(way), pull(way)) == (2, 2)
    Plan.objects.filter(pk=clone.pk).delete()
    assert (push(way), pull(way)) == (2, 2)
    assert said() == before
    assert len(capsys.readouterr().err.splitlines()) == 4


def test_a_revision_that_is_not_there_is_no_state_in_common(way, clone, capsys):
    write(tracked(clone, 99, COMMENTED.replace("8443", "9443")))
    assert push(way) == 2
    assert "no state in common" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("format: 1\n", "name: "),
        ("a: [", "line"),
        ("", "empty"),
    ],
)
def test_files_that_are_none_are_told(way, clone, capsys, text, words):
    write(text)
    assert (push(way), pull(way)) == (2, 2)
    assert words in capsys.readouterr().err
    assert said() == text


def test_a_plan_in_json_has_no_room_for_the_line(clone, capsys):
    FILE.with_suffix(".json").write_text(json.dumps(DOCUMENT), "utf-8")
    assert (run("push", "site.json"), run("pull", "site.json")) == (2, 2)
    assert "Only a plan in YAML" in capsys.readouterr().err


def test_a_line_for_another_plan_is_refused(clone, capsys):
    assert run("push", "site.yaml", "--to", "00000000-0000-4000-8000-000000000001") == 2
    assert "belongs to the plan" in capsys.readouterr().err


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("PS01"), st.sampled_from([["10.0.0.1"], ["10.0.0.2"], ["10.0.0.3"], []])),
        st.tuples(st.just("GW01"), st.sampled_from([["192.0.2.1"], ["192.0.2.2"], []])),
        st.tuples(st.just("port"), st.sampled_from(["8443", "9443", "9444"])),
    ),
    max_size=3,
)


def of_endpoints(document):
    return {row["name"]: row.get("addresses", []) for row in document["endpoints"]} | {
        "port": document["ports"]["website"]
    }


@settings(max_examples=often(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(EDITS, EDITS)
def test_whatever_both_sides_do_comes_together_or_is_a_conflict(clone, on_page, in_file):
    """The same file comes back where nothing differs, comments and all; no change of either side is lost."""
    base = of_endpoints(stored(clone).document)
    write(tracked(clone, stored(clone).revision, write_text(base)))
    theirs, mine = dict(base), dict(base)
    for name, value in on_page:
        theirs[name] = value
        if name == "port":
            actions.override_port(plan_id=clone.pk, matrix=shipped_matrix(), service="website", ports=value)
        else:
            change_endpoint(clone, name, addresses=value)
    mine |= dict(in_file)
    write(tracked(clone, int(said().partition("revision=")[2].split()[0]), write_text(mine)))
    before = stored(clone)
    clash = any(base[one] != mine[one] != theirs[one] != base[one] for one in base)
    assert run("push", "site.yaml") == (1 if clash else 0)
    assert not clash or stored(clone).revision == before.revision
    assert run("pull", "site.yaml", "--ours") == 0
    assert run("push", "site.yaml") == 0
    expected = {one: mine[one] if mine[one] != base[one] else theirs[one] for one in base}
    assert of_endpoints(stored(clone).document) == expected
    assert without_line(said()) == write_text(expected)
    now = said()
    assert (run("pull", "site.yaml"), said()) == (0, now)


def write_text(state):
    """The file that says this, with its comments."""
    text = COMMENTED.replace("8443", state["port"])
    for name, address in (("PS01", "10.0.0.1"), ("GW01", "192.0.2.1")):
        lines = "".join(f"      - {one}\n" for one in state[name])
        text = text.replace(f"    addresses:\n      - {address}\n", f"    addresses:\n{lines}" if lines else "")
    return text


@pytest.mark.parametrize("way", ["there"], indirect=True)
def test_the_tokens_secret_is_nowhere_but_in_its_header(way, clone, capsys, caplog):
    replace("'8443'", "'9443'")
    commit()
    assert push(way) == 0
    secret = remote.os.environ["PLANNER_TOKEN"]
    out, err = capsys.readouterr()
    assert secret not in out + err + caplog.text + str(way["opener"].asked)
    ApiToken.objects.update(revoked="2020-01-01T00:00:00Z")
    assert push(way) == 2
    assert "status 401" in capsys.readouterr().err


def test_a_push_can_have_git_own_the_plan(way, clone, monkeypatch, capsys):
    assert push(way, "--own") == 0
    owned = stored(clone).git
    assert (owned["repository"], owned["path"]) == ("https://git.example.com/net/plans.git", "site.yaml")
    with pytest.raises(OwnedByGit):
        change_endpoint(clone, "PS01", addresses=[])
    replace("'8443'", "'9443'")
    commit()
    assert (push(way, "--own"), stored(clone).document["ports"]) == (0, {"website": "9443"})
    if way["opener"] is not None:
        monkeypatch.setenv("PLANNER_TOKEN", syncing.make())
        replace("'9443'", "'9444'")
        assert push(way) == 2
        assert "status 403: This plan is owned by git" in capsys.readouterr().err
        monkeypatch.setenv("PLANNER_TOKEN", syncing.make("edit"))
        assert push(way, "--own") == 2
        assert stored(clone).document["ports"] == {"website": "9443"}


def test_a_push_that_broke_off_is_sent_again(way, clone, monkeypatch):
    """Stored, and then the file couldn't be written: it is as it was, and the next time nothing is done twice."""
    replace("'8443'", "'9443'")
    before = said()

    def fail(*_):
        raise Failure("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr("planner.management.commands.push.write_file", fail)
        assert push(way) == 2
    assert (said(), stored(clone).revision) == (before, 2)
    assert push(way) == 0
    assert stored(clone).revision == 2
    assert said() == tracked(clone, 2, COMMENTED.replace("8443", "9443"))
