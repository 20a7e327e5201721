"""A configuration that takes long waits for a job: sealed, told of on a page, and gone whatever becomes of it."""

import itertools
import logging
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from planner.engine.existing.readers import READERS
from planner.sharing import work
from planner.store import existing, jobs
from planner.store.bin import delete_plan
from planner.store.compared_models import Compared
from planner.store.existing import Question, estimate_existing
from planner.store.job_models import Job, Piece
from planner.store.models import Event
from planner.web.views.existing import GONE
from tests.web.views.pages import HTMX, Page, store
from tests.web.views.test_acceptance import figures, write_plan
from tests.web.views.test_existing import TABLE, ZONED, address, rows, send
from tests.web.views.test_making import by_browser, content, make_files

pytestmark = pytest.mark.django_db
SECRET = "Hunter2-of-the-vault"


@pytest.fixture
def plan(settings, monkeypatch):
    """A plan beside which every configuration takes long, and nobody who compares them but `make_files`."""
    settings.JOBS_FROM = 0
    monkeypatch.setattr(work, "_prepare", lambda: None)
    return store(write_plan())[0]


@pytest.fixture
def browser(client):
    return by_browser(client)


def begin(browser, plan, text=TABLE, **more):
    """Where a configuration that was sent is told of."""
    answer = send(browser, plan, text, **more)
    assert answer.status_code == 302
    return answer["Location"]


