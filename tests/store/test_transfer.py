"""Archives of plans: out, in, on the page, and by command."""

import io
import json
import stat
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.plan import archive
from planner.plan.archive import BY_COMMAND, ON_THE_PAGE
from planner.plan.document import PlanError, check_plan, read_plan
from planner.plan.edits import NotPossible
from planner.sharing.links import make_edit_link
from planner.store import actions, bin, comments, reasons, transfer
from planner.store.comments import Writer
from planner.store.editions import matrix_of
from planner.store.models import Plan, Revision, hash_token
from planner.store.transfer import import_plans
from ports.actions import activate_matrix
from ports.models import PortMatrix
from ports.queries import current_matrix, find_matrix_at
from tests.editions import HARBOUR, NEXT, load_gatekeeper, load_next
from tests.plan.test_edit_sequences import edits
from tests.report.samples import contoso
from tests.store.archives import MATRIX, a_plan_with_a_past, changed, complaint, facts_of, pack, unpack, upload, zipped
from tests.strategies import HOSTILE_NAMES, documents, often
from tests.web.views.pages import Page, know, store, words

pytestmark = pytest.mark.django_db


def test_nothing_is_lost_on_the_way_out_and_in():
    plan = a_plan_with_a_past()
    token = make_edit_link(plan_id=plan.pk)
    plan.refresh_from_db()
    [other] = unpack(pack())
    assert facts_of(other) == facts_of(plan)
    assert (other.key, other.edit_hash) != (plan.key, plan.edit_hash) == (plan.key, hash_token(token))
    assert pack([other]) == pack([plan])


def test_an_archive_that_is_written_while_others_work_comes_in_again(monkeypatch):
    plan, _ = store()
    writer = Writer(name="Kim", key="k" * 64)
    early = comments.add(plan=plan, kind="endpoint", subject="DC01", text="Early", writer=writer)
    listed = transfer._list_revisions

    def work_meanwhile(read):
        yield from listed(read)
        early.delete()
        for text in ("One", "Two"):
            comments.add(plan=plan, kind="endpoint", subject="DC01", text=text, writer=writer)
        reasons.choose(plan_id=plan.pk, matrix=MATRIX, choice="esxi", options=["ssh"], reason="Later")
        plan.comments.create(kind="rule", subject="A rule of then", text="Later", author="Kim", revision=2)

    monkeypatch.setattr(transfer, "_list_revisions", work_meanwhile)
    [other] = unpack(pack([plan]))
    assert [row.text for row in other.comments.order_by("pk")] == ["One", "Two"]
    assert (other.revision, other.answers.count()) == (1, 0)


def test_undo_goes_on_where_it_was():
    plan = a_plan_with_a_past()
    [other] = unpack(pack())
    for _ in range(3):
        actions.undo(plan_id=plan.pk, matrix=MATRIX)
        actions.undo(plan_id=other.pk, matrix=MATRIX)
        plan.refresh_from_db()
        other.refresh_from_db()
        assert other.document == plan.document
    with pytest.raises(NotPossible):
        actions.undo(plan_id=other.pk, matrix=MATRIX)


@pytest.mark.parametrize(
    ("links", "step", "said"),
    [
        ({"undo_to": 3}, actions.undo, "Undone: back to revision 3"),
        ({"redo_to": 1}, actions.redo, "Redone: back to revision 1"),
    ],
)
def test_a_step_that_an_archive_has_otherwise_than_edits_have_says_where_it_leads(links, step, said):
    Revision.objects.filter(plan=a_plan_with_a_past(), number=6).update(**links)
    [other] = unpack(pack())
    step(plan_id=other.pk, matrix=MATRIX)
    assert other.revisions.get(number=7).summary == said


