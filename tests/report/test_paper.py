"""What sets pages: every word of a document arrives on paper, nothing typed becomes code, no row is lost."""

import io
import re
import subprocess
import sys
from datetime import date
from itertools import product
from xml.etree import ElementTree

import pypdf
import pytest

from planner.report.paper.change_pages import compose_changes
from planner.report.paper.pdf import write_pdf
from planner.report.paper.printed import Element, PrintedReport, Running, make
from planner.report.paper.prints import render_pdf
from planner.report.paper.report_pages import compose_report
from planner.report.paper.typst_pages import make_pdf
from planner.report.said.edition import Edition, Editions
from planner.report.said.filters import Filter, select
from tests.examples import UNANSWERED, read_examples, report_on
from tests.paper import read_pages
from tests.report.samples import contoso, evaluate, hostile_lot, in_lots, sites, write_plan
from tests.report.test_print import (
    bare,
    compared,
    example,
    lines_of,
    printed,
    read,
    set_bare,
    squeeze,
    text_of,
    without_pictures,
)
from tests.strategies import HOSTILE_NAMES

pytestmark = pytest.mark.slow

DAY = date(2024, 2, 29)
PAPERS = ("a4", "letter")


RUNNING = Running(name="N", edition="E", matrix="M")


def page(*parts):
    return PrintedReport(title="T", running=RUNNING, parts=parts)


def boxes(data):
    """For each page its width and height and the boxes of its words: text, left, top, right, bottom."""
    run = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=data, capture_output=True, check=True)
    root = ElementTree.fromstring(run.stdout.decode().replace(' xmlns="http://www.w3.org/1999/xhtml"', ""))
    for sheet in root.iter("page"):
        words = [
            (word.text or "", *(float(word.get(edge)) for edge in ("xMin", "yMin", "xMax", "yMax")))
            for word in sheet.iter("word")
        ]
        yield float(sheet.get("width")), float(sheet.get("height")), words


def assert_nothing_sticks_out(data):
    """Words stay between the margins, and none stands on another."""
    for width, height, words in boxes(data):
        for text, left, top, right, bottom in words:
            assert 42 < left < right < width - 42, text
            assert 20 < top < bottom < height - 16, text
        body = sorted((word for word in words if word[2] < height - 40), key=lambda word: word[2])
        for number, (one, left, top, right, bottom) in enumerate(body):
            for other, left_2, top_2, right_2, bottom_2 in body[number + 1 :]:
                if top_2 > bottom:
                    break
                over = min(bottom, bottom_2) - max(top, top_2)
                assert not (min(right, right_2) - max(left, left_2) > 1.5 and over > 4), (one, other)
        assert all(bottom < height - 38 or top > height - 40 for _, _, top, _, bottom in words)


def assert_nothing_is_lost(printed, data):
    text = text_of(data)
    for part in printed.parts:
        for piece in part.texts():
            for line in piece.splitlines():
                assert squeeze(line) in text, line


def compose(report, **more):
    return compose_report(report, Edition(date=DAY, **more))


def compose_change():
    return compose_changes(compared(), Editions(before="revision 41", after="revision 42", date=DAY))


@pytest.mark.parametrize("slug", [example.slug for example in read_examples()])
def test_every_word_of_the_document_is_on_paper(slug):
    assert_nothing_is_lost(compose(example(slug), revision=7), printed(slug))


def test_every_word_of_a_plan_of_many_sites_is_on_paper():
    printed = compose(evaluate(sites(70)), paper="letter")
    assert_nothing_is_lost(printed, make_pdf(printed))


def test_every_word_of_a_change_request_is_on_paper():
    printed = compose_change()
    assert_nothing_is_lost(printed, make_pdf(printed))


# Between two pieces of a section's text there may be numbers of pages, and heads of tables that a page repeats.
PAGES = r"(?:,page)?\d+"


def assert_it_says_the_same(printed, data):
    """Section by section, a PDF has the texts of the document in their order, and nothing besides."""
    reader = read(data)
    text = squeeze("".join(map(lines_of, reader.pages)))
    at = 0
    for part in printed.parts:
        heads = {squeeze("".join(kid.texts())) for kid in find(part, "thead")}
        noise = f"(?:{'|'.join([PAGES, *map(re.escape, sorted(heads, key=len, reverse=True))])})*"
        for piece in filter(None, map(squeeze, part.texts())):
            found = re.compile(noise + re.escape(piece)).match(text, at)
            assert found, (part.get("id"), piece, text[at : at + 200])
            at = found.end()
    assert text[at:] == ""


