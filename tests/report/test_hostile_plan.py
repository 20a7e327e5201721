"""One plan full of hostile text through every format, as a report, as a part of one and as a change request.

Nothing executes, nothing breaks, and the text survives where the format allows.
"""

import csv
import datetime
import io
import json
import re
import subprocess
import zipfile
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import pypdf
import pytest

from planner.engine.compare import compare_reports
from planner.report import CHANGE_FORMATS, FORMATS
from planner.report.diagram.diagram import render_svg
from planner.report.diagram.png import render_png
from planner.report.formats.markdown import escape
from planner.report.said.edition import Edition, Editions
from planner.report.said.filters import Filter, select
from ports.text import neutralise, show_line
from tests.report.firewall.reading import FURTHER, READERS, expected, strange_lines
from tests.report.firewall.test_permits import check
from tests.report.samples import WORST_NAMES, evaluate, worst

OURS = (Path(__file__).resolve().parents[2] / "static/js/printed.js").read_text("utf-8")
DAY = datetime.date(2026, 1, 2)
NEW = WORST_NAMES[4:20]
TEXTS = [show_line(name) for name in WORST_NAMES]
REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")
FORMULA = re.compile(r"(^|;)\s*[=+\-@＝]")
KINDS = ("report", "part", "changes")
OWN_LINK = re.compile(r"\[[0-9,]+ rules?(?:, [0-9,]+ flows? within)?\]\(#[\w%-]*\)", re.ASCII)
"""In Markdown: from the table of zones to a heading of the same file."""


@pytest.fixture(scope="module")
def after():
    return evaluate(worst())


@pytest.fixture(scope="module")
def render(after):
    """The bytes of a format: of the report, of a part of it, or of the change request from a plan with fewer hosts."""
    part, selection = select(after, Filter(text='"; accept'))
    comparison = compare_reports(evaluate(worst(NEW)), after)
    name = '"; accept <script>alert(1)</script>\u202e.yaml'

    def render(kind, format):
        if kind == "changes":
            return CHANGE_FORMATS[format].render(comparison, Editions(before=name, after=f"={name}", date=DAY))
        if kind == "part":
            return FORMATS[format].render(part, Edition(date=DAY, revision=1, selection=selection, since=comparison))
        # What is undecided is open, as in the report, wherever a file can be asked for that.
        options = {"open_undecided": True} if "open_undecided" in FORMATS[format].options else {}
        return FORMATS[format].render(after, Edition(date=DAY, revision=1, since=comparison), **options)

    return render


