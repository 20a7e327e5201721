"""What findings, rules and closed ways of the ready-made topologies say, word for word, as in tests/golden.

The golden files are those of the JSON format (tests/test_golden.py): here the engine alone is held to its words.
"""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from planner.engine import evaluate_report
from planner.engine.expectations import check_expectations
from planner.engine.findings.evidence import Decision
from planner.engine.words import say_choice
from planner.plan.document import check_plan, read_plan
from ports.queries import shipped_matrix
from tests.examples import EXAMPLES, UNANSWERED

GOLDEN = Path(__file__).parents[1] / "golden"
MATRIX = shipped_matrix()


@pytest.mark.parametrize("slug", ["everything", "unanswered", "remote-sites"])
def test_findings_and_rules_are_worded_as_in_the_golden_files(slug):
    example = UNANSWERED["everything"] if slug == "unanswered" else EXAMPLES[slug]
    report = evaluate_report(MATRIX, read_plan(example.data, matrix=MATRIX))
    golden = json.loads((GOLDEN / f"{slug}.json").read_text("utf-8"))
    assert [
        (one.code, one.severity, one.title, list(one.endpoints), one.message, one.advice) for one in report.findings
    ] == [tuple(one[key] for key in ("code", "severity", "title", "endpoints", "message", "advice"))
          for one in golden["findings"]]  # fmt: skip
    assert [(rule.id, [reason.text for reason in rule.reasons]) for rule in report.rules] == [
        (one["id"], [text.rpartition(": ")[2] for text in one["reasons"]]) for one in golden["rules"]
    ]


def plan(zones, *endpoints, **more):
    rows = [{"name": name, "kind": kind} for name, kind in zones.items()]
    return check_plan({"format": 1, "name": "P", "zones": rows, "endpoints": list(endpoints), **more}, matrix=MATRIX)


def machine(name, zone, address, *roles, **more):
    return {"name": name, "zone": zone, "addresses": [address], "roles": list(roles), **more}


WEB = machine("PS01", "Inside", "10.0.0.1", "web-primary")
SITES = {"Inside": "internal", "Lima": "remote-site", "Quito": "remote-site"}
MANAGED = {"platforms": ["windows"], "operations": ["reset"]}


@pytest.mark.parametrize(
    ("document", "code", "message", "advice"),
    [
        (
            plan(SITES, WEB, *(machine(f"{zone[0]}1", zone, "10.1.0.1", **MANAGED) for zone in ("Lima", "Quito"))),
            "site-without-agent",
            (
                "Lima, Quito: 2 remote sites have managed systems, 2 endpoints (L1, Q1), but no site agent; they are "
                "reached from elsewhere, on every port of every operation."
            ),
            "Place a site agent there: then only its own calls cross the boundary.",
        ),
        (
            plan(
                SITES,
                WEB,
                machine("L1", "Lima", "10.1.0.1", **MANAGED),
                machine("L2", "Lima", "10.1.0.2", operations=["reset"]),
            ),
            "site-without-agent",
            (
                "Lima: 1 remote site has managed systems, 2 endpoints (L1, L2), but no site agent; of them 1 endpoint "
                "(L1) is reached from elsewhere, on every port of every operation."
            ),
            "Place a site agent there: then only its own calls cross the boundary.",
        ),
        (
            plan(
                SITES,
                machine("W", "Lima", "10.1.0.9", "web-primary"),
                machine("L1", "Lima", "10.1.0.1", **MANAGED),
            ),
            "site-without-agent",
            "Lima: 1 remote site has managed systems, 1 endpoint (L1), but no site agent.",
            "Place a site agent there: then only its own calls cross the boundary.",
        ),
        (
            plan({"Inside": "internal"}, machine("S1", "Inside", "10.1.0.1", **MANAGED)),
            "operations-without-engine",
            "S1: 1 endpoint has operations, but nothing in the plan can carry them out.",
            "Add a site agent or web server, or name one in their managed-by.",
        ),
        (
            plan({"Inside": "internal"}, WEB),
            "nobody-uses",
            (
                "1 endpoint (PS01): nobody in the plan uses “Primary web server”, so the document asks for no way in "
                "for people."
            ),
            (
                "Say who uses it: give an endpoint, such as a group of workstations, the role “Website users” or "
                "“Browser extension users” or “Self-destruct message readers” or “Browser session users”."
            ),
        ),
    ],
    ids=["site", "partly", "on-site", "nobody", "unused"],
)
def test_findings_that_no_topology_has_are_worded_as_well(document, code, message, advice):
    [found] = [one for one in evaluate_report(MATRIX, document).findings if one.code == code]
    assert (found.message, found.advice) == (message, advice)