def everything():
    """All that the database has, in rows and in pages that are free."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = b""
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found += repr([[bytes(c) if isinstance(c, memoryview) else c for c in row] for row in cursor]).encode()
    return found


def test_it_waits_sealed_and_its_answer_is_a_page_as_one_at_once(browser, client, plan):
    where = begin(browser, plan, firewall="FW-CORE")
    assert where.startswith(f"/plans/{plan.key}/files/")
    page = Page(browser.get(where))
    assert page.text(id="making-said") == "Waiting for its turn …"
    assert page.one("progress").get("aria-label") == "How far the comparison is"
    assert "This configuration takes a while to compare." in page.text()
    assert Piece.objects.count() == 1
    assert SECRET.encode() not in everything()
    assert jobs.read_sent(Job.objects.get()) == TABLE.encode()
    assert make_files() == 1
    made = Page(browser.get(where)).one(id="made").get("href")
    page = Page(browser.get(made))
    assert figures(page) == {"open": "2", "refused": "0", "blocked": "1", "unproven": "0"}
    assert [option.get("value") for option in page.all("option", selected=True)] == ["csv", "FW-CORE"]
    flows = rows(page, "flows")
    assert SECRET.encode() not in everything()
    assert b"10.9.0.5" not in bytes(Piece.objects.get().data)
    assert browser.get(f"{where}file")["Location"] == where
    browser.defaults.clear()
    assert rows(Page(send(browser, plan, TABLE)), "flows") == flows


def test_how_far_it_is_is_told_by_flow_and_by_entry_and_stored_now_and_then(browser, plan, monkeypatch):
    begin(browser, plan)
    noted, clock = [], itertools.count(step=0.01)
    monkeypatch.setattr(jobs, "note_progress", lambda job, runner, said, number, of: noted.append((said, number, of)))
    told = []
    monkeypatch.setattr(work, "_listen", lambda *job: lambda *facts: told.append(facts))
    make_files()
    stages = [said for said, _ in itertools.groupby(told, key=lambda one: one[0])]
    assert [one.split()[0] for one in stages] == ["Reading", "Working", "Comparing", "Looking", "Looking", "Writing"]
    for stage in stages[2:4]:
        counted = [(number, of) for said, number, of in told if said == stage]
        assert counted == [(number, len(counted)) for number in range(1, len(counted) + 1)]
    assert sum(said == stages[2] for said, _, _ in told) > 1
    # A hundred flows a second are two writes a second.
    monkeypatch.undo()
    monkeypatch.setattr(jobs, "note_progress", lambda job, runner, said, number, of: noted.append((said, number, of)))
    monkeypatch.setattr(work.time, "monotonic", lambda: next(clock))
    noted.clear()
    listen = work._listen(1, "runner")
    for number in range(1, 1001):
        listen(stages[2], number, 1000)
    assert 15 <= len(noted) <= 21


def test_a_small_one_that_turns_out_to_take_long_is_ended_and_made_apart(browser, plan, monkeypatch, settings):
    settings.JOBS_FROM = 2.0
    assert send(browser, plan, TABLE).status_code == 200, "as its size lets expect"
    at_most = existing.progress.at_most
    monkeypatch.setattr(existing.progress, "at_most", lambda seconds: at_most(seconds - 3))
    where = begin(browser, plan)
    assert not Compared.objects.exists()
    assert (make_files(), Job.objects.get().state) == (1, Job.State.DONE)
    made = Page(browser.get(where)).one(id="made").get("href")
    assert figures(Page(browser.get(made))) == {"open": "2", "refused": "0", "blocked": "1", "unproven": "0"}
    # The page says so where too many wait.
    monkeypatch.setattr(jobs, "ask_sealed", lambda *asked: (_ for _ in ()).throw(jobs.TooMany()))
    assert "As many configurations as wait at once are being compared." in Page(send(browser, plan, TABLE)).text()


def test_a_program_is_led_to_the_answer_and_not_in_a_circle(browser, plan):
    where = begin(browser, plan)
    browser.defaults.clear()
    assert browser.get(where).status_code == 202
    make_files()
    answer = browser.get(where, follow=True)
    assert (answer.status_code, len(answer.redirect_chain)) == (200, 1)
    assert figures(Page(answer)) == {"open": "2", "refused": "0", "blocked": "1", "unproven": "0"}


def test_htmx_is_led_to_the_page_about_it(browser, plan):
    answer = send(browser, plan, TABLE, extra={"headers": HTMX})
    assert answer.status_code == 200
    assert answer["HX-Redirect"].startswith(f"/plans/{plan.key}/files/")


@pytest.mark.parametrize("name", ["json", "xlsx", "delta"])
def test_a_file_of_the_answer_comes_as_one_that_is_made_at_once(browser, plan, name):
    sent = {"format": "asa", "text": "access-list IN extended deny ip any any\naccess-group IN in interface inside\n"}
    sent |= {"zone": ["Internal", "Data", "Clients"], "side": ["inside", "db", "clients"]}
    where = browser.post(f"{address(plan)}{name}", sent)["Location"]
    make_files()
    made = browser.get(f"{where}file")
    assert Page(browser.get(where)).one(id="made").get("href") == f"{where}file"
    answers = where.replace(f"/plans/{plan.key}/files/", f"{address(plan)}answers/")
    assert browser.get(answers)["Location"] == f"{where}file"
    body = content(made)
    browser.defaults.clear()
    at_once = browser.post(f"{address(plan)}{name}", sent)
    assert (len(body), made["Content-Disposition"]) == (len(content(at_once)), at_once["Content-Disposition"])


def test_nothing_stays_of_one_that_is_cancelled(browser, plan):
    where = begin(browser, plan)
    browser.post(f"{where}cancel/")
    assert not Piece.objects.exists()
    page = Page(browser.get(where))
    assert "It was cancelled, and the configuration is gone." in page.text()
    assert next(link.get("href") for link in page.all("a") if link.get("class") == "button") == address(plan)
    assert make_files() == 0
    answers = where.replace(f"/plans/{plan.key}/files/", f"{address(plan)}answers/")
    assert GONE in Page(browser.get(answers)).text()


def test_nothing_stays_of_one_that_cant_be_read(browser, plan):
    where = begin(browser, plan, "no table at all")
    make_files()
    assert not Piece.objects.exists()
    page = Page(browser.get(where))
    assert "The configuration can’t be compared." in page.text()
    said = Job.objects.get().said
    browser.defaults.clear()
    assert said in Page(send(browser, plan, "no table at all")).text()


def test_nothing_stays_and_nothing_is_logged_of_one_that_breaks(browser, plan, monkeypatch, caplog):
    def fail(data, *_):
        raise RuntimeError(data.decode())

    monkeypatch.setattr(existing, "read_existing", fail)
    begin(browser, plan)
    with caplog.at_level(logging.DEBUG):
        make_files()
    assert "failed: RuntimeError" in caplog.text
    assert SECRET not in caplog.text
    assert (Job.objects.get().state, Piece.objects.count()) == (Job.State.FAILED, 0)
    assert SECRET.encode() not in everything()


def test_nothing_stays_of_one_that_is_tried_too_often(browser, plan):
    begin(browser, plan)
    Job.objects.update(tries=jobs.MOST_TRIES)
    assert jobs.claim("r" * 32) is None
    assert (Job.objects.get().state, Piece.objects.count()) == (Job.State.FAILED, 0)


@pytest.mark.parametrize("is_done", [False, True])
def test_nothing_stays_after_an_hour(browser, plan, is_done):
    where = begin(browser, plan)
    if is_done:
        make_files()
    jobs.prune(timezone.now() + jobs.KEPT_SEALED - timedelta(minutes=5))
    assert Piece.objects.exists()
    jobs.prune(timezone.now() + jobs.KEPT_SEALED + timedelta(minutes=5))
    assert not Job.objects.exists()
    assert not Piece.objects.exists()
    assert browser.get(where).status_code == 404


def test_it_goes_with_the_plan(browser, plan):
    begin(browser, plan)
    delete_plan(plan_id=plan.pk)
    assert not Piece.objects.exists()


def test_what_was_sealed_is_in_no_free_page_of_the_file_either(browser, plan):
    if connection.vendor != "sqlite":
        return  # its pages are nobody's to copy
    where = begin(browser, plan)
    with CaptureQueriesContext(connection) as queries:
        browser.post(f"{where}cancel/")
    said = [query["sql"] for query in queries]
    (gone,) = (place for place, sql in enumerate(said) if sql.startswith('DELETE FROM "planner_piece"'))
    assert (said[gone - 1], said[gone + 1]) == ("PRAGMA secure_delete = ON", "PRAGMA secure_delete = OFF")


def test_the_answer_is_kept_as_one_at_once_by_whoever_asked(browser, plan):
    begin(browser, plan, firewall="FW-CORE", keep_answer="1", operation="0123456789abcdef" * 2)
    make_files()
    row = Compared.objects.get()
    assert (row.firewall, row.revision) == ("FW-CORE", 1)
    assert Event.objects.get(kind="comparison-kept").detail == f"number {row.pk}"
    job = Job.objects.get()
    page = Page(browser.get(f"{address(plan)}answers/{job.name}/"))
    assert f"{address(plan)}kept/{row.pk}/" in {link.get("href") for link in page.all("a")}


@pytest.mark.parametrize(
    ("kept", "take"),
    [("keep", lambda holds: holds.all().delete()), ("keep_answer", lambda holds: holds.update(role="read"))],
)
def test_nothing_is_kept_once_access_was_taken_back(browser, plan, kept, take):
    told = {"zone": ["Internal", "Data", "Clients"], "side": ["inside", "db", "Clients"]}
    begin(browser, plan, ZONED, **told, firewall="FW-CORE", **{kept: "1"})
    take(plan.holds)
    make_files()
    job = Job.objects.get()
    assert (job.state, "may no longer change this plan" in job.said) == (Job.State.FAILED, True)
    plan.refresh_from_db()
    assert (plan.revision, Compared.objects.count(), Piece.objects.count()) == (1, 0, 0)


def test_the_same_sent_twice_is_compared_once(browser, plan):
    assert begin(browser, plan) == begin(browser, plan)
    assert begin(browser, plan) != begin(browser, plan, TABLE + "\n")
    assert Job.objects.count() == 2


def test_no_more_wait_than_may(browser, plan, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_SEALED", 1)
    begin(browser, plan)
    page = Page(send(browser, plan, TABLE + "\n"))
    assert "As many configurations as wait at once are being compared." in page.text()
    assert Job.objects.count() == 1


def test_a_job_that_lost_what_was_sent_says_so(browser, plan):
    where = begin(browser, plan)
    Piece.objects.all().delete()
    make_files()
    assert "What was sent isn't there any more." in Page(browser.get(where)).text()


def test_readers_and_other_plans_have_nothing_of_it(browser, plan):
    where = begin(browser, plan)
    make_files()
    other = store(write_plan() | {"name": "Other"})[0]
    for here in (f"/plans/{plan.key}/read/files/", f"/plans/{other.key}/files/"):
        assert browser.get(where.replace(f"/plans/{plan.key}/files/", here)).status_code == 404
    answers = where.replace(f"/plans/{plan.key}/files/", f"{address(other)}answers/")
    assert GONE in Page(browser.get(answers)).text()


def test_what_is_asked_comes_back_from_a_job_as_it_was():
    question = Question(
        format="asa",
        file="delta",
        firewall="FW",
        sides={"A": "x"},
        keep=True,
        sender=existing.Sender(author="Kim"),
        hold=7,
    )
    assert Question.read("asa", question.as_asked()) == question
    assert Question.read("csv", Question(format="csv").as_asked()) == Question(format="csv")


def test_every_format_has_its_estimate_and_more_takes_longer(settings):
    for name in READERS:
        assert name in existing.SECONDS
        assert estimate_existing(name, 2**20, 30) < estimate_existing(name, 2**21, 30)
        assert estimate_existing(name, 2**20, 30) < estimate_existing(name, 2**20, 3_000)
    assert estimate_existing("iptables", 220_000, 3_009) < settings.JOBS_FROM  # it took 1.5 s
    assert estimate_existing("iptables", 2**20, 3_009) > settings.JOBS_FROM
