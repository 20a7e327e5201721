"""Files that take long: the page about one, the file, for whom it is, and what programs are told."""

import re
import uuid

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from planner.deploy.turns import ASIDE, Turns
from planner.report import ACCEPTANCE_FORMATS
from planner.sharing import work
from planner.store import actions, jobs
from planner.store.bin import delete_plan
from planner.store.holders import Holder
from planner.store.job_models import Job, Piece
from planner.store.models import Hold, ShareLink, hash_token
from planner.store.run_models import CheckRun
from planner.web.views import kept
from ports.queries import shipped_matrix
from tests.web.views.link_forms import make, read_link, rename
from tests.web.views.pages import HTMX, Page, store

pytestmark = pytest.mark.django_db
RUNNER = "r" * 32
TEXT_HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


@pytest.fixture
def plan(settings, monkeypatch):
    """A plan whose files all take long, and nobody who makes them but `make_files`: row and key."""
    settings.JOBS_FROM = 0
    monkeypatch.setattr(work, "_prepare", lambda: None)
    kept.pages.clear()
    return store()


@pytest.fixture
def browser(client):
    return by_browser(client)


def by_browser(client):
    """A client that has turns, as under the server, and says that it takes pages."""
    client.defaults |= {ASIDE: Turns(1), "HTTP_ACCEPT": TEXT_HTML}
    return client


def make_files():
    """Make all that is asked for, as a runner does; returns how many those were."""
    count = 0
    while job := jobs.claim(RUNNER):
        work.make_one(job.pk, RUNNER)
        count += 1
    return count


