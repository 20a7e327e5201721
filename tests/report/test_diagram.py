"""The diagram: what is in it, what stands clear of what, and that names are nothing but text."""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest

from planner.engine import evaluate_report
from planner.engine.rules import Ports
from planner.plan.document import check_plan, read_plan
from planner.plan.kinds import KINDS
from planner.report.diagram import layout, png
from planner.report.diagram.diagram import (
    NoDiagram,
    _arrange,
    _Drawing,
    render_diagram,
    render_overview,
    render_svg,
)
from planner.report.diagram.icons import PATHS, choose_icon
from planner.report.diagram.layout import lay_out
from planner.report.diagram.picture import MOST, picture_endpoints, picture_zones
from planner.report.diagram.png import render_png
from planner.report.diagram.shapes import trace
from planner.report.paper.prints import render_html
from ports.matrix import ICONS
from ports.queries import shipped_matrix
from ports.text import show_line
from scripts.sites import make_sites
from tests.examples import UNANSWERED
from tests.report.samples import HOSTILE_NAMES, write_plan

MATRIX = shipped_matrix()
SVG = "{http://www.w3.org/2000/svg}"


def example(name):
    return evaluate_report(MATRIX, read_plan(UNANSWERED[name].data, matrix=MATRIX))


def evaluate(document):
    return evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))


@pytest.fixture(scope="module")
def sites():
    return evaluate(make_sites(1_000))


def link(fields):
    return "/?" + "&".join(f"{name}={value}" for name, value in sorted(fields.items()))


def read(svg):
    """The SVG as XML; elements of the page have no namespace."""
    return ET.fromstring(svg)


def labels(svg):
    return [element.get("aria-label") for element in read(svg).iter() if element.get("aria-label")]


def texts(svg):
    return ["".join(element.itertext()) for element in read(svg).iter() if element.tag in ("text", f"{SVG}text")]


def many_names():
    """A plan whose names are as long as they may be."""
    document = make_sites(3)
    for thing in (*document["zones"], *document["endpoints"]):
        thing["name"] = f"{thing['name']} of the northern district ".ljust(200, "W") + "."
        if "zone" in thing:
            thing["zone"] = f"{thing['zone']} of the northern district ".ljust(200, "W") + "."
    return document


def many_hosts():
    """A plan with 60 hosts of eight kinds beside everything else."""
    document = make_sites(2)
    platforms = ["windows", "linux-mac", "mysql", "oracle", "postgresql", "vmware-esxi", "cisco-ios", "fortigate"]
    document["endpoints"] += [
        {
            "name": f"HOST-{number:03}", "zone": ("Internal", "Clients")[number % 2],
            "platforms": [platforms[number % 8]], "operations": ["reset"], "sessions": ["ssh"],
        }
        for number in range(60)
    ]  # fmt: skip
    return document


PLANS = [*UNANSWERED, "1,000 sites", "long names", "60 hosts"]


@pytest.fixture
def named(request, sites):
    """The report of a plan by its name in PLANS."""
    made = {"1,000 sites": lambda: sites, "long names": lambda: evaluate(many_names())}
    made["60 hosts"] = lambda: evaluate(many_hosts())
    return made.get(request.param, lambda: example(request.param))()


def pictures(report):
    yield _arrange(picture_endpoints(report), None)
    picture = picture_zones(report)
    yield _Drawing(picture, lay_out(picture, ports_shown=True), None)


def pairs_of(report):
    pairs = {}
    for flow in report.flows:
        if flow.source is not flow.destination:
            ports = pairs.setdefault((flow.source.name, flow.destination.name), {})
            ports[str(Ports(flow.need.protocol, flow.need.ports))] = bool(flow.need.any_of)
    return pairs


