"""Whatever is sent to the API: no failure of the service's own, and no answer that its document doesn't tell of."""

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from planner.api.service import describe_service
from planner.wsgi import application
from ports.queries import shipped_matrix
from tests.api.programs import make
from tests.strategies import often

FUZZ = settings(
    max_examples=often(100), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
BEYOND = [400, 410, 412, 422, 428]
"""Answers to what a schema admits and the service doesn't: names in it that lead nowhere, a state of the plan."""
CONFIG = schemathesis.Config.from_dict(
    {
        "checks": {
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "429", *map(str, BEYOND)]
            }
        }
    }
)
schemathesis.openapi.media_type("application/zip", st.binary(max_size=100))
SCHEMA = schemathesis.openapi.from_dict(describe_service(shipped_matrix()), config=CONFIG)


def answer_whole(environ, start_response):
    """The application as a server runs it: an answer is read to its end and closed, with its file."""
    answer = application(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


SCHEMA.app = answer_whole
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]


@pytest.fixture(autouse=True)
def _one_connection():
    """The application leaves the connection open, as it does for the client of other tests."""
    signals = request_started, request_finished
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def headers(plan):
    return {"Authorization": f"Bearer {make()}", "Host": "localhost"}


def test_any_chain_of_requests_is_answered_as_the_document_says(plan, headers):
    """What is made is read, replaced and deleted again, as the links of the document lead."""

    class Chain(SCHEMA.as_state_machine()):
        def get_call_kwargs(self, case):
            return {"headers": headers}

    Chain.run(
        settings=settings(FUZZ, max_examples=often(6), stateful_step_count=5, suppress_health_check=list(HealthCheck))
    )


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@FUZZ
@given(st.data())
def test_any_request_is_answered_as_the_document_says(plan, headers, mode, data):
    operation = data.draw(st.sampled_from(OPERATIONS))
    known = {"key": str(plan.key)} if "{key}" in operation.path and data.draw(st.booleans()) else None
    case = data.draw(operation.as_strategy(mode, path_parameters=known))
    with transaction.atomic():
        case.call_and_validate(headers=headers)
        transaction.set_rollback(True)