@pytest.mark.slow
@settings(max_examples=often(60))
@given(documents(MATRIX, most=4), st.data())
def test_any_past_comes_back_as_it_was(document, data):
    plan = actions.create_plan(plan=check_plan(document, matrix=MATRIX), matrix=MATRIX, summary="Start")
    do = {"plan_id": plan.pk}
    names = st.sampled_from(["", "N", *HOSTILE_NAMES]).map(lambda name: name[:60])
    for _ in range(data.draw(st.integers(0, 8))):
        plan.refresh_from_db()
        sender = actions.Sender(author=data.draw(names))
        number = data.draw(st.integers(1, plan.revision))
        edit, params = data.draw(edits(plan.document))
        step = data.draw(st.sampled_from(["edit", "edit", "undo", "redo", "restore", "name", "send"]))
        try:
            match step:
                case "edit":
                    actions.apply_edit(**do, matrix=MATRIX, edit=edit, params=params, sender=sender)
                case "undo":
                    actions.undo(**do, matrix=MATRIX, sender=sender)
                case "redo":
                    actions.redo(**do, matrix=MATRIX, sender=sender)
                case "restore":
                    actions.restore(**do, matrix=MATRIX, number=number, sender=sender)
                case "name":
                    seen = plan.revisions.get(number=number).checkpoint
                    actions.name_checkpoint(**do, number=number, name=data.draw(names), seen=seen)
                case "send":
                    to = data.draw(names) or "Team"
                    actions.hand_over(
                        **do, matrix=MATRIX, revision=number, recipient=to, note=data.draw(names), sender=sender
                    )
        except (PlanError, NotPossible):
            continue
    plan.refresh_from_db()
    packed = pack([plan])
    [other] = unpack(packed)
    assert facts_of(other) == facts_of(plan)
    assert pack([other]) == packed


def test_an_archive_has_no_tokens_and_no_ids_of_edits():
    plan, key = store()
    token = make_edit_link(plan_id=plan.pk)
    plan = Plan.objects.get(pk=plan.pk)
    operation = plan.revisions.get().operation
    with zipfile.ZipFile(io.BytesIO(pack())) as file:
        said = b"".join(file.read(name) for name in file.namelist()).decode()
    for secret in (key, token, plan.edit_hash, operation):
        assert secret not in said


def test_an_archive_is_what_its_description_says():
    a_plan_with_a_past()
    with zipfile.ZipFile(io.BytesIO(pack())) as file:
        assert file.namelist() == ["plans/1/revisions.jsonl", "plans/1/plan.json", "archive.json"]
        assert json.loads(file.read("archive.json")) == {"format": 8, "plans": 1}
        revisions = [json.loads(line) for line in file.read("plans/1/revisions.jsonl").splitlines()]
    assert [revision["number"] for revision in revisions] == [1, 2, 3, 4, 5, 6]
    assert revisions[0]["created"] == "2020-02-29T23:59:59.999999+00:00"
    assert revisions[2]["renames"] == {"zones": {}, "endpoints": {"PS01": "Ж <b>"}}
    assert (revisions[5]["restored"], revisions[5]["undo_to"]) == (2, 5)


def test_what_is_sent_keeps_the_matrix_that_it_was_sent_under():
    a_plan_with_a_past()
    with zipfile.ZipFile(io.BytesIO(pack())) as file:
        [sent] = json.loads(file.read("plans/1/plan.json"))["handovers"]
    assert sent["digest"] == MATRIX.digest
    [other] = unpack(pack())
    assert other.handovers.get().digest == MATRIX.digest


@pytest.mark.parametrize("form", [1, 2])
def test_archives_of_earlier_formats_are_read_and_go_out_as_the_newest(members, form):
    def make_old(tree):
        del tree["edition"], tree["states"], tree["answers"], tree["comments"], tree["git"]
        for sent in tree["handovers"]:
            if form == 1:
                del sent["digest"]

    old = changed(members, "plans/1/plan.json", make_old)
    lines = [json.loads(line) for line in members["plans/1/revisions.jsonl"].splitlines()]
    for line in lines:
        del line["edition"], line["digest"]
    old |= {"plans/1/revisions.jsonl": b"\n".join(json.dumps(line).encode() for line in lines)}
    old = changed(old, "archive.json", lambda tree: tree.update(format=form))
    [plan] = unpack(zipped(old))
    assert set(plan.revisions.values_list("edition", "digest")) == {(None, "")}
    known = MATRIX.digest if form == 2 else ""
    assert plan.handovers.get().digest == known
    with zipfile.ZipFile(io.BytesIO(pack([plan]))) as file:
        assert json.loads(file.read("archive.json"))["format"] == 8
        [sent] = json.loads(file.read("plans/1/plan.json"))["handovers"]
        revision = json.loads(file.read("plans/1/revisions.jsonl").splitlines()[0])
    assert (sent["digest"] or "", revision["digest"], revision["edition"]) == (known, None, None)


def list_editions(plan):
    """Each revision of a plan with its edition and digest, and the plan's own edition."""
    kept = list(plan.revisions.order_by("number").values_list("edition__slug", "digest"))
    return [edition for edition, _ in kept], [digest for _, digest in kept], plan.edition and plan.edition.slug


