"""What is no archive of plans is refused in a sentence, and nothing is stored."""

import io
import json
import zipfile
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.plan import archive
from planner.plan.archive import BY_COMMAND, ON_THE_PAGE
from planner.plan.archive_values import ArchiveError
from planner.store.models import Plan
from tests.engine.test_linear import count_steps
from tests.store.archives import MATRIX, SENT, changed, complaint, pack, unpack, upload, zipped
from tests.strategies import often
from tests.web.views.pages import Page, store, words

pytestmark = pytest.mark.django_db


def test_the_good_one_is_good(members):
    assert unpack(zipped(members), ON_THE_PAGE)


def test_folders_and_another_order_are_no_fault(members):
    spoiled = {"plans/": b"", "plans/1/": b"", **dict(reversed(members.items()))}
    assert unpack(zipped(spoiled), ON_THE_PAGE)


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"x" * 1000, b"PK\5\6" + bytes(10), b"PK\5\6" + b"\xff" * 18])
def test_what_is_no_zip_is_refused(data):
    assert complaint(data).startswith("file: ")


@pytest.mark.slow
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
    assert "too many files; at most 1,001" in complaint(data)


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
    """What it holds is of no account: nothing is unpacked."""
    data = zipped(members | {"plans/1/revisions.jsonl": b"0" * 1_234_567})
    bomb = data.replace((1_234_567).to_bytes(4, "little"), (257 * 2**20).to_bytes(4, "little"))
    assert "larger than 256 MiB when it is unpacked" in complaint(bomb)


def test_a_bomb_that_lies_about_its_size_is_no_larger_than_it_says(members):
    content = b"[" * 20_000_000
    data = zipped(members | {"plans/1/revisions.jsonl": content})
    data = data.replace((20_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    assert "damaged" in complaint(data)


@pytest.mark.slow
def test_a_line_longer_than_one_may_be_is_refused(members):
    spoiled = members | {"plans/1/revisions.jsonl": b'"' + b"x" * (33 * 2**20) + b'"'}
    assert "A line has more than 32 MiB" in complaint(zipped(spoiled))
    spoiled = members | {"plans/1/plan.json": (b" " * 31 + b"\n") * (33 * 2**15)}
    assert "It has more than 32 MiB" in complaint(zipped(spoiled))


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
    assert complaint(zipped(spoiled)).startswith(f"{name}: This file is missing;")


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("archive.json", {"format": 9}, "archive.json, format: This must be a whole number from 1 to 8, found 9."),
        ("archive.json", {"format": True}, "This must be a whole number from 1 to 8, found true."),
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


@cache
def read_good():
    """What a good archive of one plan with one revision says of itself, the revision and the plan, which is gone."""
    plan, _ = store()
    packed = zipfile.ZipFile(io.BytesIO(pack([plan])))
    Plan.objects.all().delete()
    return tuple(map(packed.read, ("archive.json", "plans/1/revisions.jsonl", "plans/1/plan.json")))


@settings(max_examples=often(150))
@given(st.data())
@pytest.mark.slow
def test_whatever_stands_in_the_members_is_imported_whole_or_refused_in_a_sentence(data):
    contents, good, facts = map(json.loads, read_good())
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
            "archive.json": json.dumps(contents).encode(),
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
