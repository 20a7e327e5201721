"""Files that are made apart: one for all who ask, taken by one runner at a time, tried again, and kept a while."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from planner.store import jobs
from planner.store.bin import delete_plan
from planner.store.files import File
from planner.store.growth import tidy
from planner.store.job_models import Job, Piece
from planner.store.jobs import Order
from planner.store.models import Plan
from tests.strategies import rounds
from tests.web.views.pages import store

pytestmark = pytest.mark.django_db
FORMATS = ("pdf", "xlsx", "csv")
RUNNERS = ("a" * 32, "b" * 32)
DATA = bytes(range(256)) * 3_000
"""More than two pieces."""


@pytest.fixture
def plan():
    return Plan.objects.defer("document").get(pk=store()[0].pk)


def order(name="pdf", **asked):
    return Order(kind="report", format=name, asked=asked)


def made(plan, name="pdf", data=b"data"):
    """A job that is done."""
    job = jobs.ask(plan, order(name))
    assert jobs.claim(RUNNERS[0]) == job
    assert jobs.finish(job.pk, RUNNERS[0], File(data=data, content_type="text/plain", name="n"))
    return Job.objects.get(pk=job.pk)


class Jobs(RuleBasedStateMachine):
    """What the table does, against a list of what each job is and whose."""

    plan = None

    def __init__(self):
        super().__init__()
        Job.objects.all().delete()
        self.known = {}
        """By number: state, runner, tries, key."""

    def pick(self, data):
        return data.draw(st.sampled_from(sorted(self.known)))

    def is_of(self, number, runner):
        return self.known[number][:2] == ("running", runner)

    @rule(name=st.sampled_from(FORMATS))
    def ask(self, name):
        live = [number for number, one in self.known.items() if one[3] == name and one[0] in jobs.LIVE]
        job = jobs.ask(self.plan, order(name))
        assert [job.pk] == live or (not live and job.pk not in self.known)
        self.known.setdefault(job.pk, ("waiting", "", 0, name))

    @rule(runner=st.sampled_from(RUNNERS))
    def claim(self, runner):
        job = jobs.claim(runner)
        for number, (state, _, tries, name) in sorted(self.known.items()):
            if state != "waiting":
                continue
            if tries < jobs.MOST_TRIES:
                assert job is not None
                assert job.pk == number
                self.known[number] = ("running", runner, tries + 1, name)
                return
            self.known[number] = ("failed", "", tries, name)
        assert job is None

    @precondition(lambda self: self.known)
    @rule(data=st.data(), runner=st.sampled_from(RUNNERS), size=st.sampled_from((0, 1, len(DATA))))
    def finish(self, data, runner, size):
        number = self.pick(data)
        done = jobs.finish(number, runner, File(data=DATA[:size], content_type="text/plain", name="n"))
        assert done == self.is_of(number, runner)
        if done:
            self.known[number] = ("done", "", *self.known[number][2:])
            assert b"".join(jobs.read_pieces(Job.objects.get(pk=number))) == DATA[:size]

    @precondition(lambda self: self.known)
    @rule(data=st.data(), runner=st.sampled_from(RUNNERS), how=st.sampled_from(("fail", "let_go", "give_back")))
    def lose(self, data, runner, how):
        number = self.pick(data)
        getattr(jobs, how)(number, runner, *(["Why."] if how == "fail" else []))
        if self.is_of(number, runner):
            _, _, tries, name = self.known[number]
            state = "failed" if how == "fail" else "waiting"
            self.known[number] = (state, "", tries - (how == "give_back"), name)

    @precondition(lambda self: self.known)
    @rule(data=st.data(), runner=st.sampled_from(RUNNERS))
    def renew(self, data, runner):
        number = self.pick(data)
        jobs.note_progress(number, runner, "Being done", 1, 2)
        assert jobs.renew(number, runner) == self.is_of(number, runner)

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def cancel(self, data):
        number = self.pick(data)
        was = self.known[number]
        assert jobs.cancel(Job.objects.get(pk=number)) == (was[0] in ("waiting", "running"))
        if was[0] in ("waiting", "running"):
            self.known[number] = ("cancelled", "", *was[2:])

    @rule(runner=st.sampled_from(RUNNERS))
    def runner_is_gone(self, runner):
        """Its claims run out, so that they are as good as waiting."""
        Job.objects.filter(state="running", runner=runner).update(until=timezone.now() - timedelta(seconds=1))
        for number, (state, whose, tries, name) in self.known.items():
            if (state, whose) == ("running", runner):
                self.known[number] = ("waiting", "", tries, name)
                # It can come back and go on as long as nobody has taken it; here it doesn't.
                Job.objects.filter(pk=number).update(runner="c" * 32)

    @invariant()
    def table_says_the_same(self):
        rows = {job.pk: job for job in Job.objects.all()}
        assert set(rows) == set(self.known)
        for number, (state, runner, tries, _) in self.known.items():
            assert rows[number].tries == tries
            if state == "running":
                assert (rows[number].state, rows[number].runner) == (state, runner)
            elif state == "waiting":
                assert rows[number].state == "waiting" or rows[number].until < timezone.now()
            else:
                assert rows[number].state == state
                assert (rows[number].ended is not None) == rows[number].is_over
        assert not Piece.objects.exclude(job__state="done").exists()


@pytest.mark.slow
def test_whatever_is_done_in_any_order_the_table_says_who_has_what(plan):
    machine = type("OfOnePlan", (Jobs,), {"plan": plan})
    run_state_machine_as_test(
        machine,
        settings=hypothesis_settings(
            max_examples=rounds(30),
            stateful_step_count=30,
            backend="hypothesis",
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_same_file_is_asked_for_once_and_another_again(plan):
    first = jobs.ask(plan, order(text="dns", paper="a4"))
    assert jobs.ask(plan, order(paper="a4", text="dns")) == first, "in whatever order the address says it"
    others = [
        jobs.ask(plan, order(text="dns")),
        jobs.ask(plan, order("xlsx", text="dns", paper="a4")),
        jobs.ask(plan, Order(kind="reading", format="pdf", asked={"text": "dns", "paper": "a4"})),
        jobs.ask(plan, Order(kind="reading", format="pdf", asked={"text": "dns", "paper": "a4"}, facts=(1,))),
    ]
    assert len({first, *others}) == 5


@pytest.mark.parametrize("name", ["PDF_ENGINE", "CLASSIFICATION", "STYLESHEET", "TIME_ZONE", "SECRET_KEY"])
def test_a_file_follows_from_the_settings(plan, settings, name):
    before = jobs.key_of(plan, order())
    setattr(settings, name, "Europe/Oslo" if name == "TIME_ZONE" else "weasyprint" * 5)
    assert jobs.key_of(plan, order()) != before


def test_a_file_follows_from_the_code(plan, monkeypatch):
    before = jobs.key_of(plan, order())
    assert jobs.key_of(plan, order()) == before
    monkeypatch.setattr(jobs, "_read_code", lambda: "another version")
    assert jobs.key_of(plan, order()) != before


def test_a_key_tells_nothing_and_nobody_else_can_make_it(plan, settings):
    key = jobs.key_of(plan, order(text="secret-name"))
    assert len(key) == 64
    settings.SECRET_KEY = "another key of another service, long enough"
    assert jobs.key_of(plan, order(text="secret-name")) != key


def test_a_claim_of_before_the_clock_was_set_back_runs_out_too(plan):
    job = jobs.ask(plan, order())
    jobs.claim(RUNNERS[0])
    assert jobs.claim(RUNNERS[1]) is None
    Job.objects.update(until=timezone.now() + timedelta(days=1))
    assert jobs.claim(RUNNERS[1]) == job


def test_what_a_runner_gives_back_was_no_try_of_it(plan):
    job = jobs.ask(plan, order())
    for _ in range(5):
        assert jobs.claim(RUNNERS[0]) == job
        jobs.give_back(job.pk, RUNNERS[0])
    for _ in range(jobs.MOST_TRIES):
        assert jobs.claim(RUNNERS[0]) == job
        jobs.let_go(job.pk, RUNNERS[0])
    assert jobs.claim(RUNNERS[0]) is None
    job.refresh_from_db()
    assert (job.state, job.said) == ("failed", jobs.ENDED)


def test_of_two_who_look_at_the_same_moment_one_has_it(plan, monkeypatch):
    jobs.ask(plan, order())
    stale = list(Job.objects.all())

    class Stale(list):
        def order_by(self, *_):
            return self

    assert jobs.claim(RUNNERS[0]) is not None
    real = Job.objects.filter
    monkeypatch.setattr(Job.objects, "filter", lambda *args, **names: real(*args, **names) if names else Stale(stale))
    assert jobs.claim(RUNNERS[1]) is None


def test_a_file_that_is_larger_than_all_may_be_is_not_kept(plan, settings):
    settings.JOBS_MIB = 1
    job = jobs.ask(plan, order())
    jobs.claim(RUNNERS[0])
    assert not jobs.finish(job.pk, RUNNERS[0], File(data=b"x" * (2**20 + 1), content_type="text/plain", name="n"))
    job.refresh_from_db()
    assert (job.state, job.said) == ("failed", "The file has 1 MiB, more than is kept here.")
    assert not Piece.objects.exists()


def test_the_oldest_make_room_for_the_newest(plan, settings):
    settings.JOBS_MIB = 1
    names = ["pdf", "xlsx", "csv"]
    for name in names:
        made(plan, name, b"x" * 400_000)
    assert [job.order["format"] for job in Job.objects.all()] == names[1:]
    assert set(Piece.objects.values_list("job", flat=True)) == set(Job.objects.values_list("pk", flat=True))


def test_what_is_older_than_it_is_kept_goes(plan, settings):
    settings.JOBS_HOURS = 2
    now = timezone.now()
    kept, old = made(plan, "pdf"), made(plan, "xlsx")
    failed, cancelled, waiting = (jobs.ask(plan, order(text=str(number))) for number in range(3))
    jobs.claim(RUNNERS[0])
    jobs.fail(failed.pk, RUNNERS[0], "Why.")
    jobs.cancel(cancelled)
    Job.objects.filter(pk=kept.pk).update(ended=now - timedelta(minutes=119))
    Job.objects.filter(pk=old.pk).update(ended=now - timedelta(minutes=121))
    Job.objects.filter(pk__in=(failed.pk, cancelled.pk)).update(ended=now - timedelta(minutes=61))
    Job.objects.filter(pk=waiting.pk).update(asked=now - timedelta(minutes=121))
    assert tidy()["file that was made", "files that were made"] == 4
    assert list(Job.objects.all()) == [kept]
    assert Piece.objects.count() == 1


def test_a_plan_that_is_deleted_takes_its_files_along(plan):
    made(plan)
    other = Plan.objects.get(pk=store()[0].pk)
    other_job = jobs.ask(other, order())
    delete_plan(plan_id=plan.pk)
    assert list(Job.objects.all()) == [other_job]
    other.delete()
    assert not Job.objects.exists()


def test_no_more_wait_than_may(plan, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_OF_PLAN", 2)
    for number in range(2):
        jobs.ask(plan, order(text=str(number)))
    with pytest.raises(jobs.TooMany):
        jobs.ask(plan, order(text="2"))
    assert jobs.ask(plan, order(text="1")).state == "waiting", "what is asked for already is no more"
    monkeypatch.setattr(jobs, "MOST_IN_ALL", 2)
    with pytest.raises(jobs.TooMany):
        jobs.ask(Plan.objects.get(pk=store()[0].pk), order())


def sealed(plan, data=b"set password Hunter2"):
    return jobs.ask_sealed(plan, Order(kind="existing", format="csv", asked={}), data)


def lose_while_it_is_kept(monkeypatch, job, then=lambda: None):
    """The next runner takes the job when the first one has stored a piece, and goes on before that stores another."""
    renew, lost = jobs.renew, []

    def watch(number, runner):
        if not lost and Piece.objects.filter(job=job, number__gte=jobs.MADE).exists():
            lost.append(runner)
            Job.objects.filter(pk=job.pk).update(until=timezone.now() - timedelta(seconds=1))
            assert jobs.claim(RUNNERS[1]) == job
            then()
        return renew(number, runner)

    monkeypatch.setattr(jobs, "renew", watch)
    return lost


FILE = File(data=DATA, content_type="text/plain", name="n")


def test_a_runner_that_lost_a_job_takes_nothing_from_the_one_that_has_made_it(plan, monkeypatch):
    job = jobs.ask(plan, order())
    jobs.claim(RUNNERS[0])
    lost = lose_while_it_is_kept(monkeypatch, job, lambda: jobs.finish(job.pk, RUNNERS[1], FILE))
    assert not jobs.finish(job.pk, RUNNERS[0], FILE)
    assert lost == [RUNNERS[0]]
    job.refresh_from_db()
    assert (job.state, job.size) == ("done", len(DATA))
    assert b"".join(jobs.read_pieces(job)) == DATA


def test_what_was_sent_is_there_for_the_next_runner_until_the_answer_is_whole(plan, monkeypatch):
    job = sealed(plan)
    jobs.claim(RUNNERS[0])
    lose_while_it_is_kept(monkeypatch, job)
    assert not jobs.finish(job.pk, RUNNERS[0], FILE)
    assert jobs.read_sent(job) == b"set password Hunter2"
    assert jobs.finish(job.pk, RUNNERS[1], FILE)
    assert b"".join(jobs.read_pieces(Job.objects.get())) == DATA
    assert not Piece.objects.filter(number__lt=jobs.MADE).exists()


def test_a_file_of_an_earlier_version_can_still_be_had(plan):
    job = made(plan, data=DATA)
    Piece.objects.update(number=F("number") - jobs.MADE)
    assert b"".join(jobs.read_pieces(job)) == DATA


def test_who_sends_many_configurations_keeps_no_other_plan_waiting(plan):
    for number in range(jobs.MOST_SEALED_OF_PLAN):
        sealed(plan, b"%d" % number)
    with pytest.raises(jobs.TooMany):
        sealed(plan, b"one more")
    assert sealed(plan, b"0").state == "waiting", "what is asked for already is no more"
    assert sealed(Plan.objects.get(pk=store()[0].pk)).state == "waiting"


def test_endpoints_are_counted_in_the_database(plan):
    whole = Plan.objects.get(pk=plan.pk)
    assert jobs.count_endpoints(plan) == len(whole.document["endpoints"]) > 0
    Plan.objects.filter(pk=plan.pk).update(document={"name": "None"})
    assert jobs.count_endpoints(plan) == 0
