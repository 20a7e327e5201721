"""The way of docs/tutorial.md on the pages, from nothing to acceptance; its pictures are taken on the way.

They are kept in tests/artifacts/tutorial. `UPDATE_PICTURES=1` puts them into docs/tutorial, where the page shows them;
else those are held to be there, as large as what was taken, and shown. What is in them may differ: fonts, dates, keys.
"""

import io
import json
import os
import re
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from planner.plan.endpoint_import import Wishes, compare
from planner.plan.endpoint_table import read_sheet
from planner.store import actions
from planner.store.models import Plan
from planner.store.reports import report_for
from ports.queries import current_matrix
from tests.checking import write_results
from tests.e2e.conftest import ARTIFACTS
from tests.e2e.test_guided_start import answer

ROOT = Path(__file__).resolve().parents[2]
SHOWN = ROOT / "docs" / "tutorial"
MOST = 250_000
"""Bytes of a picture in the documentation."""
ADDRESSES = """name,addresses
PRP01,192.0.2.10
PS01,10.1.0.10
SQL01,10.2.0.20
DC01,10.1.0.2
MAIL01,10.1.0.25
Staff,10.9.0.0/16
Windows servers,10.1.4.0/24
"""
RULES = """source,destination,service,action
10.1.0.10,10.2.0.20,tcp/1433,accept
10.9.0.0/16,10.1.0.10,tcp/443,accept
"""
"""What a firewall has already."""


def name_what_is_there():
    """The addresses of the plan, which a table has here."""
    plan, matrix = Plan.objects.get(), current_matrix()
    found = compare(read_sheet(ADDRESSES.encode()), plan.document, Wishes(), matrix=matrix)
    assert not found.faults
    actions.apply_edit(plan_id=plan.pk, matrix=matrix, edit="edit-endpoints", params=found.params)


class Pictures:
    """What was taken on the way, by name."""

    def __init__(self, page):
        self.page, self.taken = page, {}

    def take(self, name, at="body"):
        """A picture of the page from there on, in a palette: text stays sharp, the file becomes a third."""
        self.page.locator(at).first.evaluate("(part) => { part.scrollIntoView(); document.activeElement?.blur(); }")
        # To hide the caret Playwright would write a style into the page.
        whole = Image.open(io.BytesIO(self.page.screenshot(caret="initial"))).convert("RGB")
        out = io.BytesIO()
        whole.quantize(256, dither=Image.Dither.NONE).save(out, "PNG")
        self.taken[name] = out.getvalue()

    def keep(self):
        folder = SHOWN if os.environ.get("UPDATE_PICTURES") else ARTIFACTS / "tutorial"
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in self.taken.items():
            (folder / f"{name}.png").write_bytes(data)


def test_the_way_of_the_tutorial_leads_from_nothing_to_acceptance(open_page, tmp_path):
    page = open_page(reduced_motion="reduce")
    pictures = Pictures(page)
    page.goto("/")
    page.get_by_role("link", name="Begin with the questions").click()
    answer(page, "Password Reset Portal", "Yes, in the DMZ")
    answer(page, "SQL Server", "On a server of its own, behind a firewall")
    expect(page.locator("#preview")).to_contain_text("DMZ → Internal")
    pictures.take("questions")
    page.get_by_label("Name of the plan").fill("Contoso")
    page.get_by_role("button", name="Make the plan").click()
    page.wait_for_url(re.compile(r"/plans/[\w-]{36}/"))
    here = page.url.partition("?")[0]
    name_what_is_there()
    page.goto(here)
    expect(page.locator("#panel")).to_contain_text("PRP01")
    pictures.take("plan")

    page.get_by_role("link", name=re.compile("Decisions")).click()
    decision = page.get_by_role("group", name=re.compile("Windows account validation"))
    decision.get_by_role("radio", name=re.compile("^RPC")).check()
    expect(page.locator("#state")).to_have_text("Saved · revision 3")
    pictures.take("decisions")

    page.get_by_role("link", name="Share").click()
    page.get_by_label("For whom").fill("Network team")
    page.get_by_role("button", name="Make the link").click()
    expect(page.locator("#made-address")).to_be_visible()
    pictures.take("sharing")

    page.goto(here)
    page.locator(".rules tr[id] input[type=checkbox]").first.check()
    page.locator("#state-state").select_option("implemented")
    page.get_by_role("button", name="Set state of 1 rule").click()
    expect(page.locator(".rules td[data-label=State]").first).to_contain_text("mplemented")
    pictures.take("states")

    page.goto(f"{here}existing/")
    page.get_by_label("Written by").select_option("csv")
    page.get_by_label("Or paste it").fill(RULES)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator(".figure-open")).to_be_visible()
    pictures.take("existing", "#existing-said, .figures, .figure-open")

    plan = Plan.objects.get()
    report = report_for(plan.version, current_matrix())
    results = []
    for source in ("PRP01", "PS01"):  # Staff haven't tried yet
        results.append(tmp_path / f"{source}.json")
        results[-1].write_text(json.dumps(write_results(report, source)))
    page.goto(f"{here}acceptance/")
    page.get_by_label("Files of results").set_input_files(results)
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".figure-open")).to_contain_text("flows open")
    pictures.take("acceptance")

    pictures.keep()
    text = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    assert re.findall(r"!\[[^\]]+\]\(tutorial/([a-z]+)\.png\)", text) == list(pictures.taken)
    assert {path.stem for path in SHOWN.iterdir()} == pictures.taken.keys()
    for name, data in pictures.taken.items():
        shown = (SHOWN / f"{name}.png").read_bytes()
        assert Image.open(io.BytesIO(shown)).size == Image.open(io.BytesIO(data)).size, name
        assert len(data) / 3 < len(shown) < min(3 * len(data), MOST), name
