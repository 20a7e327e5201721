"""What any request is drawn from, and how it is sent: the service's document, as schemathesis reads it.

Both take a process that collects tests a second: `test_anything.py` imports it as it runs.
"""

import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.failures import FailureGroup

from planner.api.service import describe_service
from planner.wsgi import application
from ports.queries import shipped_matrix

__all__ = ["OF_PLANS", "OPERATIONS", "SIGNALS", "FailureGroup", "GenerationMode"]

BEYOND = [400, 410, 412, 422, 428]
"""Answers to what a schema admits and the service doesn't: names in it that lead nowhere, a state of the plan."""
CONFIG = schemathesis.Config.from_dict(
    {
        "phases": {"stateful": {"generation": {"mode": "positive"}}},
        "checks": {
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "429", *map(str, BEYOND)]
            }
        },
    }
)
schemathesis.openapi.media_type("application/zip", st.binary(max_size=100))
SIGNALS = request_started, request_finished
SCHEMA = schemathesis.openapi.from_dict(describe_service(shipped_matrix()), config=CONFIG)


def answer_whole(environ, start_response):
    """The application as a server runs it: an answer is read to its end and closed, with its file."""
    for signal in SIGNALS:  # the client of other tests connects it after each request
        signal.disconnect(close_old_connections)
    answer = application(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


SCHEMA.app = answer_whole
OF_PLANS = SCHEMA.exclude(path_regex="/(editions|evaluate|compare)")
"""Without what leads nowhere: a chain has few links."""
OPERATIONS = [found.ok() for found in SCHEMA.get_all_operations()]
