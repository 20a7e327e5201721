"""Rules and their numbers, on plans made for the case."""

from planner.engine import evaluate_report
from planner.engine.rules import group_zones
from planner.plan.document import Endpoint, Plan, Zone
from ports.queries import shipped_matrix


def plan_of_zones(*names: str, kind: str = "internal") -> Plan:
    zones = tuple(Zone(name=name, kind=kind) for name in names)
    endpoints = tuple(
        Endpoint(name=f"{name} host", zone=name, roles=role)
        for name, role in zip(names, [("web-primary",), ("database",), ("website-user",)], strict=False)
    )
    return Plan(name="plan", zones=zones, endpoints=endpoints)


def test_zones_whose_names_shorten_alike_get_different_codes():
    groups = group_zones(plan_of_zones("DC2", "DC", "D C"))
    assert len({group.code for group in groups.values()}) == 3


def test_a_rule_stands_under_the_boundary_of_its_own_zones():
    report = evaluate_report(shipped_matrix(), plan_of_zones("DC2", "DC", "D C"))
    for boundary in report.boundaries:
        for rule in boundary.rules:
            assert set(rule.source_zones) <= set(boundary.source.zones)
            assert set(rule.destination_zones) <= set(boundary.destination.zones)


def test_a_zone_without_latin_letters_is_numbered_by_its_kind():
    groups = group_zones(plan_of_zones("Ζώνη", "区域"))
    assert [groups[name].code for name in ("Ζώνη", "区域")] == ["INT", "INT2"]


def test_zones_that_hold_the_same_kinds_of_endpoints_stand_together():
    zones = tuple(Zone(name=f"Office {letter}", kind="internal") for letter in "ABC")
    users = tuple(
        Endpoint(name=f"Staff {zone.name}", zone=zone.name, group=True, roles=("website-user",)) for zone in zones
    )
    web = Endpoint(name="PS01", zone="DC", roles=("web-primary",))
    plan = Plan(name="plan", zones=(*zones, Zone(name="DC", kind="internal")), endpoints=(*users, web))
    report = evaluate_report(shipped_matrix(), plan)
    assert [rule.source_zones for rule in report.rules] == [("Office A", "Office B", "Office C")]
