"""The picture as a strip: zones in a row, ports between those side by side, and all else named or counted."""

from planner.report.said.strip import MOST_IN_ROW, MOST_WAYS, outline_strip
from tests.report.samples import contoso, evaluate, sites, write_plan

REPORT = evaluate(contoso())


def ways_of(strip):
    steps = [way for step in strip.steps for way in (step.forth, step.back) if way]
    return [(way.source.code, way.destination.code) for way in (*steps, *strip.ways)]


def test_zones_stand_from_the_outside_in_with_their_endpoints():
    strip = outline_strip(REPORT)
    assert [(step.zone.group.label, step.zone.endpoints) for step in strip.steps] == [
        ("Internet", 1), ("DMZ", 2), ("Internal", 2),
    ]  # fmt: skip
    assert [step.is_first for step in strip.steps] == [True, False, False]


def test_every_boundary_stands_once_on_its_line_or_beside_the_row():
    for report in (REPORT, evaluate(sites(3))):
        strip = outline_strip(report)
        found = ways_of(strip)
        assert len(found) == len(set(found))
        assert len(found) + strip.more_ways == len(report.boundaries)


def test_a_line_has_the_ports_of_its_boundary_and_its_direction():
    by_pair = {(bound.source.label, bound.destination.label): bound for bound in REPORT.boundaries}
    _, dmz, internal = outline_strip(REPORT).steps
    assert dmz.forth.said == ", ".join(map(str, by_pair["Internet", "DMZ"].ports))
    assert dmz.back is None
    assert internal.forth.said == ", ".join(map(str, by_pair["DMZ", "Internal"].ports))
    assert internal.back.said == ", ".join(map(str, by_pair["Internal", "DMZ"].ports))
    assert internal.back.short.split()[0] in internal.back.said


def test_of_zones_of_one_kind_those_stand_side_by_side_between_which_something_passes():
    zones = [("Internet", "internet"), ("A", "internal"), ("B", "internal"), ("C", "internal")]
    report = evaluate(
        write_plan(
            {"name": "Public", "zone": "Internet", "group": True, "addresses": ["any"], "roles": ["website-user"]},
            {"name": "PS01", "zone": "C", "roles": ["web-primary"]},
            {"name": "SQL01", "zone": "A", "roles": ["database"]},
            {"name": "DC01", "zone": "B", "roles": ["domain-controller"]},
            zones=zones,
        )
    )
    assert [step.zone.group.label for step in outline_strip(report).steps] == ["Internet", "C", "A", "B"]


def test_many_zones_and_ways_are_counted():
    zones = [(f"Zone {n:02}", "internal") for n in range(30)]
    ends = [
        {"name": f"U{n}-{m}", "zone": f"Zone {n:02}", "roles": ["website-user"] if n else ["web-primary"]}
        for n in range(30)
        for m in range(n + 1)
    ]
    strip = outline_strip(evaluate(write_plan(*ends, zones=zones)))
    assert len(strip.steps) == MOST_IN_ROW
    assert strip.more_zones == 30 - MOST_IN_ROW
    assert len(strip.ways) == MOST_WAYS
    assert strip.more_ways == 29 - 1 - MOST_WAYS