def test_a_plan_comes_back_on_its_editions_and_an_undo_leads_to_the_one_before(loaded, tmp_path):
    plan, _ = store()
    actions.switch_edition(plan_id=plan.pk, edition=load_next(tmp_path, fixed=["telnet"]))
    data, facts = pack(), list_editions(Plan.objects.get(pk=plan.pk))
    assert facts[0] == ["passwordstate-2026-11", NEXT]
    assert facts[2] == NEXT
    load_next(tmp_path, "passwordstate-2027-06", ssh="2200")
    told = []
    [other] = import_plans(io.BytesIO(data), BY_COMMAND, current_matrix(), tell=told.append)
    assert (list_editions(other), told) == (facts, [])
    assert pack([other]) == data
    actions.undo(plan_id=other.pk, matrix=matrix_of(other))
    assert Plan.objects.get(pk=other.pk).edition.slug == "passwordstate-2026-11"


def test_a_plan_whose_edition_is_not_here_is_put_on_the_current_one_and_that_is_said(loaded, tmp_path):
    plan, _ = store()
    actions.switch_edition(plan_id=plan.pk, edition=load_next(tmp_path, ssh="2200"))
    data, (_, digests, _) = pack(), list_editions(plan)
    plan.delete()
    activate_matrix(matrix=loaded)
    PortMatrix.objects.get(slug=NEXT).delete()
    said = (
        f"“Contoso” was on the edition {NEXT}, which isn’t here. It was put on passwordstate-2026-11, the current one."
    )
    told = []
    [other] = import_plans(io.BytesIO(data), BY_COMMAND, current_matrix(), tell=told.append)
    assert told == [said]
    assert list_editions(other) == (["passwordstate-2026-11", None], digests, "passwordstate-2026-11")
    page = know(Client())
    file = SimpleUploadedFile("plans.zip", data)
    assert said in Page(page.post("/plans/import/", {"file": file}, follow=True)).text()
    path = tmp_path / "plans.zip"
    path.write_bytes(data)
    out = StringIO()
    call_command("import_plans", str(path), stdout=StringIO(), stderr=out)
    assert said in out.getvalue()


def test_an_old_revision_is_checked_under_the_edition_that_it_was_on(loaded, tmp_path):
    """contoso() has another port for the website, which the next edition doesn't allow."""
    plan, _ = store()
    actions.override_port(plan_id=plan.pk, matrix=MATRIX, service="website", ports="")
    actions.switch_edition(plan_id=plan.pk, edition=load_next(tmp_path, fixed=["website"]))
    [other] = import_plans(io.BytesIO(pack()), BY_COMMAND, current_matrix())
    assert other.revisions.get(number=1).document["ports"]["website"] == "8443"
    assert other.revisions.count() == 3


def test_plans_of_several_products_come_in_together(loaded):
    gatekeeper = find_matrix_at(load_gatekeeper().pk)
    harbour = read_plan(HARBOUR.read_bytes() + b"\nproduct: gatekeeper\n", matrix=gatekeeper)
    actions.create_plan(plan=harbour, matrix=gatekeeper, summary="Test")
    store()
    data = pack()
    made = import_plans(io.BytesIO(data), BY_COMMAND, current_matrix())
    assert [plan.edition.slug for plan in made] == ["gatekeeper-4", "passwordstate-2026-11"]
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        old = {name: file.read(name) for name in file.namelist()}
    old = changed(old, "plans/1/plan.json", lambda tree: tree.update(edition=None))
    [first, _] = import_plans(io.BytesIO(zipped(old)), BY_COMMAND, current_matrix())
    assert first.edition.slug == "gatekeeper-4", "by its product"


def test_a_plan_of_a_product_that_is_not_here_is_refused_with_those_that_are(loaded, members):
    lines = [json.loads(line) for line in members["plans/1/revisions.jsonl"].splitlines()]
    lines[0]["document"]["product"] = "nothing"
    spoiled = members | {"plans/1/revisions.jsonl": b"\n".join(json.dumps(line).encode() for line in lines)}
    spoiled = changed(spoiled, "plans/1/plan.json", lambda tree: tree.update(edition=None))
    said = complaint(zipped(spoiled))
    assert "line 1, document, product: 'nothing' is not known here; allowed are passwordstate." in said


# --- on the page ----------------------------------------------------------------------------------------------------


def download(client, key):
    response = client.get(f"/plans/{key}/export.zip")
    assert response.status_code == 200
    return response, b"".join(response.streaming_content)


