"""What a browser prints of a page: the report with every address, unfolded, and none of what is for the screen."""

import io
import subprocess

import pypdf
import pytest

from planner.store import actions
from ports.queries import shipped_matrix
from tests.store.test_lives import change, give
from tests.web.views.pages import store
from tests.web.views.test_showing import many

SCREEN = ("Undo", "Download", "Copy as table", "Whole picture", "More", "Skip to", "Add endpoint", "addresses")
"""Words of what is only for the screen."""


def printed(page):
    """The text of what the page prints, and the sizes of its sheets."""
    data = page.pdf(prefer_css_page_size=True)
    text = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, stdout=subprocess.PIPE, check=True).stdout
    reader = pypdf.PdfReader(io.BytesIO(data))
    return " ".join(text.decode().split()), {sheet.mediabox.width > sheet.mediabox.height for sheet in reader.pages}


@pytest.fixture
def plan(site):
    return store(many(60))


@pytest.mark.parametrize("scripts", [True, False])
def test_the_report_is_printed_unfolded_and_nothing_else(open_page, plan, scripts):
    page = open_page(java_script_enabled=scripts, color_scheme="dark")
    for where in ("", "read/"):
        page.goto(f"/plans/{plan[1]}/{where}")
        text, landscape = printed(page)
        assert landscape == {True}, where
        assert "Contoso" in text, where
        assert not [address for n in range(60) if (address := f"10.9.0.{n + 1}") not in text], where
        assert "Goes when no source is" in text, f"{where}: why a rule is there is unfolded too"
        assert not [word for word in SCREEN if word in text], where
        assert "Kiosk 0007" in text, where
        folds = page.locator("#report details[open]")
        assert not folds.count(), f"{where}: on the screen everything is folded as before"
        assert page.locator("#report details").count(), where


def test_the_other_views_are_printed_without_their_controls(page, plan):
    for view in ("flows", "findings", "zones", "unneeded"):
        page.goto(f"/plans/{plan[1]}/?view={view}")
        text, _ = printed(page)
        assert "Contoso" in text
        assert not [word for word in (*SCREEN, "Not needed here …") if word in text], view


def test_a_comparison_is_printed_without_its_forms(page, plan):
    row, key = plan
    matrix = shipped_matrix()
    actions.rename_plan(plan_id=row.pk, matrix=matrix, sender=actions.Sender(), name="Fabrikam", description="")
    firewall = {"name": "FW-9", "format": "fortigate", "zones": {}}
    actions.apply_edit(plan_id=row.pk, matrix=matrix, edit="add-firewalls", params={"rows": [firewall]})
    page.goto(f"/plans/{key}/changes/")
    text, _ = printed(page)
    assert "Change request" in text
    assert "The plan says something else of FW-9" in text
    assert not [word for word in ("Mark as handed over", "Compare ", "Download", "Recipient") if word in text]


def test_a_table_that_stands_in_a_form_is_printed(page, plan):
    row, key = plan
    give(row, state="implemented")
    page.goto(f"/plans/{key}/endpoints/")
    assert "10.9.0.7" in printed(page)[0]
    change(row, lambda document: [item.update(roles=[], managed_by=[]) for item in document["endpoints"]])
    page.goto(f"/plans/{key}/")
    text, _ = printed(page)
    assert "No longer asked for, to be closed" in text
    assert "Implemented" in text
    assert "Mark as closed" not in text
