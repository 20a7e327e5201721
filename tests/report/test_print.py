"""The printed report and the printed change request, read back: a network team has nothing else."""

import io
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from functools import cache, lru_cache, partial

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.engine import evaluate_report
from planner.engine.compare import compare_reports
from planner.plan.document import read_plan
from planner.report import CHANGE_FORMATS
from planner.report.formats.json import comparison_data, report_data
from planner.report.paper.pdf import write_pdf
from planner.report.paper.printed import Element
from planner.report.paper.prints import render_html, render_pdf
from planner.report.paper.report_pages import compose_report
from planner.report.said.edition import Edition, Editions
from planner.report.said.filters import Filter, select
from planner.report.said.objects import LINE, MOST_NAMED, Grouping, lay_out
from planner.report.said.outline import MISSING
from ports.queries import shipped_matrix
from ports.text import show_line
from tests.examples import EXAMPLES
from tests.paper import read_pages
from tests.report.samples import contoso, evaluate, hostile_lot, in_lots, sites, write_plan
from tests.strategies import HOSTILE_NAMES

pytestmark = pytest.mark.slow

DAY = date(2024, 2, 29)
RULES = "Firewall rules by boundary"


@cache
def example(slug):
    matrix = shipped_matrix()
    return evaluate_report(matrix, read_plan(EXAMPLES[slug].data, matrix=matrix))


HOUSE = "h2 { color: #b00020 }"
SETTERS = {"Typst": "", "WeasyPrint": HOUSE}
"""What sets the pages, and the house style for which it does."""
BARE_ON = {"typst": "a4", "weasyprint": "letter"}
"""The paper of documents without pictures, by what sets them."""


def without_pictures(printed):
    """The document without its figures, which are measured elsewhere, and whose words may touch lines of others."""

    def strip(element):
        kids = (
            strip(kid) if isinstance(kid, Element) else kid
            for kid in element.kids
            if not (isinstance(kid, Element) and kid.tag == "figure")
        )
        return replace(element, kids=tuple(kids))

    return replace(printed, parts=tuple(map(strip, printed.parts)))


@cache
def bare(slug, paper="a4"):
    """The document of an example without its pictures."""
    edition = Edition(date=DAY, revision=7, stylesheet=HOUSE, paper=paper)
    return without_pictures(compose_report(example(slug), edition))


def set_bare(slug, engine="typst", paper=None):
    """The same on paper, set once for all tests that look at it. In the house style only by WeasyPrint."""
    return _set_bare(slug, engine, paper or BARE_ON[engine])


@cache  # which would take an argument that is left out for another than the same one given
def _set_bare(slug, engine, paper):
    return write_pdf(bare(slug, paper), engine)


def printed(slug, setter="Typst"):
    """The PDF of an example as people have it; the longest that WeasyPrint sets is the one without pictures."""
    return _print(slug, setter)


@cache
def _print(slug, setter):
    if (slug, setter) == ("everything", "WeasyPrint"):
        return set_bare(slug, "weasyprint")
    return render_pdf(example(slug), Edition(date=DAY, revision=7, stylesheet=SETTERS[setter], with_plan=True))


@lru_cache(maxsize=16)
def read(data):
    """The document; poppler says what stands on its pages, all of them at once."""
    reader = pypdf.PdfReader(io.BytesIO(data))
    for number, page in enumerate(reader.pages):
        page.extract_text = partial(read_page, data, number)
    return reader


def read_page(data, number):
    return read_pages(data)[number]


@cache
def print_contoso():
    return render_pdf(evaluate(contoso()), Edition(date=DAY))


def squeeze(text):
    """Without any white space: lines break where the column ends. A line to write on is as long as there is room."""
    return re.sub("_{5,}", "__________", "".join(text.split()))


RUNNING = r"[^\n]*(?: · port requirements|Change request: )[^\n]*\n"
HEADER = re.compile(f"^{RUNNING}")
FOOTER = re.compile(rf"\n(?:{RUNNING})?Matrix: [^\n]*page \d+ of \d+\s*$")


def lines_of(page):
    """The text of a page without its running header and footer, numbers of rules in one piece."""
    return HEADER.sub("", FOOTER.sub("\n", page.extract_text())).replace("-\n", "-")


def text_of(data, pages=slice(None)):
    return squeeze("".join(map(lines_of, read(data).pages[pages])))


