"""Plans go out to an archive and come in again, and nothing is lost; what is no archive of plans stores nothing."""

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
from planner.plan.archive import BY_COMMAND, ON_THE_PAGE, ArchiveError
from planner.plan.document import PlanError, check_plan, read_plan
from planner.plan.edits import NotPossible
from planner.sharing.links import make_edit_link
from planner.store import actions
from planner.store.editions import matrix_of
from planner.store.models import Handover, Plan, Revision, hash_token
from planner.store.transfer import all_plans, export_plans, import_plans
from ports.actions import activate_matrix, load_matrix
from ports.models import PortMatrix
from ports.queries import SHIPPED, current_matrix, find_matrix_at, shipped_matrix
from tests.editions import HARBOUR, NEXT, load_gatekeeper, load_next
from tests.engine.test_linear import count_steps
from tests.plan.test_edit_sequences import edits
from tests.report.samples import contoso
from tests.strategies import HOSTILE_NAMES, documents, often
from tests.web.views.pages import SENTENCE, Page, know, store, words

pytestmark = pytest.mark.django_db
MATRIX = shipped_matrix()


def pack(plans=None):
    file = io.BytesIO()
    export_plans(file, all_plans() if plans is None else plans)
    return file.getvalue()


def unpack(data, limits=BY_COMMAND):
    return import_plans(io.BytesIO(data), limits, MATRIX)


def facts_of(plan):
    """Everything that was saved of a plan, without what belongs to its row and address."""
    own = {"id", "plan_id", "operation", "key", "edit_hash", "edit_number"}

    def rows(found):
        return [{key: value for key, value in row.items() if key not in own} for row in found]

    return [
        rows(Plan.objects.filter(pk=plan.pk).values()),
        rows(plan.revisions.order_by("number").values()),
        rows(plan.handovers.order_by("sent", "pk").values()),
    ]


def a_plan_with_a_past():
    """A plan with an edit, an undo, a redo, a restored revision, checkpoints, a handover, and old times."""
    plan, _ = store()
    do = {"plan_id": plan.pk}
    kim = actions.Sender(author="Kim")
    actions.override_port(**do, matrix=MATRIX, service="ssh", ports="2222", sender=kim)
    actions.apply_edit(
        **do, matrix=MATRIX, edit="edit-endpoint", params={"endpoint": "PS01", "changes": {"name": "Ж <b>"}}
    )
    actions.undo(**do, matrix=MATRIX)
    actions.redo(**do, matrix=MATRIX)
    actions.restore(**do, matrix=MATRIX, number=2)
    actions.name_checkpoint(**do, number=2, name="Before “the” audit", seen="")
    actions.hand_over(**do, matrix=MATRIX, revision=2, recipient="Network team", note="Two\r\nlines", sender=kim)
    Revision.objects.filter(plan=plan, number=1).update(created=datetime(2020, 2, 29, 23, 59, 59, 999_999, tzinfo=UTC))
    return Plan.objects.get(pk=plan.pk)


def test_nothing_is_lost_on_the_way_out_and_in():
    plan = a_plan_with_a_past()
    token = make_edit_link(plan_id=plan.pk)
    plan.refresh_from_db()
    [other] = unpack(pack())
    assert facts_of(other) == facts_of(plan)
    assert (other.key, other.edit_hash) != (plan.key, plan.edit_hash) == (plan.key, hash_token(token))
    assert pack([other]) == pack([plan])


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
        assert file.namelist() == ["plans/1/plan.json", "plans/1/revisions.jsonl", "archive.json"]
        assert json.loads(file.read("archive.json")) == {"format": 3, "plans": 1}
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
def test_archives_of_earlier_formats_are_read_and_go_out_as_format_3(members, form):
    def make_old(tree):
        del tree["edition"]
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
        assert json.loads(file.read("archive.json"))["format"] == 3
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


@pytest.fixture
def loaded(db):
    return load_matrix(path=SHIPPED)[0]


def upload(client, data, name="plan.zip"):
    return client.post("/plans/import/", {"file": SimpleUploadedFile(name, data), "text": ""})


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


# --- what is no archive of plans ------------------------------------------------------------------------------------