# --- what is in it -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", UNANSWERED)
def test_every_endpoint_and_zone_is_in_the_picture_with_an_icon(name):
    report = example(name)
    svg = render_diagram(report)
    assert sorted(texts(svg)) == sorted(item.name for item in (*report.plan.endpoints, *report.plan.zones))
    drawn = [element.get("d") for element in read(svg).iter("path") if element.get("class") == "icon"]
    assert sorted(drawn) == sorted(PATHS[choose_icon(endpoint, MATRIX)] for endpoint in report.plan.endpoints)


@pytest.mark.parametrize("name", UNANSWERED)
def test_every_pair_of_endpoints_is_one_edge_that_says_its_ports(name):
    report = example(name)
    said = [label for label in labels(render_diagram(report, link=link)) if " to " in label.partition(":")[0]]
    edges = {}
    for label in said:
        ends, _, ports = label.partition(": ")
        certain, _, undecided = ports.partition("undecided: ")
        listed = {port: False for port in certain.rstrip("; ").split(", ") if port}
        edges[tuple(ends.split(" to "))] = listed | {port: True for port in undecided.split(", ") if port}
    assert len(edges) == len(said)
    assert edges == pairs_of(report)


def test_the_ports_are_shown_in_a_tip_that_is_hidden_at_first():
    root = read(render_diagram(example("web-and-sql"), link=link))
    (edge,) = [element for element in root.iter("a") if element.get("aria-label") == "PS01 to SQL01: tcp 1433"]
    (tip,) = [element for element in edge.iter("g") if element.get("class") == "tip"]
    assert tip.get("display") == "none"
    assert ["".join(text.itertext()) for text in tip.iter("text")] == ["PS01 → SQL01", "tcp 1433"]


def test_each_part_leads_to_what_it_stands_for():
    hrefs = {e.get("aria-label"): e.get("href") for e in read(render_diagram(example("dmz"), link=link)).iter("a")}
    assert hrefs["Zone DMZ: its rules"] == "/?zone=DMZ"
    assert [href for label, href in hrefs.items() if label.startswith("PRP01:")] == ["/?endpoint=PRP01"]
    edge = [href for label, href in hrefs.items() if label.startswith("PRP01 to PS01:")]
    assert edge == ["/?destination_endpoint=PS01&source_endpoint=PRP01"]
    zones = {e.get("aria-label"): e.get("href") for e in read(render_overview(example("dmz"), link=link)).iter("a")}
    assert zones["Internet to DMZ: tcp 443"] == "/?destination=DMZ&source=NET"


def test_the_keyboard_meets_an_endpoint_and_then_what_it_opens():
    said = labels(render_diagram(example("dmz"), link=link))[1:]
    for place, label in enumerate(said):
        source, is_edge, _ = label.partition(": ")[0].partition(" to ")
        if is_edge:
            assert said[place - 1].startswith((f"{source} to ", f"{source}:"))


@pytest.mark.parametrize("svg", [render_diagram, render_overview, lambda report: render_svg(report).decode()])
def test_print_and_files_have_no_links_and_no_tips(svg):
    root = read(svg(example("everything")))
    assert not [e for e in root.iter() if any("href" in name or name.startswith("hx-") for name in e.attrib)]
    assert not [e for e in root.iter() if e.tag.endswith("}a") or e.tag == "a" or e.get("class") == "tip"]
    assert root[0].tag.endswith("title")


# --- where it stands ---------------------------------------------------------------------------------------------


def overlaps(one, other):
    return (
        one.x < other.x + other.width and other.x < one.x + one.width
        and one.y < other.y + other.height and other.y < one.y + one.height
    )  # fmt: skip


def holds(area, point, by=1.0):
    return area.x + by < point[0] < area.x + area.width - by and area.y + by < point[1] < area.y + area.height - by


