"""Comparisons with a firewall that are kept with a plan, as they are made without a configuration."""

from planner.engine.existing.drift import Answer, FlowAnswer, WiderAnswer
from planner.store.compared import pack
from planner.store.compared_models import Compared


def flow_answer(source="PS01", destination="DC01", ports="389", state="open", by=("policy 17",), **more):
    facts = {"protocol": "tcp", "note": ""} | more
    return FlowAnswer(source=source, destination=destination, ports=ports, state=state, by=by, **facts)


def make_answer(*flows, wider=(), unknown=(), missing=1):
    return Answer(flows=flows, wider=tuple(wider), unknown=tuple(unknown), missing=missing)


def wider_answer(entry="policy 3", services=("tcp 22",)):
    return WiderAnswer(entry=entry, sources=("PS01",), destinations=("DC01",), services=services)


def keep_comparison(plan, number=1, answer=None, **facts):
    """A row of this number; the first one has a flow that is closed, later ones have it open."""
    if answer is None:
        state = "closed" if number == 1 else "open"
        answer = make_answer(flow_answer(state=state), wider=[wider_answer()], unknown=["schedule nights"])
    known = {"revision": 1, "firewall": "FW-HQ", "format": "fortigate"} | facts
    return Compared.objects.create(
        pk=number, plan=plan, counts=answer.counts, missing=answer.missing, wider=len(answer.wider),
        data=pack(answer), **known,
    )  # fmt: skip