@pytest.fixture
def members():
    """The members of a good archive of one plan with three revisions, to be spoiled; its plan is gone."""
    plan, _ = store()
    actions.override_port(plan_id=plan.pk, matrix=MATRIX, service="ssh", ports="2222")
    actions.undo(plan_id=plan.pk, matrix=MATRIX)
    actions.hand_over(plan_id=plan.pk, matrix=MATRIX, revision=2, recipient="Team", note="")
    with zipfile.ZipFile(io.BytesIO(pack())) as file:
        found = {name: file.read(name) for name in file.namelist()}
    Plan.objects.all().delete()
    return found


SENT = {"revision": 1, "recipient": "Team", "note": "", "author": "", "sent": "2026-01-01T00:00:00+00:00"}


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as packed:
        for name, content in members.items() if isinstance(members, dict) else members:
            packed.writestr(zipfile.ZipInfo(name), content, compression)
    return file.getvalue()


def complaint(data, limits=ON_THE_PAGE):
    """What is said of a bad archive: a place and a sentence; nothing is stored."""
    with pytest.raises(ArchiveError) as caught:
        unpack(data, limits)
    assert not Plan.objects.exists()
    assert not Revision.objects.exists()
    assert not Handover.objects.exists()
    assert SENTENCE.match(caught.value.message), caught.value.message
    return str(caught.value)


def changed(members, name, change):
    """The members with one JSON member changed; of revisions the second one is."""
    lines = members[name].splitlines()
    if name.endswith("jsonl"):
        tree = json.loads(lines[1])
        change(tree)
        return members | {name: b"\n".join([lines[0], json.dumps(tree).encode(), *lines[2:]])}
    tree = json.loads(members[name])
    change(tree)
    return members | {name: json.dumps(tree).encode()}


def test_the_good_one_is_good(members):
    assert unpack(zipped(members), ON_THE_PAGE)


def test_folders_and_another_order_are_no_fault(members):
    spoiled = {"plans/": b"", "plans/1/": b"", **dict(reversed(members.items()))}
    assert unpack(zipped(spoiled), ON_THE_PAGE)


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"x" * 1000, b"PK\5\6" + bytes(10), b"PK\5\6" + b"\xff" * 18])
def test_what_is_no_zip_is_refused(data):
    assert complaint(data).startswith("file: ")


def test_one_that_is_cut_off_or_damaged_is_refused(members):
    data = zipped(members)
    assert "zip archive" in complaint(data[:-30])
    assert "or a damaged one" in complaint(data.replace(b"PK\1\2", b"PK??", 1))  # the first line of its contents
    for at in range(0, len(data), 7):
        broken = bytearray(data)
        broken[at] ^= 0xFF
        try:
            unpack(bytes(broken))
        except ArchiveError:
            assert not Plan.objects.exists()
        Plan.objects.all().delete()


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd", "../x", "plans/../../x", "plans/1/../2/plan.json", "plans\\1\\plan.json", "C:\\x", "x", "",
        "plans/0/plan.json", "plans/01/plan.json", "plans/1/plan.json/", "plans/1/x", "plans/1/plan.json\n",
        "plans/²/plan.json", "plans/999999/plan.json", "archive.json\0x", "./archive.json",
    ],
)  # fmt: skip
def test_names_that_dont_belong_there_are_refused(members, name):
    longer = name.encode() or b"\0"
    data = zipped([*members.items(), ("z" * len(longer), b"{}")]).replace(b"z" * len(longer), longer)
    assert "allowed are archive.json and" in complaint(data)


def test_a_name_twice_is_refused(members):
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped([*members.items(), ("archive.json", b"{}")])
    assert "more than once" in complaint(data)


def test_too_many_files_are_refused_before_they_are_listed(members):
    data = zipped([*members.items(), *((f"plans/{number}/plan.json", b"") for number in range(2, 10_000))])
    assert "too many files; at most 1,000" in complaint(data)


