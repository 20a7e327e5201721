"""A plan full of hostile text in a real browser: every view, the history, a change request and what is downloaded.

That nothing is thrown and no policy is broken, each page says by itself (conftest); here no dialog may open, either.
"""

from planner.store import actions
from ports.queries import current_matrix
from tests.e2e.axe import WIDTH
from tests.e2e.tabs import DESKTOP
from tests.report.samples import worst
from tests.web.views.pages import store

PLACES = (
    "", "?view=flows&panel=decisions", "?view=findings&panel=own", "?view=diagram", "?view=unneeded",
    "?text=%22%3B+accept", "history/", "changes/?from=1", "delete/",
)  # fmt: skip


def test_nothing_executes_and_nothing_scrolls_sideways(page):
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    plan, key = store(worst())
    actions.override_port(plan_id=plan.pk, matrix=current_matrix(), service="website", ports="8443")
    actions.hand_over(
        plan_id=plan.pk,
        matrix=current_matrix(),
        revision=1,
        recipient='"; accept <script>alert(1)</script>',
        note="\u202e=1+1",
    )
    widths = [1440, 390]
    for place in PLACES:
        page.goto(f"/plans/{key}/{place}")
        page.wait_for_load_state()
        assert "<U+202E>plan" in page.title()
        for width in widths:
            page.set_viewport_size({"width": width, "height": DESKTOP["height"]})
            assert page.evaluate(WIDTH) <= width, place
        widths.reverse()  # the next one is opened as this one is left
        page.evaluate("document.querySelectorAll('main details').forEach((fold) => { fold.open = true; })")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert dialogs == []


def test_nothing_in_a_downloaded_page_or_drawing_executes(open_page, tmp_path):
    page = open_page()
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    plan, key = store(worst())
    actions.override_port(plan_id=plan.pk, matrix=current_matrix(), service="website", ports="8443")
    for place, name in (
        ("report/html", "report.html"), ("changes/html?from=1", "changes.html"), ("diagram.svg", "diagram.svg"),
    ):  # fmt: skip
        path = tmp_path / name
        answer = page.request.get(f"/plans/{key}/{place}")
        assert answer.ok, place
        path.write_bytes(answer.body())
        page.goto(path.as_uri())
        page.wait_for_load_state()
    assert dialogs == []
