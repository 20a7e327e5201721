"""A file of results is read, or refused in a sentence that says where and what is allowed."""

import json

import jsonschema
import pytest

from planner.plan import limits
from planner.plan.check_results import BadResults, read_results, results_schema
from tests.made import made

ROW = {
    "id": "a1", "destination": "SQL01", "address": "10.0.0.20", "protocol": "tcp", "port": "1433", "outcome": "open",
    "milliseconds": 3, "error": None,
}  # fmt: skip
RESULTS = {
    "format": 1, "plan": "Contoso", "report": "abc", "source": "PS01", "host": "ps01",
    "started": "2026-11-25T11:00:00+01:00", "results": [ROW],
}  # fmt: skip


def read(encoding="utf-8", row=None, **more):
    return read_results(json.dumps(RESULTS | {"results": [ROW | (row or {})]} | more).encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_shells_write_is_read_alike(encoding):
    results = read(encoding)
    assert (results.source, results.started.isoformat()) == ("PS01", "2026-11-25T10:00:00+00:00")
    assert [(one.port, one.outcome) for one in results.results] == [("1433", "open")]


@pytest.mark.parametrize(("port", "kept"), [(443, "443"), ("65535", "65535"), (None, None)])
def test_a_port_is_text_or_a_number_or_none(port, kept):
    assert read(row={"port": port}).results[0].port == kept


@pytest.mark.parametrize("port", ["0", "65536", "1-2", 0, -1, "", "4\n", "\uff14"])
def test_a_port_that_is_none_is_refused_at_its_place(port):
    with pytest.raises(BadResults, match=r"^results\[0\]\.port: .*a port is a number from 1 to 65535, as text\.$"):
        read(row={"port": port})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"[", "It is no JSON document, or it ends too early."),
        (b"[]", "The document: "),
        (b"\xff", "It is not UTF-8: the byte at offset 0 fits no character."),
        (lambda: b" " * (limits.RESULTS + 1),
         f"It has more than {limits.RESULTS // 2**20} MiB, which is the most that is read."),
        (lambda: json.dumps(RESULTS | {"results": [ROW] * (limits.RESULT_ROWS + 1)}).encode(),
         f"It has more than {limits.RESULT_ROWS:,} results, which is the most that is read."),
        (json.dumps({key: RESULTS[key] for key in RESULTS if key not in ("plan", "host", "format")}).encode(),
         "format is missing; and 2 more faults."),
        (json.dumps(RESULTS | {"plan": "x" * 5_000}).encode(), "plan: String should have at most "),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_in_one_sentence(data, said):
    with pytest.raises(BadResults) as refused:
        read_results(made(data))
    assert str(refused.value).startswith(said)
    assert str(refused.value).endswith(".")


def test_the_words_of_a_system_are_kept_on_one_line_and_cut():
    error = read(row={"error": "no\nroute " + "x" * 1_000}).results[0].error
    assert error.startswith("no")
    assert "\n" not in error
    assert len(error) <= 300


def test_the_schema_takes_what_is_read_and_refuses_a_key_that_it_must_have():
    validator = jsonschema.Draft202012Validator(results_schema())
    assert results_schema()["$schema"] == validator.META_SCHEMA["$id"]
    assert validator.is_valid(RESULTS)
    assert not validator.is_valid({key: RESULTS[key] for key in RESULTS if key != "plan"})