def test_a_table_of_contents_that_lies_about_its_length_is_refused(members):
    """zipfile goes by the size of the table, not by the number of files that the archive says it has."""
    data = bytearray(zipped([*members.items(), *((f"plans/{number}/plan.json", b"") for number in range(2, 10_000))]))
    end = data.rfind(b"PK\5\6")
    data[end + 8 : end + 12] = b"\3\0\3\0"
    assert "too many files" in complaint(bytes(data))


def test_more_plans_than_there_are_and_fewer(members):
    assert "plans/2/ is missing" in complaint(zipped(members | {"archive.json": b'{"format": 1, "plans": 2}'}))
    assert "plans/1/ as well" in complaint(zipped(members | {"archive.json": b'{"format": 1, "plans": 0}'}))


def test_one_too_large_is_refused(members):
    big = ON_THE_PAGE.packed + 1
    assert "at most 32 MiB are read here" in complaint(b"\0" * big)


def test_a_bomb_is_refused_by_what_it_says_it_holds(members):
    bomb = zipped(members | {"plans/1/revisions.jsonl": b"0" * (257 * 2**20)})
    assert len(bomb) < 300_000
    assert "larger than 256 MiB when it is unpacked" in complaint(bomb)


def test_a_bomb_that_lies_about_its_size_is_no_larger_than_it_says(members):
    content = b"[" * 20_000_000
    data = zipped(members | {"plans/1/revisions.jsonl": content})
    data = data.replace((20_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert "damaged" in complaint(data)


@pytest.mark.slow
def test_a_line_longer_than_a_document_may_be_is_refused(members):
    spoiled = members | {"plans/1/revisions.jsonl": b'"' + b"x" * (9 * 2**20) + b'"'}
    assert "A line has more than 8 MiB" in complaint(zipped(spoiled))
    spoiled = members | {"plans/1/plan.json": b" \n" * (5 * 2**20)}
    assert "more than 8 MiB" in complaint(zipped(spoiled))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing_is_refused(members, compression):
    assert "allowed are stored and deflated files" in complaint(zipped(members, compression))


def test_stored_members_are_read(members):
    assert unpack(zipped(members, zipfile.ZIP_STORED))


def test_an_encrypted_member_is_refused(members):
    data = bytearray(zipped(members))
    at = data.find(b"PK\1\2")
    data[at + 8] |= 1
    assert "encrypted" in complaint(bytes(data))


@pytest.mark.parametrize("name", ["archive.json", "plans/1/plan.json", "plans/1/revisions.jsonl"])
@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b"1", b"\xff\xfe", b"{}", b"NaN", b'{"a": 1, "a": 2}', b"9" * 5000,
        b"[" * 100_000, b'"\\ud800"', b"\0",
    ],
)  # fmt: skip
def test_wrong_json_is_refused_with_its_place(members, name, content):
    said = complaint(zipped(members | {name: content}))
    assert said.startswith(name)


