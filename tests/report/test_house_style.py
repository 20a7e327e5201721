"""A company's own stylesheet: it is followed on paper and fetches nothing; a bad one is refused."""

import base64
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import date
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from planner.deploy.stylesheet import MAX_KIB, BadStylesheet, read_stylesheet
from planner.report import CHANGE_FORMATS, typesetting
from planner.report.paper import prints
from planner.report.paper.prints import render_html, render_pdf
from planner.report.paper.report_pages import compose_report
from planner.report.said.edition import Edition, Editions
from planner.report.said.filters import Filter, select
from tests.report.samples import contoso, evaluate, write_plan
from tests.report.test_paper import assert_nothing_is_lost, assert_nothing_sticks_out, structure
from tests.report.test_print import (
    HOUSE,
    RULES,
    bare,
    bookmarks,
    compared,
    example,
    part,
    print_contoso,
    printed,
    read,
    squeeze,
    text_of,
)
from tests.strategies import HOSTILE_NAMES

DAY = date(2024, 2, 29)
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc000000301010018"
        "dd8db00000000049454e44ae426082"
    )
).decode()


def styled(css, report=None, **more):
    return render_pdf(report or evaluate(contoso()), Edition(date=DAY, stylesheet=css, **more))


def plain():
    return printed("dmz", "WeasyPrint")


def long():
    """One with long tables, on the other paper."""
    return printed("everything", "WeasyPrint")


CLASSIFIED = f'Internal {"W" * 24} <b>&"\\'
"""As wide as it may be, and with what markup is made of."""


@cache
def classified_part():
    chosen, selection = select(evaluate(contoso()), Filter(port="8443"))
    return styled(HOUSE, chosen, selection=selection, classification=CLASSIFIED), selection


FOLLOWED = f"""
    h2 {{ color: rgb(255, 0, 128); font-family: "DejaVu Serif" }}
    @page {{ @top-right {{ content: "ACME secret" }} }}
    h1::before {{ content: url(data:image/png;base64,{PIXEL}) }}
    #sign-off {{ display: none }}
"""


@cache
def followed():
    return styled(FOLLOWED)


def drawn(data):
    """What is drawn on all pages, as the operators say it."""
    return b"".join(page.get_contents().get_data() for page in read(data).pages)


def fonts(data):
    """The names of the fonts outside of pictures."""
    return {str(font["/BaseFont"]) for page in read(data).pages for font in page["/Resources"]["/Font"].values()}


