"""No page has an accessibility fault that axe-core finds, light or dark, wide or narrow."""

from importlib.resources import files

import pytest

from tests.e2e.test_walk import start

AXE = next(path for path in files("axe_core_python").iterdir() if path.name == "axe.min.js").read_text("utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page):
    page.evaluate(AXE)
    result = page.evaluate("tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", TAGS)
    return [
        f"{page.url} {found['id']}: {node['html'][:120]} {node['failureSummary'][:300]}"
        for found in result["violations"]
        for node in found["nodes"]
    ]


VIEWS = [
    "?panel=topology", "?panel=decisions&view=flows", "?panel=ports&view=findings", "?panel=caveats&view=diagram",
]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_a_plan_has_no_violation_in_any_panel_and_view(open_page, scheme, width):
    page = open_page(width=width, color_scheme=scheme)
    start(page, "Everything")
    address = page.url
    found = []
    for view in VIEWS:
        page.goto(address + view)
        found += violations(page)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/plans/import/", "/matrix/"])
def test_other_pages_have_no_violation(open_page, scheme, path):
    page = open_page(color_scheme=scheme)
    page.goto(path)
    assert not violations(page)


def test_an_import_with_faults_has_no_violation(page):
    page.goto("/plans/import/")
    page.get_by_label("Or paste it here").fill("format: 2\nname: x\n")
    page.get_by_role("button", name="Import").click()
    assert page.get_by_role("alert").is_visible()
    assert not violations(page)


def test_an_error_page_has_no_violation(open_page):
    page = open_page(status=404)
    page.goto("/plans/none/")
    assert not violations(page)


@pytest.mark.parametrize("width", [360, 1920])
def test_nothing_scrolls_sideways(open_page, width):
    page = open_page(width=width)
    start(page, "Everything")
    address = page.url
    for place in ["/", "/matrix/", "/plans/import/", *(address + view for view in VIEWS)]:
        page.goto(place)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, place
