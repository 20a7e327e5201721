"""Plans as documents by the API."""

import sqlite3

from django.db import OperationalError

from planner.plan import syntax
from planner.plan.document import check_stored, dump_plan, read_plan
from ports.queries import shipped_matrix
from tests.api.programs import problem


def test_a_plan_is_read_as_json_with_its_revision_as_etag(program, plan):
    response = program.get(f"/plans/{plan.key}")
    assert (response.status_code, response.headers["ETag"]) == (200, '"1"')
    assert response.json() == plan.document
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_plan_is_read_as_yaml_where_that_is_asked_for(program, plan):
    for response in (
        program.get(f"/plans/{plan.key}?format=yaml"),
        program.get(f"/plans/{plan.key}", Accept="application/yaml"),
    ):
        assert response.headers["Content-Type"].startswith("application/yaml")
        assert read_plan(response.content, matrix=shipped_matrix()).name == plan.name


def test_who_has_it_is_not_sent_it_again(program, plan):
    response = program.get(f"/plans/{plan.key}", If_None_Match='"1"')
    assert (response.status_code, response.content) == (304, b"")


def test_a_plan_of_others_is_no_plan(program):
    assert problem(program.get("/plans/00000000-0000-4000-8000-000000000000")) == (404, "nothing-here")


def test_an_address_that_there_is_not_and_a_method_that_it_has_not_are_problems(program, plan):
    assert problem(program.get("/nowhere")) == (404, "nothing-here")
    response = program.ask("PATCH", f"/plans/{plan.key}")
    assert problem(response) == (405, "no-such-method")
    assert "GET" in response.headers["Allow"]


def test_a_fault_of_the_service_and_a_database_that_is_away_are_problems(program, plan, monkeypatch):
    program.client.raise_request_exception = False
    for error, told in (
        (RuntimeError("secret words"), (500, "our-fault")),
        (OperationalError("secret words"), (503, "not-available")),
    ):

        def fail(*_, error=error):
            raise error from sqlite3.OperationalError()

        monkeypatch.setattr("planner.api.plans.send_document", fail)
        response = program.get(f"/plans/{plan.key}")
        assert problem(response) == told
        assert b"secret words" not in response.content
        assert response.headers["X-Request-ID"] == response.json()["request"]
    assert int(response.headers["Retry-After"]) > 0


def test_a_fault_after_a_write_says_that_it_may_have_been_stored(program, plan, monkeypatch):
    def fail(*_):
        raise RuntimeError

    program.client.raise_request_exception = False
    monkeypatch.setattr("planner.api.shelf.tag_of", fail)
    response = program.put(f"/plans/{plan.key}", plan.document | {"name": "New"}, If_Match="*")
    plan.refresh_from_db()
    assert plan.name == "New"
    assert problem(response) == (500, "our-fault")
    assert "What you sent may have been stored: look before you send it again." in response.json()["detail"]


def test_what_is_larger_than_the_service_reads_is_a_problem(program, settings):
    settings.MAX_BODY = 1000
    assert problem(program.post("/evaluate", b"x" * 1001)) == (413, "too-large")


def test_an_answer_to_head_has_the_headers_alone(program, plan):
    response = program.ask("HEAD", f"/plans/{plan.key}")
    assert (response.status_code, response.headers["ETag"]) == (200, '"1"')


def test_a_document_that_would_be_longer_than_is_read_is_written_short(program, plan, monkeypatch):
    monkeypatch.setattr(syntax, "MAX_BYTES", 10)
    document = dump_plan(check_stored(plan.document, matrix=shipped_matrix()))
    assert program.get(f"/plans/{plan.key}").content == syntax.to_compact(document).encode()
    assert program.get(f"/plans/{plan.key}?format=yaml").content == syntax.to_flow(document).encode()
