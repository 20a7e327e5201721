"""The firewalls on paper: which rules pass which, from where to where, and what is seen under another address."""

from planner.report.paper.report_pages import compose_report
from planner.report.said.edition import Edition
from planner.report.said.filters import Filter, select
from tests.report.samples import contoso, evaluate
from tests.report.test_print import DAY
from tests.report.test_sheets import texts

EDGE = {
    "name": "FW-EDGE", "format": "fortigate", "zones": {"Internet": "wan1", "DMZ": "port2", "Internal": "port1"},
}  # fmt: skip
CORE = {
    "name": "FW-CORE",
    "format": "asa",
    "zones": {"Internet": "up", "DMZ": "up", "Internal": "inside"},
    "log": False,
}


def passed(report, firewall):
    """From, to and rules as they have to be: by every two zones of every rule."""
    found = {}
    for rule in report.rules:
        for source in rule.source_zones:
            for destination in rule.destination_zones:
                sides = firewall["zones"].get(source), firewall["zones"].get(destination)
                if None not in sides and sides[0] != sides[1]:
                    found.setdefault(sides, dict[str, None]())[rule.id] = None
    return found


def rows(report, **more):
    """The rows of each firewall, in their order."""
    [part] = [one for one in compose_report(report, Edition(date=DAY, **more)).parts if one.get("id") == "firewalls"]
    tables = [kid for kid in part.kids if not isinstance(kid, str) and kid.tag == "table"]
    return [
        [
            ["".join(cell.texts()) for cell in row.kids]
            for body in table.kids
            if body.tag == "tbody"
            for row in body.kids
        ]
        for table in tables
    ]


def test_a_rule_stands_at_each_firewall_that_it_passes_between_its_interfaces():
    report = evaluate(contoso(firewalls=[EDGE, CORE]))
    for firewall, found in zip((EDGE, CORE), rows(report), strict=True):
        wanted = passed(report, firewall)
        assert wanted
        assert {(here, there): rules.split(", ") for here, there, rules in found} == {
            sides: [*rules] for sides, rules in wanted.items()
        }
    said = texts(report, "firewalls")
    assert "wan1: Internet; port2: DMZ; port1: Internal." in said
    assert "FW-CORE Cisco ASA · logs nothing" in said


def test_what_is_published_says_its_other_address_and_who_sees_it():
    report = evaluate(contoso(firewalls=[EDGE | {"published": {"PS01": "203.0.113.10", "Public": "203.0.113.11"}}]))
    [server] = [end for end in report.plan.endpoints if end.name == "PS01"]
    [real] = [address for address in server.addresses if "." in address]
    said = texts(report, "firewalls")
    assert f"Published: PS01 {real} is seen as 203.0.113.10 from port2, wan1." in said
    assert "not translated, for want of a single address of that family: Public." in said


def test_a_part_names_its_own_rules_and_a_plan_without_firewalls_has_none():
    report = evaluate(contoso(firewalls=[EDGE]))
    chosen, selection = select(report, Filter(port="8443"))
    named = {rule for _, _, rules in rows(chosen, selection=selection)[0] for rule in rules.split(", ")}
    assert named == {rule.id for rule in chosen.rules}
    assert "firewalls" not in {part.get("id") for part in compose_report(evaluate(contoso()), Edition(date=DAY)).parts}