def test_a_plan_is_exported_and_imported_on_the_page(client, loaded):
    plan, key = store()
    client.post(f"/plans/{key}/ports/", {"service": "ssh", "ports": "2222"})
    response, data = download(client, key)
    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Disposition"] == 'attachment; filename="contoso-revision-2-with-history.zip"'
    assert response.headers["Cache-Control"] == "private, no-store"
    there = upload(client, data)
    assert there.status_code == 302
    assert key not in there.headers["Location"]
    other = Plan.objects.exclude(pk=plan.pk).get()
    assert facts_of(other) == facts_of(plan)
    assert Page(client.get(there.headers["Location"])).text("h1") == "Contoso"


def test_a_page_exports_its_own_plan_alone(client, loaded):
    store(contoso() | {"name": "Somebody else's"})
    _, key = store()
    _, data = download(client, key)
    assert b"Somebody" not in b"".join(zipfile.ZipFile(io.BytesIO(data)).read(n) for n in ("plans/1/revisions.jsonl",))


def test_the_pages_link_to_the_export(client, loaded):
    _, key = store()
    for path in ("", "history/", "delete/"):
        assert Page(client.get(f"/plans/{key}/{path}")).one("a", href=f"/plans/{key}/export.zip") is not None


def test_an_archive_is_known_by_its_content_too(client, loaded):
    store()
    assert upload(client, pack(), name="plan").status_code == 302


def test_an_archive_of_several_plans_leads_to_the_list_of_them(client, loaded):
    for _ in range(3):
        store()
    response = upload(client, pack())
    assert response.headers["Location"] == "/plans/"
    assert Plan.objects.count() == 6
    assert len(Page(client.get("/plans/")).all("li", class_="plan-line")) == 6


def test_an_archive_of_very_many_plans_is_for_the_command(client, loaded, monkeypatch):
    monkeypatch.setattr("planner.web.views.home.ON_THE_PAGE", replace(ON_THE_PAGE, plans=2))
    for _ in range(3):
        store()
    said = words(Page(upload(client, pack())).one(class_="notice-error"))
    assert "The archive has 3 plans; at most 2 can be imported here. The command import_plans takes all" in said
    assert Plan.objects.count() == 3


def test_more_revisions_cost_no_more_queries_to_export(client, loaded):
    plan, key = store()
    counts = []
    for _ in range(2):
        plan.refresh_from_db()
        Revision.objects.bulk_create(
            Revision(plan=plan, number=plan.revision + step, document=plan.document, summary="S")
            for step in range(1, 101)
        )
        Plan.objects.filter(pk=plan.pk).update(revision=plan.revision + 100)
        with CaptureQueriesContext(connection) as asked:
            download(client, key)
        counts.append(len(asked))
    assert counts[0] == counts[1]


# --- the commands ---------------------------------------------------------------------------------------------------


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_all_plans_go_out_and_come_in_by_command(client, loaded, tmp_path):
    plans = [a_plan_with_a_past(), store()[0], store()[0]]
    bin.delete_plan(plan_id=plans[1].pk)
    bin.delete_plan(plan_id=plans[2].pk)
    Plan.objects.filter(pk=plans[2].pk).update(deleted=datetime.now(UTC) - timedelta(days=31))
    target = tmp_path / "plans.zip"
    assert run("export_plans", "--output", str(target)) == f"{target}: 2 plans.\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    before = [facts_of(plan) for plan in plans[:2]]
    Plan.objects.all().delete()
    lines = run("import_plans", str(target)).splitlines()
    assert [facts_of(plan) for plan in Plan.objects.order_by("pk")] == before
    addresses = [line.partition(": http://127.0.0.1:8000")[2] for line in lines]
    assert [client.post(address, follow=True).status_code for address in addresses] == [200, 410]
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_that_cant_be_written_or_read_is_said(loaded, tmp_path):
    with pytest.raises(CommandError, match="can't be written"):
        run("export_plans", "--output", str(tmp_path / "none" / "x.zip"))
    with pytest.raises(CommandError, match="can't be read"):
        run("import_plans", str(tmp_path / "none.zip"))


def test_a_bad_file_imports_nothing(loaded, tmp_path, members):
    bad = tmp_path / "bad.zip"
    bad.write_bytes(zipped(members | {"x": b""}))
    with pytest.raises(CommandError, match="Nothing was stored"):
        run("import_plans", str(bad))
    assert not Plan.objects.exists()


def test_the_limits_of_the_page_are_those_it_names(client, loaded):
    assert (
        f"at most {archive.ON_THE_PAGE.packed // 2**20} MiB"
        in words(Page(client.get("/plans/import/")).one("p", class_="lead")).rpartition("ZIP")[2]
    )