def bookmarks(reader, entries=None, level=1):
    """Level, title and page of every bookmark, in order."""
    for entry in reader.outline if entries is None else entries:
        if isinstance(entry, list):
            yield from bookmarks(reader, entry, level + 1)
        else:
            yield level, entry.title, reader.get_destination_page_number(entry) + 1


def part(data, title):
    """The squeezed text of the pages from a part of the document to the next."""
    reader = read(data)
    parts = [(name, page) for level, name, page in bookmarks(reader) if level == 1]
    number = next(number for number, (name, _) in enumerate(parts) if name.startswith(title))
    first, last = parts[number][1] - 1, parts[number + 1][1]
    text = text_of(data, slice(first, last))
    start = text.index(squeeze(title))
    end = text.find(squeeze(parts[number + 1][0]), start + len(title))
    return text[start:end]


def split_rules(text, ids):
    """The text of each rule: from its number, where it begins a row, to the next one.

    A number before a port in brackets is named by another rule, which it would do instead of.
    """
    places = []
    at = 0
    for number in ids:
        at = re.compile(rf"{number}(?!\d|\((?:tcp|udp|icmp))").search(text, at).start()
        places.append(at)
        at += len(number)
    ends = [*places[1:], len(text)]
    return {number: text[start:end] for number, start, end in zip(ids, places, ends, strict=True)}


def find_numbers(text):
    return set(re.findall(r"\b[A-Z]{2,4}\d?-[A-Z]{2,4}\d?-\d+", text))


LOOKED_AT = [*((slug, "Typst") for slug in EXAMPLES), ("dmz", "WeasyPrint"), ("everything", "WeasyPrint")]
"""In a house style two of them, since what is set is the same document."""


@pytest.mark.parametrize(("slug", "setter"), LOOKED_AT)
class TestExamples:
    def test_every_rule_is_there_with_names_addresses_and_ports(self, slug, setter):
        report = example(slug)
        rows = split_rules(part(printed(slug, setter), RULES), [rule.id for rule in report.rules])
        grouping, objects = Grouping(report), part(printed(slug, setter), "Objects")
        for rule, data in zip(report.rules, report_data(report)["rules"], strict=True):
            row = rows[rule.id]
            for what, side in (("sources", rule.sources), ("destinations", rule.destinations)):
                group = grouping.side(rule.id, what, side).group
                # What several rules name is printed once.
                assert group is None or squeeze(group.name) in row
                for address in (address for endpoint in side for address in endpoint.addresses):
                    said = "anyaddress" if address == "any" else address
                    assert said in (row if group is None else objects)
            for endpoint in (*rule.sources, *rule.destinations):
                assert squeeze(endpoint.name) in row
                if not endpoint.addresses:
                    assert squeeze(f"{endpoint.name} {MISSING}") in row
            for service in data["services"]:
                assert f"{service['protocol']}{service['ports'] or ''}" in row
            for section in data["sections"]:
                assert re.search(rf"(?<!\d){section}(?!\d)", row)

    def test_there_is_no_other_rule(self, slug, setter):
        numbers = {rule.id for rule in example(slug).rules}
        assert find_numbers("".join(map(lines_of, read(printed(slug, setter)).pages))) == numbers

    def test_rules_that_wait_for_a_decision_say_so_and_others_dont(self, slug, setter):
        report = example(slug)
        rows = split_rules(part(printed(slug, setter), RULES), [rule.id for rule in report.rules])
        for rule in report.rules:
            assert ("Notdecided" in rows[rule.id]) == bool(rule.any_of)

    def test_bookmarks_lead_to_each_boundary(self, slug, setter):
        reader = read(printed(slug, setter))
        found = list(bookmarks(reader))
        for boundary in example(slug).boundaries:
            [page] = [page for level, title, page in found if (level, title) == (2, boundary.label)]
            assert squeeze(boundary.label) in squeeze(reader.pages[page - 1].extract_text())

    def test_pages_are_numbered_as_they_are_labelled(self, slug, setter):
        reader = read(printed(slug, setter))
        for label, page in zip(reader.page_labels, reader.pages, strict=True):
            assert f"page {label} of {len(reader.pages)}" in page.extract_text()

    def test_the_head_of_the_table_is_repeated_on_every_page_of_rules(self, slug, setter):
        reader = read(printed(slug, setter))
        parts = [(name, page) for level, name, page in bookmarks(reader) if level == 1]
        number = [name for name, _ in parts].index(RULES)
        for page in reader.pages[parts[number][1] - 1 : parts[number + 1][1] - 1]:
            assert "Rule From To Service and why Done" in " ".join(page.extract_text().split())

    def test_every_server_has_a_sheet(self, slug, setter):
        report = example(slug)
        found = (title for level, title, _ in bookmarks(read(printed(slug, setter))) if level == 2)
        titles = {name for title in found for name in title.split(", ")}  # servers of like sites share a sheet
        busy = {
            end.name for flow in report.flows if flow.scope != "same-host" for end in (flow.source, flow.destination)
        }
        for endpoint in report.plan.endpoints:
            people = all(report.matrix.roles[role].kind == "people" for role in endpoint.roles)
            if endpoint.name in busy and (endpoint.platforms or not people):
                assert endpoint.name in titles

    @pytest.mark.skipif(not shutil.which("qpdf"), reason="qpdf is not on this machine")
    def test_the_file_is_sound(self, slug, setter, tmp_path):
        path = tmp_path / "report.pdf"
        path.write_bytes(printed(slug, setter))
        subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)

    def test_it_has_a_title_a_language_and_tags(self, slug, setter):
        reader = read(printed(slug, setter))
        assert reader.metadata.title == f"{example(slug).plan.name} · port requirements"
        assert reader.trailer["/Root"]["/Lang"] == "en"
        assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
        assert "/StructTreeRoot" in reader.trailer["/Root"]