def not_to(destination, **more):
    return {"source": "PS01", "destination": destination, "reason": "Closed", **more}


@pytest.mark.parametrize(
    ("exclusions", "said"),
    [
        ([not_to("L1", protocol="tcp", ports="5985")], "; they are reached from elsewhere"),
        ([not_to("L2")], "; of them 1 endpoint (L1) is reached from elsewhere, on every port of every operation"),
        ([not_to("L1"), not_to("L2")], ""),
    ],
)
def test_a_site_is_reached_on_every_port_only_where_the_plan_excludes_none(exclusions, said):
    sites = (machine(f"L{number}", "Lima", f"10.1.0.{number}", **MANAGED) for number in (1, 2))
    report = evaluate_report(MATRIX, plan(SITES, WEB, *sites, exclusions=exclusions))
    assert report.excluded
    [found] = [one for one in report.findings if one.code == "site-without-agent"]
    assert found.message.partition("but no site agent")[2] == f"{said}."


def test_what_is_expected_is_said_with_its_zones():
    sides = {"from": {"zone": "Lima"}, "to": {"endpoint": "PS01"}, "allowed": False, "protocol": "tcp"}
    report = evaluate_report(MATRIX, plan(SITES, WEB, expect=[sides, sides | {"allowed": True, "ports": "9"}]))
    assert [one.said for one in check_expectations(report)] == [
        "tcp from the zone Lima to PS01 is not allowed",
        "tcp 9 from the zone Lima to PS01 is allowed",
    ]


def test_what_is_decided_is_said_with_its_options_or_with_none():
    document = plan({"Inside": "internal"}, WEB)
    many = next(choice for choice in MATRIX.choices.values() if choice.many)
    one = next(choice for choice in MATRIX.choices.values() if not choice.many)
    chosen = {many.slug: (), one.slug: one.options[0].slug}
    decided = replace(document, choices=chosen)
    assert say_choice(MATRIX, decided, many.slug) == f"{many.name}: none"
    assert say_choice(MATRIX, decided, one.slug) == f"{one.name}: {one.options[0].name}"
    undecided = next(choice for choice in MATRIX.choices.values() if choice.default is None)
    assert say_choice(MATRIX, document, undecided.slug) == f"{undecided.name}: not decided"


def test_what_an_option_opens_is_said():
    choice = next(iter(MATRIX.choices.values()))
    option, *_ = choice.options
    said = {
        (): "Opens nothing between zones.",
        ("tcp 389", "udp 389"): "Opens tcp 389, udp 389.",
    }
    for services, sentence in said.items():
        decision = Decision(choice=choice, flows=0, free=(), excluded=(), services={option.slug: services})
        assert decision.say_option(option) == sentence
    free = Decision(choice=choice, flows=0, free=(option.slug,), excluded=(), services={})
    assert free.say_option(option) == "Needs nothing more than is open anyway."


def test_an_option_whose_flows_the_plan_excludes_is_not_recommended():
    hosts = WEB, machine("ESX", "Inside", "10.0.0.9", platforms=["vmware-esxi"], operations=["reset"])
    kept_out = {"source": "PS01", "destination": "ESX", "protocol": "tcp", "ports": "443", "reason": "Not wanted"}
    [decision] = evaluate_report(MATRIX, plan({"Inside": "internal"}, *hosts, exclusions=[kept_out])).decisions
    said = {option.slug: decision.say_option(option) for option in decision.choice.options}
    assert said == {
        "ssh": "Opens nothing between zones.",
        "powercli": "What it needs beyond what is open is excluded by the plan.",
    }


def test_a_requirement_opens_nothing_as_something_is_missing_or_not_used():
    report = evaluate_report(MATRIX, plan(SITES, WEB | {"roles": ["web-primary", "password-reset-portal"]}))
    assert {one.kind for one in report.unneeded} == {"unused", "missing"}