def names_of(kind):
    """The names that have to be found: all of them in the report, what is new in the change request."""
    return {"report": WORST_NAMES, "changes": NEW, "part": ()}[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_json_keeps_every_character(render, kind):
    data = json.loads(render(kind, "json"))
    flows = data["opened"] if kind == "changes" else data["flows"]
    assert {end for flow in flows for end in (flow["source"], flow["destination"])} >= set(names_of(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_has_no_formula_and_a_line_for_each_flow(render, kind):
    rows = list(csv.DictReader(io.StringIO(render(kind, "csv").decode("utf-8-sig"))))
    assert rows
    assert not [cell for row in rows for cell in row.values() if FORMULA.search(cell) or REORDERING.search(cell)]
    data = json.loads(render(kind, "json"))
    assert len(rows) == sum(len(data[key]) for key in ("flows", "opened", "closed", "changed") if key in data)
    cells = {cell.replace(";'", ";").removeprefix("'") for row in rows for cell in row.values()}
    assert cells >= {show_line(name) for name in names_of(kind)}


def test_the_file_of_what_is_not_opened_has_no_formula(render):
    rows = list(csv.reader(io.StringIO(render("report", "closed").decode("utf-8-sig"))))
    assert len(rows) > 50
    assert not [cell for row in rows for cell in row if FORMULA.search(cell) or REORDERING.search(cell)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_workbook_has_text_alone(render, kind):
    book = openpyxl.load_workbook(io.BytesIO(render(kind, "xlsx")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert not [cell for cell in cells if FORMULA.match(cell.value) or REORDERING.search(cell.value)]
    links = [cell for cell in cells if cell.hyperlink]
    assert all(cell.parent.title == "Zones" and cell.hyperlink.target is None for cell in links)
    assert all(re.fullmatch(r"'(Rules|Closed)'!A[1-9][0-9]*", cell.hyperlink.location) for cell in links)
    lines = {line for cell in cells for line in cell.value.split("\n")}
    for name in names_of(kind):
        assert {show_line(name), neutralise(show_line(name))} & lines, ascii(name)


class _Reader(HTMLParser):
    """Which elements a page has, what stands in them, and where it could act."""

    def __init__(self):
        super().__init__()
        self.tags, self.text, self.acts = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.acts += [(tag, name) for name, _ in attrs if name.startswith("on") or name == "srcdoc"]
        self.acts += [(tag, value) for name, value in attrs if name in ("src", "href") and not value.startswith("#")]

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize("kind", KINDS)
def test_a_web_page_has_no_element_that_acts(render, kind):
    html = render(kind, "html").decode()
    reader = _Reader()
    reader.feed(html)
    assert not {"iframe", "object", "embed", "img", "form", "link", "base"} & set(reader.tags)
    assert reader.tags.count("script") == 1
    assert f'<script type="module">{OURS}</script>' in html
    assert reader.acts == []
    assert not REORDERING.search(html)
    assert html.rstrip().endswith("</html>")
    text = "".join(reader.text)
    for name in names_of(kind):
        assert show_line(name) in text, ascii(name)


@pytest.mark.parametrize("kind", KINDS)
def test_markdown_has_no_element_link_or_torn_row(render, kind):
    text = render(kind, "markdown").decode()
    assert not re.search(r"<(?!br>|!-- -->)", text)
    assert not re.search(r"(?<!\\)\]\(", OWN_LINK.sub("", text))
    assert not REORDERING.search(text)
    width = None
    for line in text.splitlines():
        bars = len(re.findall(r"(?<!\\)\|", line))
        assert width is None or not line.startswith("|") or bars == width, line
        width = bars if line.startswith("|") else None
    for name in names_of(kind):
        assert escape(name) in text, ascii(name)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_pdf_has_no_action_and_names_everybody(render, kind):
    data = render(kind, "pdf")
    reader = pypdf.PdfReader(io.BytesIO(data))
    assert not REORDERING.search(reader.metadata.title)
    assert "/OpenAction" not in reader.root_object
    assert "/JavaScript" not in reader.root_object.get("/Names", {})
    assert set(reader.attachments) <= {"report.json"}
    for page in reader.pages:
        links = [note.get_object() for note in page.get("/Annots", ())]
        assert all(link.get("/A", {}).get("/S", "/GoTo") == "/GoTo" and "/AA" not in link for link in links)
    # Not with pypdf, which can't read every font of it.
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=True)
    text = "".join(done.stdout.decode().split())
    assert "\u202e" not in text  # around Hebrew pdftotext itself writes others
    for name in names_of(kind):
        if name.isascii():  # letters that join or run from the right come out of a PDF in another order
            assert "".join(show_line(name).split()) in text, ascii(name)


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("kind", ["report", "part"])
def test_a_firewall_permits_what_the_report_says(render, after, kind, name, tmp_path):
    text = render(kind, name).decode()
    assert not strange_lines(text)
    if kind == "report":
        assert READERS[name](text) == expected(after)
    for program in {"nftables": ["nft"], "iptables": ["iptables-restore", "ip6tables-restore"]}.get(name, ()):
        check(program, text, tmp_path)


def test_archives_have_a_file_for_each_host_under_a_name_that_leads_nowhere(render):
    with zipfile.ZipFile(io.BytesIO(render("report", "all-firewalls"))) as archive:
        names = archive.namelist()
        assert all(re.fullmatch(r"(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+(?:\.[A-Za-z0-9]+)+", name) for name in names)
        assert len({name.casefold() for name in names}) == len(names)
        for name in names:
            assert not strange_lines(archive.read(name).decode())
        assert not {"CON.ps1", "CON"} & {name.rpartition("/")[2] for name in names}
    assert sum(name.startswith("windows/host-") for name in names) > len(WORST_NAMES) - 5


def test_a_table_for_an_inventory_has_no_formula(render):
    with zipfile.ZipFile(io.BytesIO(render("report", "netbox"))) as archive:
        for name in archive.namelist()[1:]:
            rows = list(csv.reader(io.StringIO(archive.read(name).decode())))
            assert len(rows) > 1 or name == "prefixes.csv"
            assert len({len(row) for row in rows}) == 1
            assert not [cell for row in rows for cell in row if FORMULA.search(cell) or REORDERING.search(cell)]


def test_drawings_and_tickets_have_text_alone(render):
    drawing = ElementTree.fromstring(render("report", "drawio"))
    texts = [one.get(key, "") for one in drawing.iter("UserObject") for key in ("label", "tooltip")]
    assert {tag for text in texts for tag in re.findall(r"<[^>]*>", text)} == {"<br>"}
    shown = "\n".join(map(unescape, texts))
    assert not [name for name in WORST_NAMES if show_line(name) not in shown]
    chart = render("report", "mermaid").decode()
    assert chart.count("\n") == len(
        re.findall(r"^(?: +(?:subgraph |style |end$|[ze]_)|flowchart LR$)", chart, re.MULTILINE)
    )
    assert not REORDERING.search(shown + chart)
    with zipfile.ZipFile(io.BytesIO(render("report", "tickets"))) as archive:
        for name in archive.namelist():
            assert re.fullmatch(r"(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+\.(?:md|txt)", name)
            assert not REORDERING.search(archive.read(name).decode())


def test_every_format_is_tried_here():
    tried = {
        "json",
        "csv",
        "closed",
        "xlsx",
        "html",
        "markdown",
        "pdf",
        *READERS,
        *FURTHER,
        "aws",
        "windows",
        "aerleon",
        "all-firewalls",
        "firewalls",
        "checks",
        "goss",
        "blackbox",
        "drawio",
        "mermaid",
        "tickets",
        "netbox",
        "svg",
        "png",
    }
    assert tried == set(FORMATS)
    assert {name for name, kind in CHANGE_FORMATS.items() if not kind.configures} == {
        "json", "csv", "xlsx", "html", "markdown", "pdf",
    }  # fmt: skip


def test_a_drawing_is_a_drawing(after):
    drawing = render_svg(after)
    text = drawing.decode()
    assert not REORDERING.search(text)
    assert "<script" not in text
    assert "onload=" not in re.sub(r">[^<]*<", "><", text)
    assert render_png(drawing).startswith(b"\x89PNG")