@pytest.mark.parametrize("name", ["archive.json", "plans/1/plan.json", "plans/1/revisions.jsonl"])
def test_a_missing_file_is_named(members, name):
    spoiled = {key: value for key, value in members.items() if key != name}
    assert name in complaint(zipped(spoiled)) or "plans/1/" in complaint(zipped(spoiled))


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("archive.json", {"format": 4}, "archive.json, format: This must be a whole number from 1 to 3, found 4."),
        ("archive.json", {"format": True}, "This must be a whole number from 1 to 3, found true."),
        ("archive.json", {"plans": -1}, "archive.json, plans: This must be a whole number from 0 to 10,000"),
        ("archive.json", {"more": 1}, "The key “more” is not known here; allowed are format, plans."),
        ("plans/1/plan.json", {"revision": 0}, "a whole number from 1 to 1,000,000, found 0"),
        ("plans/1/plan.json", {"revision": 10**30}, "a whole number from 1 to 1,000,000"),
        ("plans/1/plan.json", {"revision": 2}, "one revision more than the 2 that plan.json tells of"),
        ("plans/1/plan.json", {"revision": 4}, "Revision 4 is missing"),
        ("plans/1/plan.json", {"created": "2026-01-01"}, "This must be a time like"),
        ("plans/1/plan.json", {"updated": "0001-01-01T00:00:00+23:59"}, "This must be a time like"),
        ("plans/1/plan.json", {"deleted": 5}, "This must be a time like"),
        ("plans/1/plan.json", {"handovers": {}}, "handovers: This must be a list, found a mapping."),
        ("plans/1/plan.json", {"handovers": [{}]}, "handovers[0]: The key revision is needed and missing."),
        (
            "plans/1/plan.json",
            {"handovers": [SENT | {"digest": "x"}]},
            "handovers[0].digest: This must be 64 digits from 0 to f, or null, found “x”.",
        ),
        ("plans/1/plan.json", {"handovers": [SENT]}, "handovers[0]: The key digest is needed and missing."),
        ("archive.json", {"format": 2}, "plan.json: The key “edition” is not known here"),
        (
            "plans/1/plan.json",
            {"edition": "A b"},
            "edition: This must be the slug of an edition, or null, found “A b”.",
        ),
        ("plans/1/revisions.jsonl", {"edition": 7}, "line 2, edition: This must be the slug of an edition, or null"),
        ("plans/1/revisions.jsonl", {"digest": "x"}, "line 2, digest: This must be 64 digits from 0 to f, or null"),
        ("plans/1/revisions.jsonl", {"number": 3}, "line 2, number: Revisions come in their order"),
        ("plans/1/revisions.jsonl", {"number": True}, "line 2, number: This must be a whole number"),
        (
            "plans/1/revisions.jsonl",
            {"undo_to": 2},
            "line 2, undo_to: This must be a whole number from 1 to 1, found 2.",
        ),
        ("plans/1/revisions.jsonl", {"restored": 1.5}, "line 2, restored: This must be a whole number"),
        ("plans/1/revisions.jsonl", {"author": "x" * 61}, "line 2, author: This must be a text of 0 to 60 characters"),
        ("plans/1/revisions.jsonl", {"summary": "a\0b"}, "line 2, summary: This must be a text without NUL"),
        ("plans/1/revisions.jsonl", {"checkpoint": "\ud800"}, "line 2, checkpoint: This must be a text without NUL"),
        ("plans/1/revisions.jsonl", {"summary": None}, "line 2, summary: This must be a text of"),
        ("plans/1/revisions.jsonl", {"renames": {"zones": {}}}, "line 2, renames: The key endpoints is needed"),
        (
            "plans/1/revisions.jsonl",
            {"renames": {"zones": [], "endpoints": {}}},
            "renames.zones: This must be a mapping",
        ),
        (
            "plans/1/revisions.jsonl",
            {"renames": {"zones": {"a": 1}, "endpoints": {}}},
            "renames.zones: This must be a t",
        ),
        ("plans/1/revisions.jsonl", {"document": []}, "line 2, document, document: A plan is a mapping"),
        (
            "plans/1/revisions.jsonl",
            {"document": {"format": 1, "name": "N", "zones": [], "endpoints": [], "choices": {"colour": "red"}}},
            "There is 1 more.",
        ),
    ],
)
def test_what_doesnt_fit_is_refused_with_its_place(members, name, change, said):
    assert said in complaint(zipped(changed(members, name, lambda tree: tree.update(change))))


def test_a_revision_that_is_missing_in_the_middle_is_refused(members):
    lines = members["plans/1/revisions.jsonl"].splitlines(keepends=True)
    del lines[1]
    assert "this must be 2, not 3" in complaint(zipped(members | {"plans/1/revisions.jsonl": b"".join(lines)}))


