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

from planner.plan.examples import read_examples
from planner.report.formats.changes import Editions
from planner.report.paper.html import render_html
from planner.report.paper.paper import make_pdf, read_tree
from planner.report.paper.pdf import render_pdf
from planner.report.paper.print_changes import render_changes_html
from planner.report.said.edition import Edition
from tests.report.samples import contoso, evaluate, hostile, sites, write_plan
from tests.report.test_print import TestChanges, example, squeeze, text_of
from tests.strategies import HOSTILE_NAMES

DAY = date(2024, 2, 29)
PAPERS = ("a4", "letter")


def page(body, title="T"):
    return f'<!doctype html><html lang="en"><head><title>{title}</title></head><body><main>{body}</main></body></html>'


def texts(node):
    """Every piece of text of a tree, words that may break in one piece."""
    for kid in node["k"]:
        if isinstance(kid, str):
            yield from kid.splitlines()
        elif kid["t"] == "long":
            yield "".join(kid["k"])
        else:
            yield from texts(kid)


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
            assert 50 < left < right < width - 50, text
            assert 25 < top < bottom < height - 20, text
        body = sorted((word for word in words if word[2] < height - 45), key=lambda word: word[2])
        for number, (one, left, top, right, bottom) in enumerate(body):
            for other, left_2, top_2, right_2, bottom_2 in body[number + 1 :]:
                if top_2 > bottom:
                    break
                over = min(bottom, bottom_2) - max(top, top_2)
                assert not (min(right, right_2) - max(left, left_2) > 1.5 and over > 4), (one, other)
        assert all(bottom < height - 40 or top > height - 45 for _, _, top, _, bottom in words)


def assert_nothing_is_lost(html, data):
    printed = text_of(data)
    for text in texts({"k": read_tree(html)["body"]}):
        assert squeeze(text) in printed, text


@pytest.mark.parametrize("slug", [example.slug for example in read_examples()])
def test_every_word_of_the_document_is_on_paper(slug):
    html = render_html(example(slug), Edition(date=DAY, revision=7)).decode()
    assert_nothing_is_lost(html, make_pdf(html))


def test_every_word_of_a_plan_of_many_sites_is_on_paper():
    html = render_html(evaluate(sites(70)), Edition(date=DAY)).decode()
    assert_nothing_is_lost(html, make_pdf(html, "letter"))


def test_every_word_of_a_change_request_is_on_paper():
    html = render_changes_html(TestChanges.compared(), Editions(before="revision 41", after="revision 42", date=DAY))
    assert_nothing_is_lost(html.decode(), make_pdf(html.decode()))


@pytest.mark.parametrize(
    "typed",
    ['#panic("x")', "#import \"@preview/a:1.0.0\": b", "$ x^2 $", "*bold* _slanted_", "] #read(\"/etc/passwd\") [",
     "<label> @label", "// gone", "\\u{41}", "a -- b ~ c", "= Heading", "`raw`", "+ item"],
)  # fmt: skip
def test_what_was_typed_stands_there_as_it_was_typed(typed):
    report = evaluate(write_plan(
        {"name": typed, "zone": "DMZ", "addresses": ["192.0.2.1"], "roles": ["password-reset-portal"]},
        {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.1"], "roles": ["web-primary", "database"]},
    ))  # fmt: skip
    assert squeeze(typed) in text_of(render_pdf(report, Edition(date=DAY)))


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
def test_hostile_names_break_nothing(name):
    data = render_pdf(evaluate(hostile(name)), Edition(date=DAY))
    reader = pypdf.PdfReader(io.BytesIO(data))
    assert f"page {len(reader.pages)} of {len(reader.pages)}" in reader.pages[-1].extract_text()
    assert "/JavaScript" not in str(reader.trailer["/Root"])


def test_the_same_document_gives_the_same_bytes():
    html = render_html(evaluate(contoso()), Edition(date=DAY)).decode()
    assert make_pdf(html) == make_pdf(html)


def claims_accessibility(data):
    metadata = pypdf.PdfReader(io.BytesIO(data)).trailer["/Root"]["/Metadata"].get_data().decode()
    return bool(re.search(r"<pdfuaid:part>1</pdfuaid:part>", metadata))


@pytest.mark.parametrize("slug", [example.slug for example in read_examples()])
@pytest.mark.parametrize("paper", PAPERS)
def test_the_examples_are_pdf_ua(slug, paper):
    assert claims_accessibility(render_pdf(example(slug), Edition(date=DAY, paper=paper)))


def test_a_change_request_is_pdf_ua():
    html = render_changes_html(TestChanges.compared(), Editions(before="a", after="b", date=DAY)).decode()
    assert claims_accessibility(make_pdf(html))


def test_a_letter_without_a_glyph_costs_the_claim_and_not_the_document():
    data = make_pdf(page("<h2>Name</h2><p>\U0010fffd and text</p>"))
    assert not claims_accessibility(data)
    assert "and text" in pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text()


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
    counts, said = structure(render_pdf(report, Edition(date=DAY)))
    assert counts["/H1"] >= 8
    assert counts["/H2"] >= len(report.boundaries)
    assert counts["/Table"] >= len(report.boundaries)
    assert counts["/TH"] >= 7 * len(report.boundaries)
    assert counts["/TR"] > len(report.rules)
    assert said == ["Zones and the ports between them", "Zones, their endpoints and the connections between them"]


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("letter", ["W", "\u754c"])
def test_the_tallest_rows_fit_a_page(paper, letter):
    addresses = [f"2001:db8:{number:x}:1111:2222:3333:4444:{number:04x}" for number in range(9)]
    endpoints, flows = [], []
    for count, length, known in product((1, 3, 8), (9, 80, 250), (0, 4, 9)):
        to = f"To {count} {length} {known}"
        endpoints.append({"name": to, "zone": "Internal", "addresses": addresses[:known]})
        for number in range(count):
            name = f"{number}-{count}-{length}-{known}-".ljust(length, letter)
            endpoints.append({"name": name, "zone": "DMZ", "addresses": addresses[:known]})
            flows += [
                {"source": name, "destination": to, "protocol": "tcp", "ports": str(port), "reason": "m" * 90}
                for port in range(1_000, 1_000 + 2 * count)
            ]
    html = render_html(evaluate(write_plan(*endpoints, additional_flows=flows)), Edition(date=DAY)).decode()
    # Pictures are measured elsewhere, and their words may touch lines of others.
    data = make_pdf(re.sub(r"<figure.*?</figure>", "", html, flags=re.DOTALL), paper)
    assert_nothing_sticks_out(data)


@pytest.mark.parametrize("slug", [example.slug for example in read_examples()])
@pytest.mark.parametrize("paper", PAPERS)
def test_nothing_sticks_out_in_the_examples(slug, paper):
    html = render_html(example(slug), Edition(date=DAY, revision=7)).decode()
    assert_nothing_sticks_out(make_pdf(re.sub(r"<figure.*?</figure>", "", html, flags=re.DOTALL), paper))


def test_only_the_standard_library_and_typst_are_needed():
    code = (
        "import sys; sys.modules['django'] = None; from planner.report.paper.paper import make_pdf; "
        "assert make_pdf('<title>T</title><body><p>x</p></body>').startswith(b'%PDF')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