def find(element, tag):
    for kid in element.kids:
        if isinstance(kid, Element):
            if kid.tag == tag:
                yield kid
            yield from find(kid, tag)


@pytest.mark.parametrize("engine", ["typst", "weasyprint"])
@pytest.mark.parametrize("slug", ["one-server", "everything"])
def test_both_setters_say_the_same_section_by_section(slug, engine):
    assert_it_says_the_same(bare(slug), set_bare(slug, engine))


@pytest.mark.parametrize("engine", ["typst", "weasyprint"])
def test_both_setters_say_the_same_of_a_change(engine):
    printed = compose_change()
    assert_it_says_the_same(printed, write_pdf(printed, engine))


def test_what_was_typed_stands_there_as_it_was_typed():
    typed = (
        '#panic("x")', "#import \"@preview/a:1.0.0\": b", "$ x^2 $", "*bold* _slanted_", "] #read(\"/etc/passwd\") [",
        "<label> @label", "// gone", "\\u{41}", "a -- b ~ c", "= Heading", "`raw`", "+ item",
    )  # fmt: skip
    server = {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.1"], "roles": ["web-primary", "database"]}
    portals = [
        {"name": name, "zone": "DMZ", "addresses": [f"192.0.2.{number}"], "roles": ["password-reset-portal"]}
        for number, name in enumerate(typed, 1)
    ]
    text = text_of(render_pdf(evaluate(write_plan(*portals, server)), Edition(date=DAY)))
    assert not [name for name in typed if squeeze(name) not in text]


@pytest.mark.parametrize("names", in_lots(HOSTILE_NAMES), ids=ascii)
def test_hostile_names_break_nothing(names):
    data = render_pdf(evaluate(hostile_lot(names)), Edition(date=DAY))
    reader = pypdf.PdfReader(io.BytesIO(data))
    assert f"page {len(reader.pages)} of {len(reader.pages)}" in read_pages(data)[-1]
    assert "/JavaScript" not in str(reader.trailer["/Root"])


def test_the_same_document_gives_the_same_bytes_also_where_nothing_is_done_after_it():
    assert make_pdf(compose(evaluate(contoso())), is_last=True) == make_pdf(compose(evaluate(contoso())))


def claims_accessibility(data):
    metadata = pypdf.PdfReader(io.BytesIO(data)).trailer["/Root"]["/Metadata"].get_data().decode()
    return bool(re.search(r"<pdfuaid:part>1</pdfuaid:part>", metadata))


def test_letters_without_a_glyph_cost_the_claim_and_not_the_document_and_are_named_in_the_log(caplog):
    words = "\U0010fffd and text, \U000ffffd, once more \U0010fffd"
    data = make_pdf(page(make("section", make("h2", "Name"), make("p", words))))
    assert not claims_accessibility(data)
    assert "and text" in read_pages(data)[0]
    assert caplog.messages == [
        "The PDF has boxes for <U+FFFFD> and <U+10FFFD>, and is neither PDF/UA-1 nor PDF/A-3a: no font here has these."
    ]


def test_nothing_is_said_of_a_document_whose_letters_are_there(caplog):
    make_pdf(page(make("p", "text")))
    assert not caplog.messages


def structure(data):
    """How often each kind of element stands in the tags, and their alternative texts."""
    counts, said = {}, []

    def walk(node):
        node = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(node, list):
            for kid in node:
                walk(kid)
        elif isinstance(node, dict) and "/S" in node:
            counts[node["/S"]] = counts.get(node["/S"], 0) + 1
            if "/Alt" in node:
                said.append(node["/Alt"])
            walk(node.get("/K", []))

    walk(pypdf.PdfReader(io.BytesIO(data)).trailer["/Root"]["/StructTreeRoot"]["/K"])
    return counts, said


def test_tags_know_headings_tables_header_cells_and_what_pictures_show():
    report = example("dmz")
    counts, said = structure(printed("dmz"))
    assert counts["/H1"] >= 8
    assert counts["/H2"] >= len(report.boundaries)
    assert counts["/Table"] >= 4
    assert counts["/TH"] >= 5 + len(report.boundaries)
    assert counts["/TR"] > 2 * len(report.rules)
    assert said == ["Zones, their endpoints and the connections between them"]


def test_zones_are_drawn_where_no_table_has_them():
    chosen, selection = select(example("dmz"), Filter(port="443"))
    _, said = structure(render_pdf(chosen, Edition(date=DAY, selection=selection)))
    assert said == ["Zones and the ports between them", "Zones, their endpoints and the connections between them"]


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("letter", ["W", "\u754c"])
def test_the_tallest_rows_fit_a_page(paper, letter):
    addresses = [f"2001:db8:{number:x}:1111:2222:3333:4444:{number:04x}" for number in range(9)]
    endpoints, flows = [], []
    for count, length, known in product((1, 8), (9, 250), (0, 9)):
        to = f"To {count} {length} {known}"
        endpoints.append({"name": to, "zone": "Internal", "addresses": addresses[:known]})
        for number in range(count):
            name = f"{number}-{count}-{length}-{known}-".ljust(length, letter)
            endpoints.append({"name": name, "zone": "DMZ", "addresses": addresses[:known]})
            flows += [
                {"source": name, "destination": to, "protocol": "tcp", "ports": str(port), "reason": "m" * 90}
                for port in range(1_000, 1_000 + 2 * count)
            ]
    printed = compose(evaluate(write_plan(*endpoints, additional_flows=flows)), paper=paper)
    assert_nothing_sticks_out(make_pdf(without_pictures(printed)))


@pytest.mark.parametrize("slug", [example.slug for example in read_examples()])
@pytest.mark.parametrize("paper", PAPERS)
def test_nothing_sticks_out_in_the_examples(slug, paper):
    assert_nothing_sticks_out(set_bare(slug, paper=paper))


def test_what_sets_pages_by_typst_needs_no_framework():
    code = (
        "import sys; sys.modules['django'] = None\n"
        "from planner.report.paper.printed import PrintedReport, Running, make\n"
        "from planner.report.paper.typst_pages import make_pdf\n"
        "running = Running(name='', edition='', matrix='')\n"
        "printed = PrintedReport(title='T', running=running, parts=(make('p', 'x'),))\n"
        "assert make_pdf(printed).startswith(b'%PDF')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


TEXT = re.compile(rb"\bBT\b[^\[(<]*? ([\d.]+) Tf(?: -?[\d.]+){3} (-?[\d.]+)(?: -?[\d.]+){2} Tm")
"""What Typst begins a text with: how large its letters are, and by how much they are scaled upwards."""


@pytest.mark.parametrize("slug", ["everything", "remote-sites"])
def test_no_letter_is_smaller_than_nine_points(slug):
    for sheet in read(set_bare(slug)).pages:
        drawn = sheet.get_contents().get_data()
        sizes = [float(size) * abs(float(scale)) for size, scale in TEXT.findall(drawn)]
        assert len(sizes) == len(re.findall(rb"\bBT\b", drawn)) > 0
        assert min(sizes) >= 9


@pytest.mark.parametrize("engine", ["typst", "weasyprint"])
def test_what_is_to_be_written_down_of_a_rule_stands_on_its_page(engine):
    report = example("everything")
    pages = [lines_of(sheet) for sheet in read(set_bare("everything", engine)).pages]
    start = next(number for number, text in enumerate(pages) if "Firewall rules by boundary" in text and number)
    numbers = [rule.id for rule in report.rules]
    for text in pages[start:]:
        rules = text.partition("Host firewalls, server by server")[0]
        begun = re.findall(rf"^(?:{'|'.join(map(re.escape, numbers))})(?!\s(?:sources|destinations))\b", rules, re.M)
        assert len(begun) == rules.count("Implemented by, on")
        if rules != text:
            break


def test_a_box_to_tick_stays_beside_its_words():
    """At the end of a line it stood alone, and the next line began with what it is for."""
    printed = compose_report(report_on(UNANSWERED["everything"]), Edition(date=date(2024, 2, 29)))
    said = [text for part in printed.parts for text in part.texts() if "☐" in text]
    assert any("☐\u00a0Follow practice" in text for text in said)
    assert not [text for text in said if "☐ " in text]