@pytest.mark.parametrize("named", PLANS, indirect=True)
def test_nothing_collides(named):
    for drawing in pictures(named):
        placed = drawing.layout
        assert not [pair for pair in combinations(placed.boxes.values(), 2) if overlaps(*pair)]
        assert not [pair for pair in combinations(placed.frames.values(), 2) if overlaps(*pair)]
        ports = [area for area, _ in drawing.ports.values()]
        assert not [pair for pair in combinations(ports, 2) if overlaps(*pair)]
        assert not [area for area in ports for box in placed.boxes.values() if overlaps(area, box)]
        for (source, destination), curve in placed.curves.items():
            others = [area for key, area in placed.boxes.items() if key not in (source, destination)]
            points = list(trace(curve, steps=40))
            assert not [point for point in points for area in others if holds(area, point)]
            # A label that a line runs through has a paper before it.
            free = [area for area, is_free in (*drawing.labels.values(), *drawing.ports.values()) if is_free]
            assert not [point for point in points for area in free if holds(area, point)]


@pytest.mark.parametrize("name", [*UNANSWERED, "1,000 sites"])
def test_no_line_runs_through_a_name_or_through_ports(name, sites):
    for drawing in pictures(sites if name == "1,000 sites" else example(name)):
        assert not [area for area, free in (*drawing.labels.values(), *drawing.ports.values()) if not free]
        for frame in drawing.picture.frames:
            area, _ = drawing.labels[frame.key]
            around = drawing.layout.frames[frame.key]
            assert around.x <= area.x
            assert around.y <= area.y
            assert area.y + area.height <= around.y + around.height
            assert not [box for box in frame.boxes if overlaps(area, drawing.layout.boxes[box.key])]


def distance(area, point):
    across = max(area.x - point[0], 0, point[0] - area.x - area.width)
    down = max(area.y - point[1], 0, point[1] - area.y - area.height)
    return (across * across + down * down) ** 0.5


@pytest.mark.parametrize("name", [*UNANSWERED, "1,000 sites"])
def test_ports_stand_nearer_to_their_own_line_than_to_any_other(name, sites):
    picture = picture_zones(sites if name == "1,000 sites" else example(name))
    drawing = _Drawing(picture, lay_out(picture, ports_shown=True), None)
    assert drawing.ports
    for key, (area, _) in drawing.ports.items():
        away = {
            other: min(distance(area, point) for point in trace(curve, steps=40))
            for other, curve in drawing.layout.curves.items()
        }
        assert min(away, key=away.get) == key


def test_the_largest_ready_made_topology_can_be_read_on_a_landscape_page():
    drawing = _arrange(picture_endpoints(example("everything")), None)
    room = 257 / 25.4 * 72, 155 / 25.4 * 72  # millimetres of A4 between margins, heading and note
    assert layout.SIZE * min(room[0] / drawing.width, room[1] / drawing.height) > 6


def test_a_name_that_lines_run_through_has_a_paper_in_the_colour_of_its_frame():
    drawing = _arrange(picture_endpoints(evaluate(many_names())), None)
    assert drawing.covered
    root = read(drawing.file("Picture", ""))
    tints = [group[0] for group in root.iter(f"{SVG}g") if group.get("class", "").startswith("frame-tint")]
    assert len(tints) == len(drawing.picture.frames)
    assert sum(float(tint.get("fill-opacity")) > 0 for tint in tints) == len(drawing.covered)
    assert {tint.get("fill") for tint in tints} <= {kind.colour for kind in KINDS.values()}


@pytest.mark.parametrize("name", [*UNANSWERED, "1,000 sites"])
def test_everything_is_within_the_picture(name, sites):
    report = sites if name == "1,000 sites" else example(name)
    for drawing in pictures(report):
        right, bottom = drawing.left + drawing.width, drawing.top + drawing.height
        for area in (*drawing.layout.boxes.values(), *drawing.layout.frames.values()):
            assert drawing.left <= area.x <= area.x + area.width <= right
            assert drawing.top <= area.y <= area.y + area.height <= bottom
        for curve in drawing.layout.curves.values():
            assert all(drawing.left <= x <= right and drawing.top <= y <= bottom for x, y in trace(curve))


