"""Rulesets and plans that the tests of existing rules are about, in a few words."""

import ipaddress

from planner.engine.existing.decide import compare_with
from planner.engine.existing.model import EVERYTHING, Entry, Match, Ruleset, Sides, Stage
from planner.engine.spans import FAMILIES, PORTS, PROTOCOLS, Spans
from tests.report.firewall.test_permits import flow, host, plan

__all__ = ["flow", "host", "plan"]

NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17}


def spans(text, family=4):
    """Networks and addresses, divided by spaces; nothing for all."""
    if not text:
        return FAMILIES[family]
    networks = map(ipaddress.ip_network, text.split())
    return Spans.of((int(one[0]), int(one[-1])) for one in networks)


def match(source="", destination="", service="", family=4, **more):
    """`service`: tcp, tcp/443, tcp/80-90; nothing for all."""
    protocol, _, ports = service.partition("/")
    first, _, last = ports.partition("-")
    return Match(
        family=family,
        **{
            "sources": spans(source, family),
            "destinations": spans(destination, family),
            "protocols": Spans.only(NUMBERS[protocol]) if protocol else PROTOCOLS,
            "ports": Spans(((int(first), int(last or first)),)) if ports else PORTS,
        } | more,
    )  # fmt: skip


def accept(name, *matches, **more):
    return Entry(name=name, matches=matches or EVERYTHING, verdict=more.pop("verdict", "accept"), **more)


def drop(name, *matches, **more):
    return accept(name, *matches, verdict="drop", **more)


def stage(*entries, default="drop", name="forward"):
    return Stage(name=name, entries=entries, default=default, default_name=f"policy {default} of {name}")


def ruleset(*entries, chains=None, default="drop", more=(), **rest):
    """One stage of these entries, and `more` stages."""
    return Ruleset(format="nftables", stages=(stage(*entries, default=default), *more), chains=chains or {}, **rest)


def side(*names, negated=False):
    prefixes = frozenset(name[:-1] for name in names if name.endswith("*"))
    return Sides(names=frozenset(names) - {f"{one}*" for one in prefixes}, prefixes=prefixes, negated=negated)


WEB, STORE = "10.0.0.10", "192.0.2.10"


def one_flow(protocol="tcp", ports="443", source=(WEB,), destination=(STORE,), **more):
    """The report of a plan with one flow between zones, from Web (Internal) to Store (DMZ)."""
    endpoints = [host("Web", *source), host("Store", *destination, zone="DMZ")]
    return plan(endpoints, [flow("Web", "Store", protocol, ports)], **more)


def decide(report, *entries, mapping=None, firewall=None, **more):
    """The state of the only flow of a report, and the whole answer."""
    gap = compare_with(report, ruleset(*entries, **more), mapping, firewall)
    [state] = gap.flows
    return state, gap