@pytest.mark.slow
class TestOnPaper:
    def test_a_colour_is_followed(self):
        red = re.compile(rb"\b1 0 0\.50196\d* rg")
        assert red.search(drawn(followed()))
        assert not red.search(drawn(plain()))

    def test_a_font_is_followed(self):
        assert any("Serif" in name for name in fonts(followed()))
        assert not any("Serif" in name for name in fonts(plain()))

    def test_text_and_a_logo_are_followed(self):
        reader = read(followed())
        assert all("ACME secret" in page.extract_text() for page in reader.pages[1:])
        assert len(reader.pages[0].images) == 1
        assert not read(plain()).pages[0].images

    def test_it_can_hide_and_order_what_ours_shows(self):
        assert "Sign-off" in "".join(page.extract_text() for page in read(plain()).pages)
        assert "Signature, ticket" not in "".join(page.extract_text() for page in read(followed()).pages)

    @pytest.mark.parametrize(("make", "size"), [(plain, (842, 595)), (long, (792, 612))], ids=["a4", "letter"])
    def test_the_paper_is_landscape_and_the_one_asked_for(self, make, size):
        for page in read(make()).pages:
            assert (round(page.mediabox.width), round(page.mediabox.height)) == size

    def test_running_headers_stand_on_every_page_but_the_cover(self):
        for number, page in enumerate(read(plain()).pages):
            text = page.extract_text()
            assert (f"{example('dmz').plan.name} · port requirements" in text.replace("\n", " ")) == (number > 0)
            assert ("Revision 7 · 29 February 2024" in text) == (number > 0)
            assert "Matrix: " in text

    def test_the_contents_say_the_pages(self):
        data = plain()
        pages = {title: page for level, title, page in bookmarks(read(data)) if level == 1}
        cover = text_of(data, slice(1))
        for title in (RULES, "Findings", "Sign-off"):
            assert f"{squeeze(title)}{pages[title]}" in cover

    def test_tags_know_headings_and_header_cells(self):
        report = example("dmz")
        counts, _ = structure(printed("dmz", "WeasyPrint"))
        assert counts["/H2"] >= 8
        assert counts["/TH"] >= 7 * len(report.boundaries)
        assert counts["/TR"] > len(report.rules)

    def test_every_word_is_on_paper_between_the_margins(self):
        edition = Edition(date=DAY, revision=7, stylesheet=HOUSE)
        assert_nothing_is_lost(compose_report(example("dmz"), edition), printed("dmz", "WeasyPrint"))
        assert_nothing_is_lost(bare("everything"), printed("everything", "WeasyPrint"))

    def test_a_long_table_tears_no_row_and_repeats_its_head(self):
        assert_nothing_sticks_out(long())
        reader = read(long())
        parts = [(title, page) for level, title, page in bookmarks(reader) if level == 1]
        number = [title for title, _ in parts].index(RULES)
        for page in reader.pages[parts[number][1] - 1 : parts[number + 1][1] - 1]:
            assert "Rule From To Service and why Done" in " ".join(page.extract_text().split())

    def test_a_part_says_which(self):
        data, selection = classified_part()
        for page in read(data).pages[1:]:
            assert squeeze(selection.count) in squeeze(page.extract_text())

    def test_a_change_request_follows_it(self):
        editions = Editions(
            before="revision 1", after="revision 2", date=DAY, stylesheet=HOUSE + "h1::after{content:' ACME'}"
        )
        comparison = compared()
        data = CHANGE_FORMATS["pdf"].render(comparison, editions)
        assert "Contoso ACME" in read(data).pages[0].extract_text()
        for rule in comparison.rules_opened:
            assert rule.id in part(data, "Rules to open")
        assert "revision 1 → revision 2" in read(data).pages[1].extract_text()

    def test_without_one_typst_sets_the_pages(self):
        assert "Typst" in read(print_contoso()).metadata.creator
        assert "WeasyPrint" in read(plain()).metadata.producer

    @pytest.mark.parametrize(
        ("engine", "stylesheet", "looked"),
        [(None, "", 1), (None, HOUSE, 0), ("weasyprint", "", 0), ("typst", "", 1)],
    )
    def test_fonts_are_looked_for_while_the_document_is_made_where_typst_sets_it(
        self, monkeypatch, engine, stylesheet, looked
    ):
        begun = []
        monkeypatch.setattr(typesetting, "look_for_fonts", lambda: begun.append("fonts"))
        monkeypatch.setattr(prints, "compose_report", lambda *_, **_options: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            render_pdf(None, Edition(date=DAY, engine=engine, stylesheet=stylesheet))
        assert len(begun) == looked

    def test_weasyprint_is_loaded_only_for_it(self):
        code = (
            "import sys, django; django.setup(); import planner.report.paper.prints; "
            "sys.exit('weasyprint' in sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
class TestHostileNames:
    @pytest.mark.parametrize(
        ("name", "others"),
        [('"; } body { display: none } @page { @top-left { content: "', HOSTILE_NAMES),
         (" / ".join(["</style><script>alert(1)</script>", "\\22 ; } /*", "A*/B", "'\\"]), ())],
        ids=["in the document", "several in the margins"],
    )  # fmt: skip
    def test_they_stand_in_the_document_as_text_and_are_quoted_in_the_margins(self, name, others):
        """A margin has room for 70 letters, so that several stand together."""
        endpoints = [
            {"name": other, "zone": "DMZ", "addresses": [f"192.0.2.{number}"], "roles": ["message-reader"]}
            for number, other in enumerate(others, 1)
        ]
        server = {"name": "PS01", "zone": "Internal", "roles": ["web-primary", "database"]}
        data = styled(HOUSE, evaluate(write_plan(*([server, *endpoints] if others else ()), name=name)))
        text = text_of(data)
        assert all(f"192.0.2.{number}" in text for number in range(1, len(others) + 1))
        reader = read(data)
        assert "Sign-off" in "".join(page.extract_text() for page in reader.pages)
        assert squeeze(name) in squeeze(reader.pages[1].extract_text())
        html = render_html(evaluate(write_plan(name=name)), Edition(date=DAY)).decode()
        assert html.count("</style>") == html.count("<style>") == 1


@contextmanager
def outside():
    """A server on this machine: its address, and the paths that were asked for."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reaching(address, folder):
    """A stylesheet that reaches out in every way there is."""
    (folder / "more.css").write_text('h1::after { content: "LEAKED" }')
    (folder / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>LEAKED</text></svg>')
    picture = f'<image href="{address}/inner.png" width="9" height="9"/>'
    picture = f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{picture}</svg>'
    picture = base64.b64encode(picture.encode()).decode()
    return f"""
        @import "{address}/import.css";
        @import url({(folder / "more.css").as_uri()});
        @font-face {{ font-family: Own; src: url({address}/own.woff2) }}
        html {{ font-family: Own, Inter }}
        .cover {{ background: url({address}/cover.png), url(data:image/svg+xml;base64,{picture}) }}
        h1::before {{ content: url({(folder / "logo.svg").as_uri()}) }}
        h2 {{ list-style-image: url({address}/list.png); display: list-item; color: rgb(255, 0, 128) }}
        .lead {{ background: url(/etc/passwd), url(FILE:///etc/passwd), url(ftp://127.0.0.1/x) }}
    """


@pytest.mark.slow
def test_nothing_is_fetched_but_what_is_in_the_stylesheet(tmp_path):
    with outside() as (address, asked):
        css = reaching(address, tmp_path)
        edition = Edition(date=DAY, stylesheet=css)
        report = evaluate(write_plan())
        data = render_pdf(report, edition)
        assert asked == []
        assert "LEAKED" not in text_of(data)
        assert re.search(rb"\b1 0 0\.50196\d* rg", drawn(data))  # the rest of it is followed
        # The same document would reach out if it were let. To import it takes as long as twenty of these modules.
        from weasyprint import HTML

        free = HTML(string=render_html(report, edition).decode()).write_pdf()
        assert {"/import.css", "/own.woff2", "/cover.png", "/inner.png"} <= set(asked)
        assert "LEAKED" in text_of(free)


class TestInThePage:
    def test_it_comes_after_ours_in_an_element_of_its_own(self):
        html = render_html(evaluate(contoso()), Edition(date=DAY, stylesheet=HOUSE)).decode()
        ours, house = re.findall(r"<style>(.*?)</style>", html, flags=re.DOTALL)
        assert "Black text and hairlines" in " ".join(ours.split())
        assert house == HOUSE

    def test_the_page_forbids_what_the_pdf_does_not_do(self):
        html = render_html(evaluate(contoso()), Edition(date=DAY, stylesheet=HOUSE)).decode()
        [policy] = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', html)
        assert html.index(policy) < html.index("<style>")
        assert policy.startswith("default-src 'none';")
        assert "http" not in policy

    def test_a_text_that_could_end_it_goes_in_nowhere(self):
        with pytest.raises(ValueError, match="read_stylesheet"):
            render_html(evaluate(contoso()), Edition(date=DAY, stylesheet="</style><script>"))


class TestReading:
    def refusal(self, path):
        with pytest.raises(BadStylesheet) as caught:
            read_stylesheet(str(path))
        assert str(path) in str(caught.value)
        return str(caught.value)

    def test_a_mark_at_the_beginning_is_not_a_part_of_it(self, tmp_path):
        (tmp_path / "house.css").write_bytes(b"\xef\xbb\xbfh2 { content: '\xe2\x86\x92' }")
        assert read_stylesheet(str(tmp_path / "house.css")) == "h2 { content: '→' }"

    def test_what_cannot_be_read_is_a_sentence(self, tmp_path):
        assert self.refusal(tmp_path / "absent.css").endswith("can't be read: No such file or directory.")
        assert self.refusal(tmp_path).endswith("can't be read: Is a directory.")
        (tmp_path / "latin.css").write_bytes(b"h2 { content: '\xe9' }")
        assert "UTF-8" in self.refusal(tmp_path / "latin.css")

    def test_the_largest_is_read_and_a_larger_one_is_not(self, tmp_path):
        path = tmp_path / "large.css"
        path.write_bytes(b" " * MAX_KIB * 1024)
        assert len(read_stylesheet(str(path))) == 256 * 1024
        path.write_bytes(b" " * (MAX_KIB * 1024 + 1))
        assert "more than 256 KiB" in self.refusal(path)

    @pytest.mark.parametrize("text", ["</style>", "a::after { content: '</' }", "</STYLE ><script>"])
    def test_one_that_could_end_its_element_is_refused(self, text, tmp_path):
        (tmp_path / "bad.css").write_text(text)
        assert "“</”" in self.refusal(tmp_path / "bad.css")


@pytest.mark.parametrize("engine", ["typst", "weasyprint"])
@pytest.mark.slow
def test_who_may_see_it_stands_on_the_cover_and_above_each_page(engine):
    if engine == "typst":
        data = render_pdf(evaluate(contoso()), Edition(date=DAY, classification=CLASSIFIED))
    else:
        data, _ = classified_part()
    pages = [squeeze(page.extract_text()) for page in read(data).pages]
    assert all(squeeze(CLASSIFIED) in page for page in pages)
    assert_nothing_sticks_out(data)


def test_the_settings_say_who_may_see_it_where_nothing_else_does(settings):
    settings.CLASSIFICATION = "Internal use only"
    report = evaluate(contoso())
    assert b"Internal use only" in render_html(report)
    assert b"Internal use only" not in render_html(report, Edition(date=DAY, classification=""))
