"""The diagram as pages show it: ports on arrows, what scripts know of its parts, zones that fold, new zones."""

from dataclasses import replace
from itertools import combinations
from random import Random
from urllib.parse import quote, unquote

import pytest

from planner.engine.rules import Ports
from planner.plan.kinds import KINDS
from planner.report.diagram.diagram import _SCREEN, _arrange, render_diagram, render_svg
from planner.report.diagram.labels import place_on_lines
from planner.report.diagram.layout import SMALL, lay_out, say_shortly
from planner.report.diagram.picture import picture_endpoints
from planner.report.diagram.shapes import Area, Curve, trace
from ports.text import several
from scripts.sites import make_sites
from tests.examples import UNANSWERED
from tests.report.samples import HOSTILE_NAMES, write_plan
from tests.report.test_diagram import (
    evaluate,
    example,
    holds,
    labels,
    link,
    many_hosts,
    many_names,
    named_plan,
    overlaps,
    read,
    texts,
)


def by_class(svg, name):
    return [element for element in read(svg).iter() if name in element.get("class", "").split()]


def named(svg):
    found = ((element.get("data-name"), element) for element in by_class(svg, "target"))
    return [(name, element) for name, element in found if name]


def drops(svg):
    return {unquote(zone.get("data-zone-name")) for zone in by_class(svg, "drop")}


def test_pages_know_where_each_zone_is_that_can_take_an_endpoint():
    zones = [*((name, "internal") for name in HOSTILE_NAMES), ("DMZ", "dmz")]
    ends = [{"name": f"E{number}", "zone": zone} for number, (zone, _) in enumerate(zones)]
    report = evaluate(write_plan(*ends, zones=zones))
    assert drops(render_diagram(report, link=link)) == {*HOSTILE_NAMES, "DMZ"}
    assert not drops(render_svg(report)), "on paper nothing is dropped"


def leading(svg):
    return {element.get("aria-label"): element.get("href") for element in read(svg).iter("a")}


@pytest.mark.parametrize("name", UNANSWERED)
def test_the_ports_stand_on_their_arrow_and_on_nothing_else(name):
    drawing = _arrange(picture_endpoints(example(name)), link)
    areas = {key: area for key, (area, _) in drawing.ports.items()}
    assert set(areas) == set(drawing.layout.curves), "every arrow has them"
    for key, area in areas.items():
        assert any(holds(area, point, by=-1) for point in trace(drawing.layout.curves[key], steps=40))
        assert not [box for box in drawing.layout.boxes.values() if overlaps(area, box)]
    assert not [pair for pair in combinations(areas.values(), 2) if overlaps(*pair)]


def test_an_arrow_without_a_free_place_goes_without_its_ports():
    """Two lines so short that there is room for one text only."""
    points = ((0.0, 50.0), (10.0, 50.0), (20.0, 50.0), (30.0, 50.0))
    curves = {ends: Curve(points=points, tip=(34.0, 50.0), label=None) for ends in (("a", "b"), ("b", "a"))}
    layout = lay_out(picture_endpoints(evaluate(write_plan())), ports_shown=False)
    crowded = type(layout)(left=0, top=0, width=100, height=100, boxes={}, frames={}, curves=curves)
    page = Area(x=-50, y=0, width=200, height=100)
    lines = [list(trace(curve)) for curve in curves.values()]
    texts_of = dict.fromkeys(curves, "1521, 3306, 5432")
    placed = place_on_lines(crowded, page, lines, texts_of, [])
    assert len(placed) == 1
    written = replace(next(iter(placed.values())), height=60.0)
    assert not place_on_lines(crowded, page, lines, texts_of, [written]), "what is written there stays readable"


def scattered(seed):
    """A plan by chance: servers in a few zones, some of them behind firewalls, and many ways between them."""
    chance = Random(seed)
    zones = [(f"Zone {number}{'x' * chance.randrange(12)}", chance.choice(list(KINDS))) for number in range(5)]
    ends = [{"name": f"SRV-{number}", "zone": chance.choice(zones)[0]} for number in range(chance.randrange(6, 16))]
    ways = {tuple(chance.sample(range(len(ends)), 2)) for _ in range(chance.randrange(10, 40))}
    flows = [
        {
            "source": ends[source]["name"], "destination": ends[destination]["name"], "protocol": "tcp",
            "ports": chance.choice(["22", "8443", "49152"]), "reason": "x",
        }
        for source, destination in sorted(ways)
    ]  # fmt: skip
    firewalls = [
        {
            "name": f"FW-{number}", "format": "fortigate",
            "zones": {zone: f"port{at}" for at, (zone, _) in enumerate(chance.sample(zones, chance.randrange(2, 5)))},
        }
        for number in range(chance.randrange(4))
    ]  # fmt: skip
    return evaluate(write_plan(*ends, zones=zones, firewalls=firewalls, additional_flows=flows))


PLANS = {
    **{name: lambda name=name: example(name) for name in UNANSWERED},
    **{f"plan {seed}": lambda seed=seed: scattered(seed) for seed in (17, 20, 37, 47)},
    "long names": lambda: evaluate(many_names()),
    "60 hosts": lambda: evaluate(many_hosts()),
}