@pytest.mark.parametrize("setter", SETTERS)
def test_the_table_from_zone_to_zone_stands_on_one_page_with_its_heading(setter):
    reader = read(printed("everything", setter))
    head = [text for page in reader.pages if "Fromrowtocolumn" in squeeze(text := page.extract_text())]
    assert len(head) == 1, "its head would be repeated on the next page"
    assert "Connections are opened from the zone" in " ".join(head[0].split())
    for zone in example("everything").boundaries:
        assert squeeze(zone.label).partition("→")[0] in squeeze(head[0])


def test_a_table_with_more_text_than_a_page_holds_is_whole_all_the_same():
    zones = [(f"Zone {n}" + " of a department with a long name" * 6, "internal") for n in range(11)]
    ends = [
        {
            "name": f"E{n}-{m}",
            "zone": zone,
            "addresses": [f"10.0.{n}.{m}"],
            "roles": ["website-user" if n else "web-primary"],
        }
        for n, (zone, _) in enumerate(zones)
        for m in range(1, n + 2)  # none is like another
    ]
    report = evaluate(write_plan(*ends, zones=zones))
    pages = read(render_pdf(report, Edition(date=DAY))).pages
    head = [text for page in pages if "Fromrowtocolumn" in squeeze(text := page.extract_text())]
    assert len(head) > 1
    assert all(f"Zone {n} of" in " ".join("".join(head).split()) for n in range(11))


def test_the_cover_counts_missing_addresses_and_none_reads_as_any():
    data = print_contoso()
    assert "1addresstobefilledin" in text_of(data, slice(1))
    text = text_of(data)
    assert text.count("anyaddress") == text.count("Publicanyaddress") + text.count("Public(group)anyaddress")
    assert squeeze(f"Portal {MISSING}") in part(data, RULES)


def test_blanks_name_the_rules_that_wait():
    report = evaluate(contoso())
    text = part(print_contoso(), "To complete before")
    waiting = [rule.id for rule in report.rules if "Portal" in [e.name for e in (*rule.sources, *rule.destinations)]]
    assert waiting
    assert squeeze(f"for {', '.join(waiting)}") in text


def test_the_cover_says_revision_matrix_digest_and_link():
    edition = Edition(date=DAY, revision=42, link="https://ports.example/share/abc")
    cover = text_of(render_pdf(evaluate(contoso()), edition), slice(1))
    assert "Revision42" in cover
    assert "29February2024" in cover
    assert shipped_matrix().digest in cover
    assert "https://ports.example/share/abc" in cover
    assert "https" not in text_of(print_contoso(), slice(1))


def test_a_part_says_which_and_has_no_other_rule():
    report = evaluate(contoso())
    chosen, selection = select(report, Filter(port="8443"))
    data = render_pdf(chosen, Edition(date=DAY, selection=selection))
    assert 0 < len(chosen.rules) < len(report.rules)
    assert squeeze(selection.sentence) in text_of(data, slice(1))
    for page in read(data).pages[1:]:
        assert squeeze(selection.count) in squeeze(page.extract_text())
    shown = {rule.id for rule in chosen.rules}
    text = text_of(data)
    assert all(number in text for number in shown)
    assert not any(rule.id in text for rule in report.rules if rule.id not in shown)


