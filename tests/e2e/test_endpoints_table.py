"""All endpoints as a table, by keyboard and by the clipboard; also with two people, and without a script."""

import pytest
from playwright.sync_api import expect

from planner.store import actions
from ports.queries import current_matrix
from tests.e2e.axe import Looks
from tests.report.samples import contoso
from tests.web.views.pages import document_of, store

PASTE = """([element, text]) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


@pytest.fixture
def plan(site):
    return store(contoso())


@pytest.fixture
def table(page, plan):
    page.goto(f"/plans/{plan[1]}/")
    page.get_by_role("link", name="Edit as a table").click()
    return ready(page)


def ready(page):
    """The script has the table."""
    expect(page.get_by_role("heading", name="Endpoints as a table")).to_be_attached()
    expect(page.locator("#grid [name]")).to_have_count(0)
    return page


def cell(page, label):
    return page.get_by_label(label, exact=True)


def paste(page, label, text):
    """As Ctrl+V does it, with what the clipboard has."""
    cell(page, label).focus()
    page.evaluate(PASTE, [cell(page, label).element_handle(), text])


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def save(page):
    """As far as the page that comes of it: its script has taken the table, and what had the focus has it again."""
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()


def save_by_keys(page):
    with page.expect_navigation():
        press(page, "Control+Enter")


def focused(page):
    return page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.tagName")


def endpoint(plan, name):
    return next(item for item in document_of(plan[0])["endpoints"] if item["name"] == name)


def state(page):
    return page.locator("#state")


def test_a_cell_is_changed_by_keyboard_alone_and_one_is_told_that_nothing_is_saved_yet(table, plan):
    cell(table, "Addresses of PS01").focus()
    press(table, "ArrowDown", "ArrowDown")
    assert focused(table) == "Addresses of Portal"
    table.keyboard.type("192.0.2.10")
    expect(state(table)).to_have_text("1 cell changed, nothing saved yet")
    press(table, "Enter")
    assert focused(table) == "Addresses of ESX01"
    press(table, "Tab")
    assert focused(table) == "Roles of ESX01"
    press(table, "Shift+Tab", "ArrowLeft")
    assert focused(table) == "Zone of ESX01"
    table.keyboard.type("Internal")
    save_by_keys(table)
    expect(state(table)).to_have_text("Saved · revision 2")
    assert focused(table) == "Zone of ESX01"
    assert endpoint(plan, "Portal")["addresses"] == ["192.0.2.10"]
    assert endpoint(plan, "ESX01")["zone"] == "Internal"


def test_escape_takes_back_what_is_being_typed_and_f2_edits_what_is_there(table):
    cell(table, "Addresses of DC01").focus()
    table.keyboard.type("10.9")
    press(table, "Escape")
    expect(cell(table, "Addresses of DC01")).to_have_value("10.0.0.20")
    expect(state(table)).to_have_text("Saved · revision 1")
    press(table, "F2")
    table.keyboard.type("1")
    press(table, "ArrowLeft", "Backspace", "ArrowDown")
    expect(cell(table, "Addresses of DC01")).to_have_value("10.0.0.21")
    assert focused(table) == "Addresses of Portal"
    press(table, "Control+z")
    expect(cell(table, "Addresses of DC01")).to_have_value("10.0.0.20")
    assert focused(table) == "Addresses of DC01"
    press(table, "Control+y")
    expect(cell(table, "Addresses of DC01")).to_have_value("10.0.0.21")


def test_a_block_is_pasted_saved_as_one_step_and_undone_as_one(table, plan):
    block = '10.1.0.1\tweb-primary\r\n10.1.0.2\tdomain-controller\r\n"192.0.2.7\n192.0.2.8"\t\r\n'
    paste(table, "Addresses of PS01", block)
    expect(cell(table, "Addresses of Portal")).to_have_value("192.0.2.7; 192.0.2.8")
    expect(state(table)).to_have_text("5 cells changed, nothing saved yet")
    expect(table.locator("#grid-said")).to_contain_text("Pasted: 6 cells in 3 rows")
    press(table, "Control+z")
    expect(state(table)).to_have_text("Saved · revision 1")
    press(table, "Control+Shift+z")
    save(table)
    expect(table.get_by_text("5 cells saved as one step")).to_be_visible()
    assert endpoint(plan, "Portal")["addresses"] == ["192.0.2.7", "192.0.2.8"]
    assert "roles" not in endpoint(plan, "Portal")
    assert plan[0].revision == 2
    table.get_by_role("button", name="Undo").click()
    expect(state(table)).to_have_text("Saved · revision 3")
    assert document_of(plan[0])["endpoints"] == store(contoso())[0].document["endpoints"]


def test_the_clipboard_of_the_browser_pastes_as_well(page, plan):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/plans/{plan[1]}/endpoints/")
    ready(page)
    page.evaluate("navigator.clipboard.writeText('10.1.0.1\\n10.1.0.2\\n')")
    cell(page, "Addresses of PS01").click()
    press(page, "Control+v")
    expect(cell(page, "Addresses of DC01")).to_have_value("10.1.0.2")
    expect(state(page)).to_have_text("2 cells changed, nothing saved yet")


def test_what_is_pasted_below_the_last_row_makes_endpoints(table, plan):
    rows = [f"Kiosk {n}\tDMZ\t192.0.2.{n}\t\twindows\t\trdp" for n in range(1, 41)]
    paste(
        table,
        "Name of new endpoint 1",
        "Name\tZone\tAddresses\tRoles\tPlatforms\tOperations\tSessions\n" + "\n".join(rows),
    )
    expect(cell(table, "Addresses of Kiosk 40")).to_have_value("192.0.2.40")
    save(table)
    expect(state(table)).to_have_text("Saved · revision 2")
    assert len(document_of(plan[0])["endpoints"]) == 45
    assert endpoint(plan, "Kiosk 7") == {
        "name": "Kiosk 7", "zone": "DMZ", "addresses": ["192.0.2.7"], "platforms": ["windows"], "sessions": ["rdp"],
    }  # fmt: skip


def test_faults_stand_at_their_cell_and_the_rest_is_saved(table, plan):
    paste(table, "Addresses of PS01", "10.1.0.1\n10.0.0.999\n192.0.2.10")
    fault = table.locator("td", has=cell(table, "Addresses of DC01")).locator(".error")
    expect(fault).to_contain_text("'10.0.0.999' is no address")  # before anything is sent to be saved
    assert plan[0].revision == 1
    save(table)
    expect(state(table)).to_have_text("2 cells saved, 1 not (1 row)")
    expect(cell(table, "Addresses of DC01")).to_have_value("10.0.0.999")
    expect(cell(table, "Addresses of DC01")).to_be_focused()
    expect(fault).to_contain_text("'10.0.0.999' is no address")
    assert endpoint(plan, "Portal")["addresses"] == ["192.0.2.10"]
    assert endpoint(plan, "DC01")["addresses"] == ["10.0.0.20"]
    table.keyboard.type("10.0.0.99")
    save_by_keys(table)
    expect(state(table)).to_have_text("Saved · revision 3")
    assert endpoint(plan, "DC01")["addresses"] == ["10.0.0.99"]


def test_a_fault_at_a_cell_that_was_not_changed_goes_with_what_caused_it(table):
    paste(table, "Zone of Public", "DMZ")
    cell(table, "Name of PS01").focus()
    expect(table.locator("#grid .error")).to_have_count(1)
    paste(table, "Zone of Public", "Internet")
    expect(table.locator("#grid .error")).to_have_count(0)


def test_a_name_that_is_changed_here_is_a_rename_for_what_names_it(table, plan):
    cell(table, "Name of PS01").fill("WEB01")
    expect(cell(table, "Addresses of WEB01")).to_be_visible()
    save(table)
    expect(state(table)).to_have_text("Saved · revision 2")
    assert document_of(plan[0])["additional_flows"][0]["source"] == "WEB01"
    assert plan[0].revisions.get(number=2).renames["endpoints"] == {"PS01": "WEB01"}
    assert plan[0].revisions.get(number=2).summary == "PS01 renamed to WEB01"


def test_others_keep_what_they_did_meanwhile_and_a_clash_is_told_at_its_cell(table, plan):
    changes = {"addresses": ["10.7.0.1"], "sessions": ["ssh"]}
    params = {"endpoint": "ESX01", "changes": changes}
    actions.apply_edit(plan_id=plan[0].pk, matrix=current_matrix(), edit="edit-endpoint", params=params)
    paste(table, "Zone of ESX01", "Internal\t10.8.0.1")
    save(table)
    expect(state(table)).to_have_text("1 cell saved, 1 not (1 row)")
    fault = table.locator("td", has=cell(table, "Addresses of ESX01")).locator(".error")
    expect(fault).to_contain_text("Someone has changed this in between, to “10.7.0.1”.")
    with table.expect_response("**/endpoints/check/"):
        paste(table, "Addresses of DC01", "10.0.0.999")
        cell(table, "Name of PS01").focus()
    expect(table.locator("td", has=cell(table, "Addresses of DC01")).locator(".error")).to_be_attached()
    expect(fault).to_contain_text("Someone has changed this in between, to “10.7.0.1”.")
    paste(table, "Addresses of DC01", "10.0.0.20")
    expect(cell(table, "Sessions of ESX01")).to_have_value("ssh")
    found = endpoint(plan, "ESX01")
    assert (found["zone"], found["addresses"], found["sessions"]) == ("Internal", ["10.7.0.1"], ["ssh"])
    save(table)
    expect(state(table)).to_have_text("Saved · revision 4")
    assert endpoint(plan, "ESX01")["addresses"] == ["10.8.0.1"]


def test_an_endpoint_that_somebody_deleted_can_be_made_again(table, plan):
    params = {"endpoint": "Portal"}
    actions.apply_edit(plan_id=plan[0].pk, matrix=current_matrix(), edit="delete-endpoint", params=params)
    paste(table, "Addresses of Portal", "192.0.2.10\npassword.example.com")
    save(table)
    fault = table.locator("td", has=cell(table, "Name of Portal")).locator(".error")
    expect(fault).to_contain_text("Someone has deleted “Portal” in between. Save again to make it anew.")
    assert endpoint(plan, "ESX01")["addresses"] == ["password.example.com"]
    save(table)
    expect(state(table)).to_have_text("Saved · revision 4")
    assert endpoint(plan, "Portal") == {
        "name": "Portal", "zone": "DMZ", "addresses": ["192.0.2.10"], "roles": ["password-reset-portal"],
    }  # fmt: skip


def test_nothing_is_left_unsaved_without_a_question_and_discarding_can_be_taken_back(table):
    paste(table, "Addresses of Portal", "192.0.2.10")
    asked = []
    table.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    table.get_by_role("link", name="Contoso").click()
    expect(cell(table, "Addresses of Portal")).to_have_value("192.0.2.10")
    assert asked == ["beforeunload"]
    table.get_by_role("link", name="Discard").click()
    expect(cell(table, "Addresses of Portal")).to_have_value("")
    expect(state(table)).to_have_text("Saved · revision 1")
    assert focused(table) == "Addresses of Portal"
    press(table, "Control+z")
    expect(cell(table, "Addresses of Portal")).to_have_value("192.0.2.10")
    table.get_by_role("link", name="Discard").click()


def test_a_block_that_is_too_wide_changes_nothing_and_says_so(table):
    paste(table, "Group of PS01", "yes\tno\tmaybe")
    expect(table.locator("#grid-said")).to_contain_text("Nothing was pasted: to the right of this cell")
    expect(state(table)).to_have_text("Saved · revision 1")


def test_the_table_works_as_a_plain_form(open_page, plan):
    page = open_page(java_script_enabled=False)
    page.goto(f"/plans/{plan[1]}/endpoints/")
    cell(page, "Addresses of Portal").fill("192.0.2.10")
    cell(page, "Name of new endpoint 2").fill("Kiosk")
    cell(page, "Addresses of DC01").fill("10.0.0.999")
    save(page)
    expect(state(page)).to_contain_text("1 cell saved, 3 not (2 rows)")
    expect(page.locator(".grid-faulty")).to_have_count(2)
    cell(page, "Addresses of DC01").fill("10.0.0.99")
    cell(page, "Zone of Kiosk").fill("DMZ")
    save(page)
    expect(state(page)).to_have_text("Saved · revision 3")
    assert endpoint(plan, "Kiosk") == {"name": "Kiosk", "zone": "DMZ"}
    assert endpoint(plan, "DC01")["addresses"] == ["10.0.0.99"]


def test_the_table_has_no_violation_with_changes_and_faults_in_it_and_the_page_fits(open_page, plan):
    looks, page = Looks((1440, "light"), (360, "dark")), open_page(reduced_motion="reduce")
    page.goto(f"/plans/{plan[1]}/endpoints/")
    paste(ready(page), "Addresses of PS01", "10.1.0.1\n10.0.0.999")
    expect(page.locator("#grid .error")).to_be_visible()
    assert not looks.find_faults(page)
