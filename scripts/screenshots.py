"""Takes the pictures of docs/screenshots: the pages as people see them, with the topology that has everything.

What changes from one run to the next is kept out of them, so that a picture differs only when a page does.
"""

import io
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.served import ARGUMENTS, chromium_path, serve  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
PLAN = "everything"
WIDE, NARROW = (1440, 900), (390, 844)
PICTURES = {
    "home": ("/", WIDE, "light"),
    "guided-start": ("/plans/guided/", WIDE, "light"),
    "workspace-light": ("", WIDE, "light"),
    "workspace-dark": ("", WIDE, "dark"),
    "workspace-light-narrow": ("", NARROW, "light"),
    "workspace-dark-narrow": ("", NARROW, "dark"),
}
"""Name of the file: path (empty for the plan), size of the window, colours."""
ANSWERED = 4
"""How many questions of the guided start are answered in its picture."""


def prepare(page: Page, name: str) -> None:
    """Bring a page into the state that its picture shows."""
    page.wait_for_load_state("networkidle") if name == "home" else page.wait_for_timeout(1200)
    if name == "guided-start":
        for question in page.locator(".question").all()[:ANSWERED]:
            boxes = question.locator("input[type=radio]:visible, input[type=checkbox]:visible")
            if boxes.count():
                boxes.first.check()
        page.wait_for_timeout(1500)
    # A browser gets another colour and initials each time.
    page.evaluate(
        "() => document.querySelectorAll('.viewer').forEach((badge) => {"
        " if (badge.dataset.other !== undefined) { badge.remove(); }"  # the browsers of the pictures before
        " badge.className = 'viewer colour-1'; badge.textContent = 'MK'; })"
    )
    page.evaluate("() => { window.scrollTo(0, 0); document.activeElement?.blur(); }")
    page.evaluate("() => document.fonts.ready")


def take(browser: Browser, base: str, plan: str, name: str) -> bytes:
    """One picture, with as many colours as a palette holds: text stays sharp, the file becomes a third."""
    path, (width, height), scheme = PICTURES[name]
    context = browser.new_context(
        base_url=base,
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        locale="en-GB",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(path or plan)
    if not path:
        page.locator("#enter").click()  # an edit link opens by its button
        page.wait_for_selector("#heading")
    prepare(page, name)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    context.close()
    out = io.BytesIO()
    shot.quantize(256, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> None:
    """Take all of them anew; a picture that nobody takes any more goes."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with serve() as service, sync_playwright() as playwright:
        plan = service.make_plan(PLAN)
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=ARGUMENTS)
        for name in PICTURES:
            file = FOLDER / f"{name}.png"
            file.write_bytes(take(browser, service.address, plan, name))
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1024:.0f} KiB")
        browser.close()
    for file in FOLDER.glob("*.png"):
        if file.stem not in PICTURES:
            file.unlink()


if __name__ == "__main__":
    main()
