"""Whatever is sent to the API: no failure of the service's own, and no answer that its document doesn't tell of."""

import pytest
from django.db import close_old_connections, transaction
from django.http import HttpResponse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.store.models import Plan
from tests.api.known import NOT_HERE, list_known
from tests.api.programs import make
from tests.strategies import often, rounds

FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def anything():
    """The module of that name, which takes each process a second to import, and one of them needs it."""
    from tests.api import anything

    return anything


@pytest.fixture(autouse=True)
def _one_connection(anything):
    """The application leaves the connection open, as it does for the client of other tests."""
    yield
    for signal in anything.SIGNALS:
        signal.connect(close_old_connections)


@pytest.fixture
def headers(plan):
    return {"Authorization": f"Bearer {make()}", "Host": "localhost"}


def count(reached, case, response):
    """Keep which operations answered with what."""
    reached.setdefault(name_of(case.operation), set()).add(response.status_code)


def name_of(operation):
    return operation.definition.raw["operationId"]


def succeeded(reached):
    return {name for name, statuses in reached.items() if any(status < 400 for status in statuses)}


def make_chain(of_plans, plan, headers, reached):
    """Requests one after the other, by what was answered to those before; a key that leads nowhere is the plan's."""

    class Chain(of_plans.as_state_machine()):
        def before_call(self, case):
            there = {str(key) for key in Plan.objects.values_list("key", flat=True)}
            if "key" in (case.path_parameters or {}) and case.path_parameters["key"] not in there:
                case.path_parameters["key"] = str(plan.key)

        def after_call(self, response, case):
            super().after_call(response, case)
            count(reached, case, response)

        def get_call_kwargs(self, case):
            return {"headers": headers}

        def validate_response(self, response, case, **kwargs):
            case.validate_response(response, headers=headers, transport_kwargs=kwargs, recorder=self.recorder)

    return Chain


def test_any_chain_of_requests_is_answered_as_the_document_says(anything, plan, headers):
    """What is made is read, replaced and deleted again, as the links of the document lead."""
    make_chain(anything.OF_PLANS, plan, headers, {}).run(
        settings=settings(
            FUZZ,
            max_examples=rounds(6),
            stateful_step_count=5,
            suppress_health_check=list(HealthCheck),
            backend="hypothesis",
        )
    )


def ask_around(operation, one, headers, reached):
    """Ask for what is there, with the headers and parameters that an operation may have besides."""
    facts = {"path_parameters": one.path, "headers": one.headers, "query": one.query}
    if operation.body:
        facts |= {"body": one.body, "media_type": one.kind}

    @settings(FUZZ, max_examples=often(1))
    @given(operation.as_strategy(**facts))
    def ask(case):
        with transaction.atomic():
            count(reached, case, case.call_and_validate(headers=headers))
            transaction.set_rollback(True)

    ask()


@pytest.mark.slow
def test_what_comes_of_requests_that_succeed_is_what_the_document_says(anything, program, plan, headers):
    """Every operation is asked for what is there: so its answer is looked at, and not only what it refuses."""
    known, reached = list_known(program, plan), {}
    for operation in anything.OPERATIONS:
        ask_around(operation, known[operation.method.upper(), operation.path], headers, reached)
    refused = {name: statuses for name, statuses in reached.items() if name not in succeeded(reached)}
    assert refused.keys() == NOT_HERE.keys(), refused
    assert len(reached) == len(anything.OPERATIONS)


def fail(**_):
    raise RuntimeError("planted")


def answer_otherwise(*args, **facts):
    return HttpResponse(*args, **(facts | {"status": 203}))


@pytest.mark.parametrize(
    ("where", "fault"),
    [("planner.store.actions.hand_over", fail), ("planner.api.handovers.HttpResponse", answer_otherwise)],
)
def test_a_fault_behind_a_request_that_succeeds_is_found(anything, program, plan, headers, monkeypatch, where, fault):
    known = list_known(program, plan)
    [operation] = [one for one in anything.OPERATIONS if name_of(one) == "hand_over"]
    monkeypatch.setattr(where, fault)
    with pytest.raises(anything.FailureGroup):
        ask_around(operation, known["POST", operation.path], headers, {})


@pytest.mark.parametrize(("mode", "examples"), [("POSITIVE", 50), ("NEGATIVE", 75)])
def test_any_request_is_answered_as_the_document_says(anything, plan, headers, mode, examples):
    @settings(FUZZ, max_examples=often(examples))
    @given(st.data())
    def ask(data):
        operation = data.draw(st.sampled_from(anything.OPERATIONS))
        known = {"key": str(plan.key)} if "{key}" in operation.path and data.draw(st.booleans()) else None
        case = data.draw(operation.as_strategy(anything.GenerationMode[mode], path_parameters=known))
        with transaction.atomic():
            case.call_and_validate(headers=headers)
            transaction.set_rollback(True)

    ask()
