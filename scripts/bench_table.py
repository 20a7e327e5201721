"""Measures the table of endpoints with 500 rows in Chromium, against the service as `make run` starts it.

How long it takes to open, to move and type from cell to cell, to paste a column of 500 addresses, and to save it.
Nothing passes or fails here. A key's time is from the press until the browser has drawn what came of it.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.bench_together import percentile  # noqa: E402
from scripts.served import ARGUMENTS, chromium_path, enter, serve  # noqa: E402

ROWS = 500
KEYS = 60
MAKE = """
import sys
import django
django.setup()
from planner.plan.document import check_plan
from planner.sharing.links import make_edit_link
from planner.store import actions
from ports.queries import current_matrix
from scripts.sites import make_sites
matrix, rows = current_matrix(), int(sys.argv[1])
document = make_sites(rows)
document["endpoints"] = document["endpoints"][:rows]
named = {end["name"] for end in document["endpoints"]}
for end in document["endpoints"]:
    end["managed_by"] = [name for name in end.get("managed_by", []) if name in named]
plan = check_plan(document, matrix=matrix)
row = actions.create_plan(plan=plan, matrix=matrix, summary="Made to be looked at")
print(make_edit_link(plan_id=row.pk))
"""
PASTE = """([element, text]) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


def press(page: Page, key: str) -> float:
    """Seconds from a key until what came of it is drawn."""
    began = time.perf_counter()
    page.keyboard.press(key)
    page.evaluate(DRAWN)
    return time.perf_counter() - began


def measure(page: Page, link: str) -> None:
    """Print one line for each thing that is done in the table."""
    enter(page, link)
    page.get_by_role("link", name="Edit as a table").wait_for()
    began = time.perf_counter()
    page.get_by_role("link", name="Edit as a table").click()
    expect(page.locator("#grid [name]")).to_have_count(0)
    cells = page.locator("#grid [aria-label^='Addresses of ']")
    rows = cells.count() - 1  # the last is for a new endpoint
    print(f"{rows} rows: open and ready after {time.perf_counter() - began:.2f} s")
    cells.first.focus()
    for words, keys in (("to the next cell", ["ArrowDown"]), ("a letter", ["1"]), ("Tab", ["Tab"])):
        times = [press(page, key) for _ in range(KEYS) for key in keys]
        p50, p95 = (percentile(times, share) * 1000 for share in (0.5, 0.95))
        print(f"{words}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, most {max(times) * 1000:.0f} ms of {len(times)}")
    page.reload()
    expect(page.locator("#grid [name]")).to_have_count(0)
    cells = page.locator("#grid [aria-label^='Addresses of ']")
    cells.first.focus()
    column = "\n".join(f"10.{200 + number // 250}.0.{number % 250 + 1}" for number in range(rows))
    began = time.perf_counter()
    page.evaluate(PASTE, [cells.first.element_handle(), column])
    expect(page.locator("#state")).to_contain_text("changed, nothing saved yet")
    page.evaluate(DRAWN)
    print(f"{rows} addresses pasted: drawn after {time.perf_counter() - began:.2f} s")
    began = time.perf_counter()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#state")).not_to_contain_text("nothing saved yet", timeout=60_000)
    expect(page.locator("#state")).to_contain_text(re.compile("saved", re.I), timeout=60_000)
    print(f"{page.locator('#state').inner_text()}: said after {time.perf_counter() - began:.2f} s")


def main() -> None:
    """Serve a plan of ROWS endpoints, measure, and stop."""
    with serve() as service, sync_playwright() as playwright:
        made = subprocess.run(
            [sys.executable, "-c", MAKE, str(ROWS)], cwd=ROOT, env=service.environment | {"PATH": os.environ["PATH"]},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        measure(browser.new_page(base_url=service.address), f"/edit/{made.stdout.strip()}/")
        browser.close()


if __name__ == "__main__":
    main()
