"""Sharing a plan and reading a shared one, in a real browser: with the mouse, the keyboard alone, without scripts."""

import io
import re

import openpyxl
import pytest
import segno
from PIL import Image
from playwright.sync_api import expect

from planner.sharing import links
from planner.store import actions
from planner.store.holders import Holder
from planner.store.models import Opening, ShareLink, make_token
from planner.web.views import shared
from ports.queries import current_matrix
from tests.e2e.axe import Looks
from tests.report.samples import contoso, hostile
from tests.web.views.pages import store

PASSPHRASE = "correct horse"


@pytest.fixture
def plan(matrix):
    return store(contoso())


def share(plan, **terms):
    """A read link that is there already: its path."""
    token = make_token()
    terms = links.Terms(**{"label": "Network team"} | terms)
    links.make_link(plan=plan[0], terms=terms, token=token, holder=Holder(browser="b", name="Kim"))
    return f"/shared/{token}/"


def override(plan, ports="4443"):
    actions.override_port(plan_id=plan[0].pk, matrix=current_matrix(), service="website", ports=ports)


def go_to_links(page, plan):
    page.goto(f"/plans/{plan[1]}/")
    page.get_by_role("link", name="Share").click()
    expect(page.get_by_role("heading", name="Share this plan")).to_be_visible()


def paste(page):
    """A field with what the clipboard holds, as somebody finds out who pastes it."""
    page.locator("#link-maker").click()
    field = page.get_by_label("For whom")
    field.fill("")
    field.press("Control+V")
    return field


def read_code(locator):
    """The modules of the QR code on the screen, dark ones as 1, with the quiet zone around them."""
    side = int(locator.get_attribute("viewBox").split()[2])
    picture = Image.open(io.BytesIO(locator.screenshot())).convert("L")
    width, height = picture.width / side, picture.height / side
    return [
        [int(picture.getpixel((int((x + 0.5) * width), int((y + 0.5) * height))) < 128) for x in range(side)]
        for y in range(side)
    ]


def copy(page):
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#copy")).to_have_text("Copied")
    expect(page.locator("#live")).to_have_text("The address was copied.")


def test_a_link_is_made_copied_and_photographed(open_page, plan):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    go_to_links(page, plan)
    page.get_by_label("For whom").fill("Network team")
    page.get_by_role("button", name="Make the link").click()
    address = page.get_by_label("Address").input_value()
    assert re.fullmatch(r"http://localhost:\d+/shared/[\w-]{43}/", address)
    page.wait_for_load_state()  # the button counts once the script is there
    copy(page)
    expect(paste(page)).to_have_value(address)

    code = segno.make(address, error="m", micro=False)
    expected = [list(row) for row in code.matrix_iter(border=4)]
    assert read_code(page.locator("svg.qr")) == expected
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 844})
    assert read_code(page.locator("svg.qr")) == expected, "dark on light for cameras, whatever the page looks like"

    reader = open_page()
    reader.goto(address)
    expect(reader.get_by_role("heading", level=1)).to_have_text("Contoso")
    page.evaluate("() => navigator.clipboard.writeText('something else')")
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.reload()
    expect(page.get_by_label("Address")).to_have_value(address)
    copy(page)
    expect(paste(page), "without TLS").to_have_value(address)
    assert ShareLink.objects.count() == 1, "the form sent again makes no second one"