@pytest.mark.parametrize(("paper", "size"), [("a4", (842, 595)), ("letter", (792, 612))])
def test_the_paper_is_the_one_asked_for(paper, size):
    page = read(set_bare("one-server", paper=paper)).pages[0]
    assert (round(page.mediabox.width), round(page.mediabox.height)) == size


def test_hostile_names_stand_in_the_rules_as_text():
    endpoints = [
        {"name": name, "zone": "DMZ", "addresses": [f"192.0.2.{number}"], "roles": ["message-reader"]}
        for number, name in enumerate(HOSTILE_NAMES, 1)
    ]
    server = {"name": "PS01", "zone": "Internal", "roles": ["web-primary", "database"]}
    report = evaluate(write_plan(server, *endpoints))
    html = render_html(report, Edition(date=DAY)).decode()
    assert re.findall("<script[^>]*>", html) == ['<script type="module">']  # ours
    assert "<img" not in html
    text = text_of(render_pdf(report, Edition(date=DAY)))
    for number, name in enumerate(HOSTILE_NAMES, 1):
        written = squeeze(show_line(name))
        if written.isascii():
            assert f"{written}:192.0.2.{number}" in text
        assert f"192.0.2.{number}" in text


@pytest.mark.parametrize("names", in_lots(HOSTILE_NAMES), ids=ascii)
def test_hostile_names_of_everything_leave_the_document_whole(names):
    html = render_html(evaluate(hostile_lot(names)), Edition(date=DAY)).decode()
    assert html.count("<h1>") == html.count("</h1>") == 1
    assert html.rstrip().endswith("</html>")
    assert len(re.findall("<section", html)) == len(re.findall("</section>", html))
    assert "alert(1)</script>" not in html


def test_changed_ports_name_their_default():
    assert "changedfrom443" in part(print_contoso(), RULES)


def test_a_rule_with_many_ports_and_reasons_says_all_of_them():
    flows = [
        {"source": "A", "destination": "B", "protocol": "tcp", "ports": str(port), "reason": f"Reason number {port}"}
        for port in range(10_000, 10_300)
    ]
    plan = write_plan(
        {"name": "A", "zone": "DMZ", "addresses": ["192.0.2.1"]},
        {"name": "B", "zone": "Internal", "addresses": ["10.0.0.1"]},
        additional_flows=flows,
    )
    text = part(render_pdf(evaluate(plan), Edition(date=DAY)), RULES)
    for port in range(10_000, 10_300):
        assert f",{port}" in text or f"tcp{port}" in text
        assert f"Reasonnumber{port}." in text


class TestGroups:
    def test_a_long_side_names_a_group_and_every_member_stands_once_with_its_address(self):
        report = evaluate(sites(MOST_NAMED + 2))
        text = text_of(render_pdf(report, Edition(date=DAY)))
        for rule in report.rules:
            if len(rule.destinations) > MOST_NAMED:
                assert squeeze(f"{len(rule.destinations)} members") in text
        for number in range(MOST_NAMED + 2):
            assert f"W{number}(Site{number}):" in text

    def test_members_are_complete_and_nobody_is_listed_twice(self):
        report = evaluate(sites(30))
        grouping = Grouping(report)
        ends = report.plan.endpoints
        sets = [ends[:20], ends[10:40], ends[10:20], ends[50:70], ends[15:60]]
        sides = [grouping.side(f"R-{number}", "sources", some) for number, some in enumerate(sets)]
        objects = grouping.objects(ends)
        listed = [end.name for block in (*objects.groups, *objects.zones) for end in block.endpoints]
        assert sorted(listed) == sorted(end.name for end in ends)
        stands = {block.anchor: {end.name for end in block.endpoints} for block in objects.groups}
        unions = {
            union.group.anchor: set().union(*(stands[part.anchor] for part in union.parts)) for union in objects.unions
        }
        for some, side in zip(sets, sides, strict=True):
            assert (stands | unions)[side.group.anchor] == {end.name for end in some}

    def test_equal_sides_share_a_group(self):
        report = evaluate(sites(30))
        grouping = Grouping(report)
        ends = report.plan.endpoints[:20]
        assert grouping.side("R-1", "sources", ends).group is grouping.side("R-2", "destinations", ends).group
        [block] = grouping.objects(()).groups
        assert block.used_by == ("R-1", "R-2")

    def test_a_name_that_says_its_zone_is_not_told_twice(self):
        report = evaluate(write_plan(
            *({"name": f"Oslo {n}", "zone": "Oslo", "addresses": [f"10.0.0.{n}"]} for n in range(1, 15)),
            *({"name": f"B{n}", "zone": "Bergen", "addresses": [f"10.0.1.{n}"]} for n in range(1, 15)),
            zones=(("Oslo", "remote-site"), ("Bergen", "remote-site")),
        ))  # fmt: skip
        grouping = Grouping(report)
        grouping.side("R-1", "sources", report.plan.endpoints)
        lines = grouping.objects(()).groups[0].lines
        assert "Oslo 1: 10.0.0.1;" in lines
        assert "B1 (Bergen): 10.0.1.1;" in lines