@pytest.mark.parametrize("name", PLANS)
def test_no_text_stands_on_another_one_or_on_a_box(name):
    drawing = _arrange(picture_endpoints(PLANS[name]()), link)
    written = [area for area, _ in (*drawing.ports.values(), *drawing.labels.values())]
    written += [area for _, area in drawing.walls.values()]
    assert not [pair for pair in combinations(written, 2) if overlaps(*pair)]
    assert not [area for area in written for box in drawing.layout.boxes.values() if overlaps(area, box)]


@pytest.mark.parametrize(
    ("ports", "said"),
    [
        (["443"], "443"),
        (["135", "445", "3389"], "135, 445, 3389"),
        (["135", "445", "3389", "5985"], "135, 445 +2"),
        (["53", "53"], "53"),
        ([None], "icmp"),
    ],
)
def test_ports_on_an_arrow_are_short(ports, said):
    items = tuple(
        Ports("icmp" if port is None else ("tcp", "udp")[number % 2], port) for number, port in enumerate(ports)
    )
    line = picture_endpoints(example("one-server")).lines[0]
    assert say_shortly(type(line)(**{name: getattr(line, name) for name in line.__slots__} | {"ports": items})) == said


def test_no_text_is_smaller_than_eleven_pixels_at_its_size():
    assert SMALL * _SCREEN >= 11


def test_files_and_paper_have_no_ports_on_arrows_and_nothing_for_scripts():
    file = render_svg(example("dmz")).decode()
    assert "on-line" not in file
    assert "data-target" not in file
    assert "data-name" not in file


def test_scripts_know_the_ends_of_each_arrow_and_the_rules_of_each_endpoint():
    report = example("dmz")
    svg = render_diagram(report, link=link)
    boxes = {element.get("data-box") for element in by_class(svg, "box")}
    known = {unquote(name): element for name, element in named(svg)}
    assert set(known) == {endpoint.name for endpoint in report.plan.endpoints}
    assert {element.get("data-target") for element in known.values()} == boxes
    for element in by_class(svg, "line"):
        assert set(element.get("data-ends").split()) <= boxes
    for endpoint in report.plan.endpoints:
        rules = [rule.id for rule in report.rules if endpoint in (*rule.sources, *rule.destinations)]
        said = known[endpoint.name].get("data-rules")
        assert said == f"{endpoint.name}: {several(rules) or 'no rule between zones'}"


def test_a_name_is_text_for_scripts_too():
    names = (*HOSTILE_NAMES, '" onload="x')
    svg = render_diagram(evaluate(named_plan(names)), link=link)
    assert sorted(name for name, _ in named(svg)) == sorted(quote(name) for name in (*names, "SQL01"))
    assert not [element for element in read(svg).iter() if "onload" in element.attrib]


def test_a_zone_of_a_small_plan_folds_to_one_box_and_unfolds_again():
    report = example("dmz")
    hrefs = {
        element.get("aria-label"): element.get("href") for element in read(render_diagram(report, link=link)).iter("a")
    }
    assert hrefs["Fold Internal"] == "/?unfold=-INT"
    assert "Fold Internet" not in hrefs, "there is one endpoint in it"
    folded = render_diagram(report, unfolded=["-INT"], link=link)
    count = sum(endpoint.zone == "Internal" for endpoint in report.plan.endpoints)
    assert f"{count} endpoints" in texts(folded)
    hrefs = leading(folded)
    assert hrefs["Unfold Internal"] == "/?unfold="
    assert hrefs["Fold DMZ"] == "/?unfold=-DMZ,-INT"
    assert not [label for label in labels(folded) if label.startswith("PS01")]


def test_what_crosses_the_border_of_a_folded_zone_stays():
    report = example("dmz")
    picture = picture_endpoints(report, ["-INT"])
    wanted = {Ports(flow.need.protocol, flow.need.ports) for flow in report.flows if flow.scope == "cross-zone"}
    assert {ports for line in picture.lines if line.crosses for ports in line.ports} == wanted


def test_a_new_empty_zone_leaves_all_others_where_they_are():
    document = make_sites(2)
    before = _arrange(picture_endpoints(evaluate(document)), link)
    places = {box.key: before.layout.boxes[box.key] for box in before._boxes()}
    for number in range(12):
        document["zones"].append({"name": f"New {number}", "kind": ("dmz", "cloud", "internet")[number % 3]})
    after = _arrange(picture_endpoints(evaluate(document)), link)
    named = {box.label: after.layout.boxes[box.key] for box in after._boxes()}
    assert {box.label: places[box.key] for box in before._boxes()} == named
    empty = [after.layout.frames[frame.key] for frame in after.picture.frames if not frame.boxes]
    assert len(empty) == 12
    assert all(area.y >= box.y + box.height for area in empty for box in named.values())
    assert not [pair for pair in combinations(after.layout.frames.values(), 2) if overlaps(*pair)]


def test_a_plan_of_empty_zones_is_drawn():
    svg = render_diagram(evaluate(write_plan()), link=link)
    assert texts(svg).count("no endpoints") == len(write_plan()["zones"])