@pytest.mark.parametrize("name", [*UNANSWERED, "1,000 sites"])
def test_outer_zones_stand_left_of_inner_ones(name, sites):
    picture = picture_endpoints(sites if name == "1,000 sites" else example(name))
    frames = lay_out(picture, ports_shown=False).frames
    depths = {"internet": 0, "dmz": 1}
    for outer in picture.frames:
        for inner in picture.frames:
            if depths.get(outer.kind, 2) < depths.get(inner.kind, 2):
                assert frames[outer.key].x + frames[outer.key].width <= frames[inner.key].x


# --- large plans -------------------------------------------------------------------------------------------------


def test_like_endpoints_of_many_sites_are_one_box_that_can_be_unfolded(sites):
    svg = render_diagram(sites, link=link)
    assert texts(svg).count("1,000 of them") >= 3
    assert "1,000 remote sites" in texts(svg)
    hrefs = {element.get("aria-label"): element.get("href") for element in read(svg).iter("a")}
    assert hrefs["Unfold 1,000 remote sites"] == "/?unfold=RS"
    assert "Site 00001 agent" not in texts(svg)


@pytest.mark.slow
def test_an_unfolded_picture_counts_what_is_too_much(sites):
    picture = picture_endpoints(sites, ["RS"])
    assert sum(len(frame.boxes) for frame in picture.frames) + len(picture.loose) <= MOST
    svg = render_diagram(sites, unfolded=["RS"], link=link)
    shown = texts(svg)
    assert "Site 00001 agent" in shown
    drawn = sum(frame.label.startswith("Site ") for frame in picture.frames)
    assert f"and {1_000 - drawn:,} more remote sites" in shown
    hrefs = {element.get("aria-label"): element.get("href") for element in read(svg).iter("a")}
    assert hrefs["Fold 1,000 remote sites"] == "/?unfold="
    # What isn't drawn by itself keeps its connections.
    (rest,) = picture.loose
    assert {line.destination.label for line in picture.lines if line.source is rest} == {"PS01", "PS02"}


def test_every_flow_is_in_a_line_whatever_is_folded(sites):
    for unfolded in ([], ["RS"]):
        picture = picture_endpoints(sites, unfolded)
        wanted = {Ports(flow.need.protocol, flow.need.ports) for flow in sites.flows if flow.scope == "cross-zone"}
        assert {ports for line in picture.lines if line.crosses for ports in line.ports} == wanted


def test_a_plan_of_forty_endpoints_is_not_folded():
    people = [{"name": f"P{n}", "zone": "Internal", "roles": ["website-user"]} for n in range(41)]
    assert len(picture_endpoints(evaluate(write_plan(*people[:40]))).frames[0].boxes) == 40
    (box,) = picture_endpoints(evaluate(write_plan(*people))).frames[0].boxes
    assert (box.label, box.note, box.icon) == ("website", "41 of them", "people")


# --- names -------------------------------------------------------------------------------------------------------

NAMES = (
    *HOSTILE_NAMES,
    "\\N \\G \\E \\l",
    "&amp;lt;",
    "]]>",
    "<!--",
    "\u202eabc",
    "زوريخ שלום",
    "😀" * 40,
    "a\u2028b",
    "\u200d",
)


def named_plan(names):
    """A plan with a zone and a server in it for each name, which opens the same as each other."""
    return write_plan(
        *({"name": name, "zone": name, "roles": ["web-primary"]} for name in names),
        {"name": "SQL01", "zone": "DMZ", "roles": ["database"]},
        zones=(*((name, "internal") for name in names), ("DMZ", "dmz")),
    )


def test_names_are_text():
    """All of them in one picture, which dot takes a tenth of a second for."""
    report = evaluate(named_plan(NAMES))
    file = read(render_svg(report))
    plain = read(render_svg(evaluate(named_plan([f"PS{number:02}" for number, _ in enumerate(NAMES)]))))
    assert Counter(element.tag for element in file.iter()) == Counter(element.tag for element in plain.iter())
    drawn = Counter("".join(element.itertext()) for element in file.iter(f"{SVG}text"))
    said = labels(render_diagram(report, link=link))
    small = evaluate(named_plan(["PS01"]))
    for name in NAMES:
        visible = show_line(name)  # what turns text round is written out, as in every other output
        shown = visible if len(visible) <= 30 else f"{visible[:29]}…"
        assert drawn[shown] == 2, ascii(name)
        assert f"{visible} to SQL01: tcp 1433" in said, ascii(name)
        named = replace(small, plan=replace(small.plan, name=name))
        assert read(render_svg(named))[0].text.startswith(f"{visible}: "), ascii(name)