@given(st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=200), max_size=60))
def test_columns_keep_every_text_in_its_order(texts):
    lines = lay_out(texts)
    assert [text.strip() for text in lines.replace("\n", " ").split(";")] == (texts or [""])
    for line in lines.splitlines():
        assert len(line) <= max(LINE, max(map(len, texts)) + 1)


@cache
def compared():
    """Two plans with rules to open, to close and to change between them."""
    before = contoso()
    after = contoso(choices={"esxi": "powercli"})
    after["endpoints"] = [dict(endpoint) for endpoint in after["endpoints"] if endpoint["name"] != "Public"]
    after["endpoints"][2]["addresses"] = ["192.0.2.9"]
    after["endpoints"].append({"name": "SQL02", "zone": "DMZ", "roles": ["database"]})
    return compare_reports(evaluate(before), evaluate(after))


@cache
def print_compared():
    return CHANGE_FORMATS["pdf"].render(compared(), Editions(before="revision 1", after="revision 2", date=DAY))


class TestChanges:
    def test_the_request_has_exactly_the_rules_of_the_json(self):
        comparison, data = compared(), print_compared()
        rules = comparison_data(comparison)["rules"]
        for title, name in (("Rules to open", "opened"), ("Rules to close", "closed"), ("Rules changed", "changed")):
            assert rules[name]
            text = part(data, title)
            rows = split_rules(text, [rule["id"] for rule in rules[name]])
            for rule in rules[name]:
                for end in (*rule["sources"], *rule["destinations"]):
                    assert squeeze(end) in rows[rule["id"]]
                for service in rule["services"]:
                    assert f"{service['protocol']}{service['ports'] or ''}" in rows[rule["id"]]
        assert squeeze(f"SQL02 {MISSING}") in part(data, "Rules to open")

    def test_the_cover_says_from_what_to_what_and_how_much(self):
        cover = text_of(print_compared(), slice(1))
        assert "Fromrevision1torevision2." in cover
        assert "1addresschanged" in cover

    def test_what_changed_of_a_rule_is_said(self):
        said = "tcp 443: Decided: only with VMware ESXi access: PowerCLI → yes"
        assert squeeze(said) in part(print_compared(), "Rules changed")

    def test_html_and_pdf_say_the_same_of_addresses(self):
        html = CHANGE_FORMATS["html"].render(compared(), Editions(before="a", after="b", date=DAY)).decode()
        assert re.search(r"Portal</td><td>DMZ</td><td><samp>none</samp></td><td><samp>192\.0\.2\.9", html)

    def test_nothing_is_a_request_too(self):
        report = evaluate(contoso())
        data = CHANGE_FORMATS["pdf"].render(compare_reports(report, report), Editions(before="a", after="b", date=DAY))
        assert part(data, "Rules to open").endswith("None.")

    def test_the_report_has_the_changes_since_a_revision(self):
        comparison = compared()
        edition = Edition(date=DAY, revision=5, since=comparison, since_revision=3)
        text = part(render_pdf(comparison.after, edition), "Changes since revision 3")
        for rule in (*comparison.rules_opened, *comparison.rules_closed, *comparison.rules_changed):
            assert rule.id in text
        assert "Portal:none" in text
        assert "Portal:192.0.2.9" in text

    @pytest.mark.parametrize("names", in_lots(HOSTILE_NAMES[:20]), ids=ascii)
    def test_hostile_names_leave_it_whole(self, names):
        name = " / ".join(names)
        comparison = compare_reports(evaluate(write_plan()), evaluate(hostile_lot(names)))
        html = CHANGE_FORMATS["html"].render(comparison, Editions(before=name, after=name, date=DAY)).decode()
        assert html.rstrip().endswith("</html>")
        assert len(re.findall("<section", html)) == len(re.findall("</section>", html))
        assert "alert(1)</script>" not in html