def content(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_a_file_that_takes_long_is_made_on_a_page_of_its_own(browser, plan):
    address = f"/plans/{plan[1]}/report/csv?text=dns"
    asked = browser.get(address)
    assert asked.status_code == 302
    where = asked.headers["Location"]
    assert re.fullmatch(rf"/plans/{plan[1]}/files/[0-9a-f-]{{36}}/", where)
    page = Page(browser.get(where))
    assert page.text(id="making-said") == "Waiting for its turn …"
    assert page.one("progress").get("aria-label") == "How far the file is"
    assert page.all("progress", value=True) == []
    job = jobs.claim(RUNNER)
    jobs.note_progress(job.pk, RUNNER, "Writing the file for each firewall", 3, 9)
    page = Page(browser.get(where))
    assert page.text(id="making-said") == "Writing the file for each firewall, 3 of 9 …"
    assert page.one("progress").get("value") == "22"
    work.make_one(job.pk, RUNNER)
    page = Page(browser.get(where))
    assert page.one(id="made").get("href") == f"{where}file"
    made = browser.get(f"{where}file")
    body = content(made)
    assert made.headers["Content-Length"] == str(len(body))
    del browser.defaults[ASIDE]
    at_once = browser.get(address)
    assert body == at_once.content
    for name in ("Content-Type", "Content-Disposition", "Cache-Control"):
        assert made.headers[name] == at_once.headers[name]


def test_asked_again_it_is_there_at_once_and_made_once(browser, plan):
    address = f"/plans/{plan[1]}/report/csv"
    where = {browser.get(address).headers["Location"] for _ in range(3)}
    assert len(where) == 1
    assert make_files() == 1
    made = browser.get(address)
    assert made.status_code == 200
    assert content(made).startswith(b"\xef\xbb\xbf")
    assert make_files() == 0
    assert browser.get(address, HTTP_IF_NONE_MATCH=made.headers["ETag"]).status_code == 304
    rename(plan[0], "Another name")
    assert browser.get(address).status_code == 302, "of what the plan says now"


def test_a_program_is_told_where_and_when_to_ask_again(client, plan):
    program = client
    program.defaults |= {ASIDE: Turns(1), "HTTP_ACCEPT": "*/*"}
    asked = program.get(f"/plans/{plan[1]}/report/json")
    assert (asked.status_code, asked.headers["Retry-After"]) == (202, "2")
    where = asked.headers["Location"]
    assert asked.content.decode() == f"Waiting for its turn. Ask again at {where}\n"
    again = program.get(where)
    assert (again.status_code, again.headers["Location"]) == (202, where)
    make_files()
    assert program.get(where).headers["Location"] == f"{where}file"
    assert b'"flows"' in content(program.get(f"{where}file"))


def test_wait_in_the_address_makes_a_program_of_a_browser_and_the_file_is_the_same(browser, plan):
    where = browser.get(f"/plans/{plan[1]}/report/csv").headers["Location"]
    program = browser.get(f"/plans/{plan[1]}/report/csv?wait=1")
    assert (program.status_code, program.headers["Location"]) == (202, where)


@pytest.mark.parametrize("told", [SystemError("returned a result with an exception set"), OperationalError("I/O")])
def test_a_file_for_which_there_is_no_memory_is_told_by_whatever_error_says_so(browser, plan, monkeypatch, told):
    def run_out(*_):
        try:
            raise MemoryError
        except MemoryError as error:
            raise told from error

    monkeypatch.setitem(work.MAKERS, "report", run_out)
    where = browser.get(f"/plans/{plan[1]}/report/csv").headers["Location"]
    assert make_files() == 1
    said = Page(browser.get(where)).text("main")
    assert "It needs more memory than the 2,048 MiB that a file may take here." in said


def test_a_file_is_tried_again_where_the_database_is_away(browser, plan, monkeypatch):
    def be_away(*_):
        raise OperationalError("away")

    monkeypatch.setitem(work.MAKERS, "report", be_away)
    browser.get(f"/plans/{plan[1]}/report/csv")
    with pytest.raises(OperationalError):
        make_files()
    assert Job.objects.get().state == Job.State.RUNNING


def test_head_asks_for_nothing(browser, plan):
    assert browser.head(f"/plans/{plan[1]}/report/csv").status_code == 202
    assert not Job.objects.exists()


def test_what_is_cancelled_is_not_made_and_can_be_asked_for_again(browser, plan):
    address = f"/plans/{plan[1]}/report/csv"
    where = browser.get(address).headers["Location"]
    form = next(form for form in Page(browser.get(where)).all("form") if "cancel" in form.get("action"))
    job = jobs.claim(RUNNER)
    assert browser.post(form.get("action")).headers["Location"] == where
    work.make_one(job.pk, RUNNER)
    page = Page(browser.get(where))
    assert "The making of this file was cancelled." in page.text("main")
    assert browser.get(f"{where}file").headers["Location"] == where, "there is none"
    assert browser.get(where, HTTP_ACCEPT="*/*").status_code == 410
    assert page.all("a", href=address)
    assert browser.get(address).headers["Location"] != where
    assert make_files() == 1


def test_the_part_that_is_asked_for_again_is_the_last_one_once_it_is_over(browser, plan):
    where = browser.get(f"/plans/{plan[1]}/report/csv").headers["Location"]
    part = browser.get(where, headers=HTMX)
    assert "<html" not in part.content.decode()
    assert "HX-Retarget" not in part.headers
    make_files()
    part = browser.get(where, headers=HTMX)
    assert part.headers["HX-Retarget"] == part.headers["HX-Reselect"] == "#making"
    assert Page(part).one(id="made") is not None


def test_why_a_file_cant_be_made_is_said_in_a_sentence(browser, plan):
    where = browser.get(f"/plans/{plan[1]}/report/csv?port=abc").headers["Location"]
    firewalls = browser.get(f"/plans/{plan[1]}/report/firewalls").headers["Location"]
    make_files()
    said = Page(browser.get(where)).text("p", class_="notice-error")
    assert said.startswith("The filter can't be used. Port: ")
    program = browser.get(where, HTTP_ACCEPT="*/*")
    assert (program.status_code, program.content.decode()) == (422, f"{said}\n")
    assert "the plan has no firewalls" in Page(browser.get(firewalls)).text("p", class_="notice-error")


def test_what_nobody_has_foreseen_is_logged_and_not_told(browser, plan, monkeypatch, caplog):
    def fail(*_):
        raise RuntimeError("inside")

    monkeypatch.setitem(work.MAKERS, "report", fail)
    where = browser.get(f"/plans/{plan[1]}/report/csv").headers["Location"]
    make_files()
    assert Page(browser.get(where)).text("p", class_="notice-error") == work.FAILED
    assert "RuntimeError: inside" in caplog.text


def test_a_plan_that_changes_while_its_file_waits_is_told_as_it_is_then(browser, plan):
    where = browser.get(f"/plans/{plan[1]}/report/json").headers["Location"]
    rename(plan[0], "Renamed meanwhile")
    make_files()
    assert b"Renamed meanwhile" in content(browser.get(f"{where}file"))
    assert b"Renamed meanwhile" in content(browser.get(f"/plans/{plan[1]}/report/json")), "and found as that"


def test_a_plan_that_changes_while_its_file_is_made_is_not_found_as_what_it_is_now(browser, plan, monkeypatch):
    make_report = work.MAKERS["report"]

    def make_and_change(*given):
        made = make_report(*given)
        rename(plan[0], "Renamed meanwhile")
        return made

    monkeypatch.setitem(work.MAKERS, "report", make_and_change)
    where = browser.get(f"/plans/{plan[1]}/report/json").headers["Location"]
    make_files()
    assert b"Renamed meanwhile" not in content(browser.get(f"{where}file")), "who waited has what was asked for"
    assert browser.get(f"/plans/{plan[1]}/report/json").status_code == 302
    assert [job.key == "" for job in Job.objects.all()] == [True, False]


def test_a_change_request_is_made_apart_too(browser, plan):
    actions.override_port(plan_id=plan[0].pk, matrix=shipped_matrix(), service="ssh", ports="2222")
    address = f"/plans/{plan[1]}/changes/json?from=1&to=2"
    where = browser.get(address).headers["Location"]
    page = Page(browser.get(where))
    assert page.text("h1") == "JSON"
    make_files()
    made = browser.get(address)
    del browser.defaults[ASIDE]
    at_once = browser.get(address)
    assert content(made) == at_once.content
    assert made.headers["Content-Disposition"] == at_once.headers["Content-Disposition"]


def test_what_changed_since_is_made_apart_for_readers_who_are_told(browser, plan):
    told = make(browser, plan[1], shows="pinned", revision="1", shows_changes="1")[1]
    others = make(browser, plan[1], shows="pinned", revision="1")[1]
    actions.override_port(plan_id=plan[0].pk, matrix=shipped_matrix(), service="ssh", ports="2222")
    reader, stranger = by_browser(Client()), by_browser(Client())
    reader.get(told)
    stranger.get(others)
    address = f"{told}changes/json"
    where = reader.get(address).headers["Location"]
    assert where.startswith(f"{told}files/")
    assert Page(reader.get(where)).text("h1") == "JSON"
    make_files()
    made = reader.get(address)
    del reader.defaults[ASIDE]
    at_once = reader.get(address)
    assert content(made) == at_once.content
    assert made.headers["Content-Disposition"] == at_once.headers["Content-Disposition"]
    name = where.split("/")[-2]
    assert stranger.get(f"{others}changes/json").status_code == 404
    assert stranger.get(f"{others}files/{name}/file").status_code == 404
    assert Job.objects.count() == 1


@pytest.mark.parametrize("name", ACCEPTANCE_FORMATS)
def test_an_acceptance_is_made_apart_and_anew_after_other_results(browser, plan, name):
    address = f"/plans/{plan[1]}/acceptance/{name}"
    where = browser.get(address).headers["Location"]
    make_files()
    made = browser.get(address)
    assert made.status_code == 200
    del browser.defaults[ASIDE]
    at_once = browser.get(address)
    assert made.headers["Content-Disposition"] == at_once.headers["Content-Disposition"]
    if name != "pdf":
        assert content(made) == at_once.content
    CheckRun.objects.create(
        plan=plan[0],
        revision=1,
        digest="d",
        source="PC",
        started=timezone.now(),
        file="f",
        checksum="c",
        number=1,
        data=b"",
    )
    browser.defaults[ASIDE] = Turns(1)
    assert browser.get(address).headers["Location"] != where


def test_why_two_revisions_cant_be_compared_is_said(browser, plan):
    where = browser.get(f"/plans/{plan[1]}/changes/json?from=99").headers["Location"]
    make_files()
    page = Page(browser.get(where))
    assert page.text("p", class_="notice-error") == "This plan has no revision 99."
    assert page.all("a", href=f"/plans/{plan[1]}/changes/json?from=99")


class TestWhoMay:
    """A file is for those who may see, when they fetch it, what it was made of."""

    @pytest.fixture
    def made(self, browser, plan):
        """The address of a file that an editor asked for."""
        where = browser.get(f"/plans/{plan[1]}/report/json").headers["Location"]
        make_files()
        return where

    def test_nobody_else_gets_it(self, made):
        stranger = by_browser(Client())
        assert [stranger.get(made + end).status_code for end in ("", "file")] == [404, 404]
        assert stranger.post(f"{made}cancel/").status_code == 404

    def test_nobody_who_may_no_more(self, browser, made):
        Hold.objects.all().delete()
        assert browser.get(f"{made}file").status_code == 404

    def test_it_is_none_of_another_plan(self, browser, made):
        other = store()[1]
        name = made.split("/")[-2]
        assert browser.get(f"/plans/{other}/files/{name}/file").status_code == 404

    def test_one_who_may_only_read_has_files_of_their_own(self, browser, plan, made):
        name = made.split("/")[-2]
        assert browser.get(f"/plans/{plan[1]}/read/files/{name}/file").status_code == 404
        where = browser.get(f"/plans/{plan[1]}/read/report/json").headers["Location"]
        assert where.startswith(f"/plans/{plan[1]}/read/files/")
        make_files()
        assert browser.get(f"{where}file").status_code == 200
        Hold.objects.update(role="read")
        assert browser.get(f"{where}file").status_code == 200
        assert browser.get(f"{made}file").status_code == 403

    def test_a_plan_in_the_bin_has_none(self, browser, plan, made):
        delete_plan(plan_id=plan[0].pk)
        assert browser.get(f"{made}file").status_code == 410
        assert not Job.objects.exists()

    def test_a_name_that_was_never_given(self, browser, plan):
        assert browser.get(f"/plans/{plan[1]}/files/{uuid.uuid4()}/").status_code == 404


class TestLinks:
    """Under read links, each of which has files of its own."""

    @pytest.fixture
    def reader(self, plan):
        return by_browser(Client())

    def ask(self, reader, link, name="json", query=""):
        reader.get(link)
        return reader.get(f"{link}report/{name}{query}").headers["Location"]

    def test_a_reader_gets_what_readers_get(self, client, reader, plan):
        link = read_link(client, plan)
        where = self.ask(reader, link)
        assert where.startswith(f"{link}files/")
        page = Page(reader.get(where))
        assert "/plans/" not in page.html
        assert plan[0].name not in page.html, "what is pinned may have had another"
        assert page.one("meta", name="referrer").get("content") == "same-origin", "else its form is refused"
        make_files()
        made = content(reader.get(f"{where}file"))
        del reader.defaults[ASIDE]
        assert made == reader.get(f"{link}report/json").content

    def test_another_link_and_one_that_was_revoked_lead_to_none(self, client, reader, plan):
        first, second = read_link(client, plan), read_link(client, plan, label="Other")
        where = self.ask(reader, first)
        make_files()
        reader.get(second)
        assert reader.get(f"{second}files/{where.split('/')[-2]}/file").status_code == 404
        ShareLink.objects.filter(label="Network team").update(revoked="2026-01-01T00:00Z")
        answers = [reader.get(where), reader.get(f"{where}file"), reader.post(f"{where}cancel/")]
        assert [answer.status_code for answer in answers] == [404, 404, 404]

    def test_a_link_whose_terms_changed_leads_to_what_they_allow(self, client, reader, plan):
        where = self.ask(reader, read_link(client, plan))
        make_files()
        ShareLink.objects.update(pinned=1)
        assert reader.get(f"{where}file").status_code == 404

    def test_what_is_pinned_stays_as_it_was(self, client, reader, plan):
        link = read_link(client, plan, shows="pinned", revision="1")
        rename(plan[0], "A name that is new")
        where = self.ask(reader, link)
        make_files()
        assert b"A name that is new" not in content(reader.get(f"{where}file"))

    def test_a_gate_stands_before_files_too(self, client, reader, plan):
        link = make(client, plan[1], passphrase="purple monkey dishwasher")[1]
        row = ShareLink.objects.get()
        order = {"kind": "reading", "format": "csv", "asked": {}, "facts": [None, False, False, False]}
        job = plan[0].jobs.create(link=row, order=order)
        for answer in (reader.get(f"{link}files/{job.name}/"), reader.post(f"{link}files/{job.name}/cancel/")):
            assert (answer.status_code, answer.headers["Location"]) == (302, link)
        job.refresh_from_db()
        assert job.state == "waiting"

    def test_no_row_has_the_secret_of_a_link(self, client, reader, plan):
        link = read_link(client, plan)
        token = link.split("/")[-2]
        reader.get(link)
        assert reader.get(f"{link}report/pdf?cover=1").status_code == 200, "made at once: it says the link"
        self.ask(reader, link, "csv", f"?text={'x' * 20}")
        make_files()
        rows = repr([*Job.objects.values(), *(bytes(piece.data) for piece in Piece.objects.all())])
        assert token not in rows
        assert hash_token(token) not in rows


def test_more_than_may_wait_are_told_so(browser, plan, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_OF_PLAN", 1)
    browser.get(f"/plans/{plan[1]}/report/csv")
    refused = browser.get(f"/plans/{plan[1]}/report/json")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")


@pytest.mark.parametrize("endpoints", [100, 10_000])
def test_what_takes_no_time_is_made_at_once(browser, plan, settings, monkeypatch, endpoints):
    settings.JOBS_FROM = 2.0
    monkeypatch.setattr(jobs, "count_endpoints", lambda _: endpoints)
    answered = {
        name: browser.get(f"/plans/{plan[1]}/report/{name}").status_code for name in ("csv", "xlsx", "all-firewalls")
    }
    apart = {100: [], 10_000: ["xlsx", "all-firewalls"]}[endpoints]
    assert [name for name, status in answered.items() if status == 302] == apart


def test_weasyprint_takes_longer(browser, plan, settings, monkeypatch):
    settings.JOBS_FROM = 2.0
    monkeypatch.setattr(jobs, "count_endpoints", lambda _: 2_000)
    assert browser.get(f"/plans/{plan[1]}/report/pdf").status_code == 200
    settings.PDF_ENGINE = "weasyprint"
    assert browser.get(f"/plans/{plan[1]}/report/pdf").status_code == 302


def test_a_server_without_turns_makes_all_at_once(client, plan):
    assert client.get(f"/plans/{plan[1]}/report/csv", headers={"Accept": TEXT_HTML}).status_code == 200
    assert not Job.objects.exists()


def test_an_account_that_may_no_more_gets_nothing(settings, plan, django_user_model):
    settings.REQUIRE_LOGIN = True
    user = django_user_model.objects.create_user("kim")
    browser = by_browser(Client())
    browser.force_login(user)
    Holder(user=user).give(plan[0], Hold.Role.EDIT)
    where = browser.get(f"/plans/{plan[1]}/report/csv").headers["Location"]
    make_files()
    assert browser.get(f"{where}file").status_code == 200
    user.is_active = False
    user.save()
    assert browser.get(f"{where}file").status_code in (302, 404)


def test_an_edit_beside_a_job_is_no_matter(browser, plan):
    """The document that a file is made of is the one that was stored last."""
    where = browser.get(f"/plans/{plan[1]}/report/csv").headers["Location"]
    actions.override_port(plan_id=plan[0].pk, matrix=shipped_matrix(), service="ssh", ports="2222")
    make_files()
    assert b"2222" in content(browser.get(f"{where}file"))