def test_a_document_that_says_the_same_as_the_one_before_is_checked_once(members):
    def revisions(change):
        """300 revisions, and what it takes to read them; `change` is given the number and the document of each."""
        row = json.loads(members["plans/1/revisions.jsonl"].splitlines()[0])
        rows = [row | {"number": number} for number in range(1, 301)]
        lines = [json.dumps(row | {"document": change(row["number"], row["document"])}).encode() for row in rows]
        plan = json.dumps(json.loads(members["plans/1/plan.json"]) | {"revision": len(lines)}).encode()
        data = zipped(members | {"plans/1/plan.json": plan, "plans/1/revisions.jsonl": b"\n".join(lines)})
        read = archive.Archive(io.BytesIO(data), BY_COMMAND)
        found = []
        steps = count_steps(lambda: found.extend(read.read_revisions(1, read.read_plan(1), lambda *_: MATRIX)))
        return [one.document for one in found], steps

    revisions(lambda number, document: document)
    same, few = revisions(lambda number, document: document)
    other, many = revisions(lambda number, document: document | {"name": f"P{number % 2}"})
    assert [document["name"] for document in (same[0], same[-1], *other[:3])] == ["Contoso"] * 2 + ["P1", "P0", "P1"]
    assert same[0] == same[-1]
    assert 2 * few < many
    with pytest.raises(ArchiveError, match="line 2, document, format: The format must be the integer 1, found true"):
        revisions(lambda number, document: document | {"format": number == 2 or 1})  # which is equal to Python


def test_a_document_that_doesnt_fit_the_matrix_says_where(members):
    spoiled = changed(
        members, "plans/1/revisions.jsonl", lambda tree: tree["document"].update(choices={"colour": "red"})
    )
    assert "plans/1/revisions.jsonl, line 2, document, choices.colour: This key is not known" in complaint(
        zipped(spoiled)
    )


@settings(max_examples=often(150))
@given(st.data())
@pytest.mark.slow
def test_whatever_stands_in_the_members_is_imported_whole_or_refused_in_a_sentence(data):
    plan, _ = store()
    good = json.loads(zipfile.ZipFile(io.BytesIO(pack([plan]))).read("plans/1/revisions.jsonl"))
    facts = json.loads(zipfile.ZipFile(io.BytesIO(pack([plan]))).read("plans/1/plan.json"))
    Plan.objects.all().delete()
    anything = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=4,
    )
    for tree in (good, facts):
        for key in data.draw(st.lists(st.sampled_from(sorted(tree)), max_size=2)):
            tree[key] = data.draw(anything)
    made = zipped(
        {
            "archive.json": b'{"format": 3, "plans": 1}',
            "plans/1/plan.json": json.dumps(facts).encode(),
            "plans/1/revisions.jsonl": json.dumps(good).encode(),
        }
    )
    try:
        [other] = unpack(made, ON_THE_PAGE)
    except ArchiveError:
        complaint(made)
    else:
        assert pack([other])
        other.delete()


def test_the_page_says_where_what_and_what_is_allowed(client, loaded, members):
    response = upload(client, zipped(members | {"../x": b""}))
    assert response.status_code == 200
    assert not Plan.objects.exists()
    page = Page(response)
    said = words(page.one(class_="notice-error"))
    assert "This archive can't be imported. Nothing was stored." in said
    assert "The archive has a file “../x”; allowed are archive.json" in said


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\3\4"])
def test_the_page_refuses_what_is_called_a_zip_and_is_none(client, loaded, data):
    response = upload(client, data)
    assert "zip archive" in words(Page(response).one(class_="notice-error"))
    assert not Plan.objects.exists()


def test_an_archive_without_plans_is_refused_on_the_page(client, loaded):
    assert "There is no plan in this archive" in words(Page(upload(client, pack())).one(class_="notice-error"))


# --- the commands ---------------------------------------------------------------------------------------------------


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_all_plans_go_out_and_come_in_by_command(client, loaded, tmp_path):
    plans = [a_plan_with_a_past(), store()[0], store()[0]]
    actions.delete_plan(plan_id=plans[1].pk)
    actions.delete_plan(plan_id=plans[2].pk)
    Plan.objects.filter(pk=plans[2].pk).update(deleted=datetime.now(UTC) - timedelta(days=31))
    target = tmp_path / "plans.zip"
    assert run("export_plans", "--output", str(target)) == f"{target}: 2 plans.\n"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    before = [facts_of(plan) for plan in plans[:2]]
    Plan.objects.all().delete()
    lines = run("import_plans", str(target)).splitlines()
    assert [facts_of(plan) for plan in Plan.objects.order_by("pk")] == before
    addresses = [line.partition(": http://127.0.0.1:8000")[2] for line in lines]
    assert [client.get(address, follow=True).status_code for address in addresses] == [200, 410]
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