def test_what_reorders_text_is_written_out():
    document = write_plan(
        {"name": "\u202egpj.exe", "zone": "\u202eenoZ", "roles": ["web-primary"]}, zones=(("\u202eenoZ", "dmz"),)
    )
    report = evaluate(document)
    for drawing in (
        render_svg(report).decode(),
        render_diagram(report, link=lambda fields: "/"),
        render_overview(report, link=lambda fields: "/"),
    ):
        assert "\u202e" not in drawing
        assert "&lt;U+202E&gt;enoZ" in drawing
    assert "&lt;U+202E&gt;gpj.exe" in render_svg(report).decode()


# --- files and faults --------------------------------------------------------------------------------------------


def test_the_file_stands_alone():
    svg = render_svg(example("dmz")).decode()
    root = read(svg)
    assert root.tag == f"{SVG}svg"
    assert "sans-serif" in root.get("font-family")
    assert root[0].text.startswith("DMZ with portal")
    assert "var(" not in svg
    assert all(e.get("fill") or e.get("stroke") for e in root.iter(f"{SVG}path"))


def test_the_png_shows_the_picture():
    from io import BytesIO

    from PIL import Image

    image = Image.open(BytesIO(render_png(render_svg(example("everything")))))
    assert image.format == "PNG"
    assert image.width > 1_500
    assert (
        len(image.convert("RGB").resize((200, 200)).getcolors(40_000)) > 20
    )  # lines, frames and texts, no blank page


@pytest.mark.slow
def test_a_large_png_keeps_within_bounds(sites, monkeypatch):
    """A sixteenth of the bounds that it has, of a picture that is larger than those, too."""
    from io import BytesIO

    from PIL import Image

    assert png.MOST_PIXELS == 16_000_000
    monkeypatch.setattr(png, "MOST_PIXELS", 1_000_000)
    image = Image.open(BytesIO(render_png(render_svg(sites, unfolded=["RS"]))))
    assert 900_000 < image.width * image.height < 1_070_000


def test_the_same_picture_is_in_the_document(sites):
    assert render_diagram(example("dmz")) in render_html(example("dmz")).decode()
    assert render_diagram(sites) not in render_html(sites).decode(), "its letters would be too small"


def test_every_icon_of_the_matrix_has_a_drawing():
    assert set(PATHS) == {"", *ICONS}
    assert all(re.fullmatch(r"[MLHVCSAZmlhvcsaz0-9 .,-]+", path) for path in PATHS.values())


def test_the_icon_is_that_of_the_first_role_else_of_the_first_platform():
    plan = check_plan(
        write_plan(
            {"name": "A", "zone": "DMZ", "roles": ["mail-server", "database"], "platforms": ["windows"]},
            {"name": "B", "zone": "DMZ", "platforms": ["windows", "cisco-ios"]},
            {"name": "C", "zone": "DMZ"},
        ),
        matrix=MATRIX,
    )
    assert [choose_icon(endpoint, MATRIX) for endpoint in plan.endpoints] == ["data", "device", ""]


def test_a_dot_that_takes_too_long_is_stopped_and_not_asked_again(monkeypatch, tmp_path):
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\necho x >> {tmp_path}/calls\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(layout, "SECONDS", 0.3)
    layout._run.cache_clear()
    for _ in range(2):
        with pytest.raises(NoDiagram, match="too much"):
            render_diagram(example("dmz"))
    assert (tmp_path / "calls").read_text() == "x\n"
    layout._run.cache_clear()