def test_a_link_is_made_and_revoked_with_the_keyboard_alone(open_page, plan):
    page = open_page()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/plans/{plan[1]}/links/")

    def tab_to(name, role=None):
        for _ in range(60):
            page.keyboard.press("Tab")
            said = page.evaluate(
                "() => { const a = document.activeElement;"
                " return (a.labels?.[0]?.textContent ?? a.textContent).replace(/\\s+/g, ' ').trim(); }"
            )
            if said.startswith(name):
                return
        raise AssertionError(f"{name} can't be reached with the Tab key")

    tab_to("For whom")
    page.keyboard.type("Partners")
    tab_to("Works for")
    page.keyboard.press("End")
    tab_to("Number of openings")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    expect(page.locator("#made-title")).to_be_focused()
    page.wait_for_load_state()  # keys count once the script is there
    tab_to("Copy")
    page.keyboard.press("Enter")
    expect(page.locator("#copy")).to_have_text("Copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == page.locator("#made-address").input_value()
    expect(page.locator("li.link")).to_contain_text("never expires")
    expect(page.locator("li.link")).to_contain_text("at most 2")
    tab_to("Revoke")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.keyboard.press("Enter")
    expect(page.locator("li.link")).to_have_count(1)
    assert "Revoke this link?" in asked[0]
    page.once("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Enter")
    expect(page.locator("li.link")).to_have_count(0)
    expect(page.get_by_text("1 link that no longer works")).to_be_visible()
    page.get_by_role("button", name="Undo revoking the link for").click()
    expect(page.locator("li.link")).to_have_count(1)


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_a_passphrase_lets_in_and_a_wrong_one_does_not(open_page, plan, scripts):
    page = open_page(java_script_enabled=scripts, status=403)
    path = share(plan, passphrase=PASSPHRASE)
    answer = page.goto(f"{path}?view=flows")
    assert answer.headers["referrer-policy"] == "no-referrer"
    expect(page.get_by_role("heading", level=1)).to_have_text("A plan was shared with you")
    assert "Contoso" not in page.content()
    page.get_by_label("Passphrase").fill("battery staple")
    page.get_by_label("Passphrase").press("Enter")
    expect(page.get_by_role("alert")).to_have_text("That is not the passphrase of this link.")
    expect(page.get_by_label("Passphrase")).to_be_focused()
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Open the report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contoso")
    assert page.url.endswith(f"{path}?view=flows"), "and to what was asked for"
    assert Opening.objects.count() == 1


def test_the_back_button_leads_past_the_door_and_uses_nothing_up(open_page, plan):
    page = open_page()
    path = share(plan, passphrase=PASSPHRASE, most_openings=1)
    page.goto("/words/")
    page.goto(path)
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Open the report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contoso")
    page.get_by_role("link", name="Flows").click()
    expect(page.locator("table.flows")).to_be_visible()
    for _ in range(2):
        page.go_back()
        expect(page.locator("table.rules").first).to_be_visible()
        expect(page.get_by_role("heading", level=1)).to_have_text("Contoso")
        expect(page.get_by_label("Passphrase")).to_have_count(0)
    assert Opening.objects.count() == 1


def test_two_tabs_and_a_double_click_use_one_opening_and_a_link_that_leads_nowhere_says_so(open_page, plan):
    path = share(plan, most_openings=1)
    one = open_page()
    other = one.context.new_page()
    for page in (one, other):
        page.goto(path)
        expect(page.get_by_text("This link opens only so many times.")).to_be_visible()
    one.get_by_role("button", name="Open the report").dblclick()
    expect(one.get_by_role("heading", level=1)).to_have_text("Contoso")
    other.get_by_role("button", name="Open the report").click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Contoso")
    assert ShareLink.objects.get().openings == Opening.objects.count() == 1
    late = open_page(status=404)
    late.goto(path)
    expect(late.get_by_role("heading", level=1)).to_have_text("This link leads nowhere")

    path = share(plan)
    one.goto(path)
    other.goto(path)
    other.reload()
    expect(other.get_by_role("heading", level=1)).to_have_text("Contoso")
    link = ShareLink.objects.latest("pk")
    assert link.openings == 1, "so do two tabs of an open link"

    late.goto(path)
    links.revoke_link(plan=plan[0], number=link.pk, holder=Holder(browser="b"))
    late.get_by_role("link", name="Flows").click()
    expect(late.get_by_role("alert"), "it is revoked while it is read").to_contain_text("error (404)")
    late.reload()
    expect(late.get_by_role("heading", level=1)).to_have_text("This link leads nowhere")


def test_a_reader_filters_looks_at_the_diagram_and_takes_files_along(open_page, plan):
    path = share(plan)
    page = open_page()
    page.goto(path)
    page.evaluate("() => { document.body.dataset.same = 'yes'; }")
    page.get_by_role("link", name="Flows").click()
    expect(page.locator("table.flows tbody tr").first).to_be_visible()
    before = page.locator("table.flows tbody tr").count()
    page.get_by_label("Protocol").select_option("udp")
    expect(page.locator(".matching")).to_contain_text("of")
    expect(page).to_have_url(re.compile(r"protocol=udp"))
    expect(page.locator("table.flows tbody tr")).not_to_have_count(before)
    with page.expect_download() as caught:
        page.locator("#downloads > details > summary").click()
        page.get_by_role("link", name="Excel workbook").click()
    book = openpyxl.load_workbook(io.BytesIO(caught.value.path().read_bytes()))
    assert "udp" in str([[cell.value for cell in row] for sheet in book for row in sheet.iter_rows()])
    assert caught.value.suggested_filename.startswith("contoso-revision-1-")
    with page.expect_download() as caught:
        page.get_by_role("link", name="PDF as filtered").click()
    assert caught.value.path().read_bytes().startswith(b"%PDF")
    page.get_by_role("link", name="Diagram", exact=True).click()
    expect(page.locator("figure.picture svg")).to_be_visible()
    assert page.evaluate("() => document.body.dataset.same") == "yes", "the page was never loaded anew"
    page.go_back()
    expect(page.get_by_label("Protocol")).to_have_value("udp")
    page.goto(path)
    page.locator("#whole-picture > summary").press("Enter")
    page.locator("figure.picture a").first.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?.*="))
    expect(page.get_by_role("link", name="Show all")).to_be_visible()
    assert ShareLink.objects.get().openings == 1


def test_a_reader_without_scripts_filters_and_sees_what_changed(open_page, plan):
    path = share(plan, pinned=1, shows_changes=True)
    override(plan)
    page = open_page(java_script_enabled=False)
    page.goto(f"{path}?view=flows")
    page.get_by_label("Protocol").select_option("udp")
    page.get_by_role("button", name="Filter").click()
    expect(page).to_have_url(re.compile(r"protocol=udp"))
    assert "tcp" not in page.locator("table.flows tbody").inner_text()
    page.get_by_role("link", name="Change request").click()
    expect(page.get_by_role("heading", name="Change request since revision 1")).to_be_visible()
    expect(page.locator("#opened")).to_contain_text("4443")
    page.get_by_role("link", name="Contoso").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Contoso")


def test_no_page_of_sharing_has_a_violation_or_scrolls_sideways(open_page, plan, monkeypatch):
    monkeypatch.setattr(shared, "WRONG_LINKS", 2)
    looks = Looks((1440, "light"), (390, "dark"))
    hard = store(hostile("x" * 255))
    following, pinned = share(plan, label="x" * 100), share(plan, pinned=1, shows_changes=True, most_openings=9)
    gate, long = share(plan, passphrase=PASSPHRASE, most_openings=3), share(hard)
    share(plan, days=None)
    used = share(plan, most_openings=1)
    links.enter(links.find_link(used.split("/")[2]))
    override(plan)
    found = []

    def look_at(page):
        page.evaluate("() => document.querySelectorAll('details:not(.menu)').forEach((part) => { part.open = true; })")
        found.extend(looks.find_faults(page))

    owner = open_page()
    links_page = f"/plans/{plan[1]}/links/"
    for path in (
        links_page,
        f"/plans/{hard[1]}/links/",
        "/plans/",
        "/plans/?text=nothing-of-the-kind",
        "/plans/?show=bin",
        "/",
    ):
        owner.goto(path)
        look_at(owner)
    owner.goto(links_page)
    owner.locator("#link-maker").click()
    owner.get_by_label("For whom").fill("Partners")
    owner.get_by_label("Passphrase").fill("short")
    owner.get_by_label("Number of openings").fill("none")
    owner.get_by_label("Revision", exact=True).fill("99")
    owner.get_by_role("button", name="Make the link").click()
    expect(owner.locator("#link-passphrase-error")).to_be_visible()
    look_at(owner)
    owner.get_by_label("Passphrase").fill("long enough to be one")
    owner.get_by_label("Number of openings").fill("4")
    owner.get_by_role("button", name="Make the link").click()
    expect(owner.locator("#made-title")).to_be_visible()
    look_at(owner)
    owner.get_by_role("button", name="Make the edit link").click()
    expect(owner.locator("#made-title")).to_have_text("The edit link")
    look_at(owner)
    door = owner.locator("#made-address").input_value()
    editor = open_page(status=403)
    editor.context.clear_cookies()
    editor.goto(door)
    look_at(editor)
    editor.get_by_role("button", name="Open the plan").click()
    editor.wait_for_url("**/plans/**")

    reader = open_page(status=403)
    for path in (
        *(f"{following}?view={view}" for view in ("findings", "diagram", "unneeded")),
        long,
        gate,
    ):
        reader.goto(path)
        look_at(reader)
    reader.get_by_label("Passphrase").fill("wrong")
    reader.get_by_role("button", name="Open the report").click()
    expect(reader.get_by_role("alert")).to_be_visible()
    look_at(reader)
    reader.goto(pinned)
    reader.get_by_role("button", name="Open the report").click()
    expect(reader.locator("#report")).to_be_visible()
    look_at(reader)
    reader.goto(f"{pinned}changes/")
    look_at(reader)

    stranger = open_page(status=(404, 429))
    for title in ("This link leads nowhere", "This link leads nowhere", "Please wait"):
        stranger.goto(f"/shared/{make_token()}/")
        expect(stranger.get_by_role("heading", level=1)).to_have_text(title)
        look_at(stranger)
    assert not found, "\n".join(found)
