"""The report as a file in a browser: what it prints, and that it fetches nothing, whatever a house style asks for."""

import io
import re
from datetime import date

import pypdf
import pytest

from planner.report.paper.prints import render_html
from planner.report.said.edition import Edition
from tests.report.samples import contoso, evaluate
from tests.report.test_house_style import outside, reaching
from tests.report.test_print import example

DAY = date(2024, 2, 29)


@pytest.fixture
def tab(browser):
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("paper", "size"), [("a4", (842, 595)), ("letter", (792, 612))])
def test_a_browser_prints_landscape_pages_with_headers_and_numbers(tab, tmp_path, paper, size):
    (tmp_path / "report.html").write_bytes(render_html(example("dmz"), Edition(date=DAY, revision=7, paper=paper)))
    tab.goto((tmp_path / "report.html").as_uri())
    reader = pypdf.PdfReader(io.BytesIO(tab.pdf(prefer_css_page_size=True)))
    for number, page in enumerate(reader.pages, 1):
        text = " ".join(page.extract_text().split())
        assert (round(page.mediabox.width), round(page.mediabox.height)) == pytest.approx(size, abs=1)
        assert f"page {number} of {len(reader.pages)}" in text
        assert "Matrix: Passwordstate" in text
        assert ("Revision 7 · 29 February 2024" in text) == (number > 1)


def test_a_browser_fetches_nothing_either(tab, tmp_path):
    with outside() as (address, asked):
        css = reaching(address, tmp_path)
        html = render_html(evaluate(contoso()), Edition(date=DAY, stylesheet=css)).decode()
        (tmp_path / "report.html").write_text(html, "utf-8")
        tab.goto((tmp_path / "report.html").as_uri(), wait_until="networkidle")
        assert asked == []
        assert tab.locator("#summary h2").evaluate("it => getComputedStyle(it).color") == "rgb(255, 0, 128)"
        # Without what forbids it, it would.
        free = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
        assert free != html
        (tmp_path / "free.html").write_text(free, "utf-8")
        tab.goto((tmp_path / "free.html").as_uri(), wait_until="networkidle")
        assert "/cover.png" in asked
