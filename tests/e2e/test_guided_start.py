"""The guided start in a real browser: answers and their consequences side by side, with and without JavaScript."""

import re

from playwright.sync_api import expect

from tests.e2e.axe import Looks, violations

START = "/plans/guided/"


def answer(page, question, option):
    """Tick an option of a question, by the beginning of what it says."""
    group = page.get_by_role("group", name=re.compile(f"^{question}"))
    name = re.compile(f"^{option}")
    group.get_by_role("radio", name=name).or_(group.get_by_role("checkbox", name=name)).check()


def figures(page):
    return page.locator("#preview .figures")


def test_answers_show_their_consequences_and_become_a_plan(page):
    page.goto("/")
    page.get_by_role("link", name="Begin with the questions").click()
    expect(figures(page)).to_have_text("1 firewall rule across 1 boundary")

    answer(page, "Password Reset Portal", "Yes, in the DMZ")
    answer(page, "Portal users", "People on the internet")
    expect(page.locator("#preview")).to_contain_text("DMZ → Internal")
    expect(figures(page)).to_have_text("3 firewall rules across 3 boundaries")
    expect(page.locator("#preview-status")).to_contain_text("3 firewall rules across 3 boundaries")

    page.get_by_label(re.compile("^Remote sites")).fill("Oslo\nBerlin\noslo")
    expect(page.locator("#error-sites")).to_contain_text("Line 3: “oslo” is there already, in line 1.")
    expect(page.locator("#preview")).to_contain_text("as soon as what is marked")
    page.get_by_role("button", name="Make the plan").click()
    expect(page.get_by_role("alert")).to_contain_text("No plan was made.")
    field = page.get_by_label(re.compile("^Remote sites"))
    expect(field).to_have_value("Oslo\nBerlin\noslo")
    expect(page.get_by_role("radio", name=re.compile("Yes, in the DMZ"))).to_be_checked()

    field.fill("Oslo\nBerlin")
    expect(page.locator("#preview")).to_contain_text("2 remote sites")
    expect(page.locator("#error-sites")).to_be_empty()
    page.get_by_label("Name of the plan").fill("Contoso")
    page.get_by_role("button", name="Make the plan").click()
    page.wait_for_url(re.compile(r"/plans/[\w-]{36}/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Contoso")
    expect(page.locator("#panel")).to_contain_text("PRP01")
    expect(page.locator("#panel")).to_contain_text("2 remote sites")


def test_answers_survive_a_reload_and_a_last_step_takes_names_and_addresses(page):
    page.goto(START)
    answer(page, "Systems at the main site", "Network devices")
    answer(page, "SQL Server", "On a server of its own, behind a firewall")
    page.get_by_role("group", name=re.compile("^LDAP as UDP")).get_by_role("radio", name=re.compile("^Follow")).check()
    page.get_by_label("Name of the plan").fill("Contoso")
    page.get_by_label(re.compile("^Remote sites")).fill("Oslo")
    expect(page.locator("#preview")).to_contain_text("Oslo agent")
    page.reload()
    expect(page.locator("#preview")).to_contain_text("Oslo agent")
    practice = page.get_by_role("group", name=re.compile("^LDAP as UDP")).get_by_role(
        "radio", name=re.compile("^Follow")
    )
    expect(practice).to_be_checked()
    expect(page.get_by_role("radio", name=re.compile("^On a server of its own, behind a firewall"))).to_be_checked()
    expect(page.get_by_label("Name of the plan")).to_have_value("Contoso")

    page.get_by_role("button", name="Names and addresses first").click()
    expect(page.get_by_label("Name of PS01")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Name of PS01").fill("Vault")
    page.get_by_label("Addresses of PS01").fill("10.0.0.300")
    page.reload()
    expect(page.get_by_label("Name of PS01")).to_have_value("Vault")
    page.go_back()
    expect(page.get_by_label("Name of the plan")).to_have_value("Contoso")
    page.get_by_role("button", name="Names and addresses first").click()
    expect(page.get_by_label("Name of PS01")).to_have_value("Vault")
    expect(page.get_by_label("Addresses of PS01")).to_have_value("10.0.0.300")
    page.get_by_role("button", name="Make the plan").click()
    expect(page.get_by_role("alert")).to_contain_text("1 field has to be mended first")
    expect(page.get_by_label("Name of PS01")).to_have_value("Vault")
    page.get_by_label("Addresses of PS01").fill("10.0.0.10")
    page.get_by_role("button", name="Make the plan").click()
    page.wait_for_url(re.compile(r"/plans/[\w-]{36}/"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Contoso")
    expect(page.locator("#results")).to_contain_text("Vault 10.0.0.10")

    page.goto(START)
    expect(page.get_by_label("Name of the plan")).to_have_value("")
    page.get_by_role("button", name="Names and addresses first").click()
    expect(page.get_by_label("Name of PS01")).to_have_value("PS01")


def test_what_the_answers_leave_open_is_asked_and_the_focus_stays(page):
    page.goto(START)
    telnet = page.get_by_role("group", name=re.compile("^Telnet on port 22"))
    expect(telnet).to_have_count(0)
    answer(page, "Systems at the main site", "Network devices")
    answer(page, "Remote sessions", "Telnet")
    answer(page, "Client launcher", "People inside")
    expect(telnet).to_contain_text("open")
    expect(telnet).to_contain_text("tcp 23")
    practice = telnet.get_by_role("radio", name=re.compile("^Follow practice"))
    practice.check()
    expect(telnet).not_to_contain_text("open")
    expect(practice).to_be_checked()
    expect(practice).to_be_focused()
    page.get_by_role("button", name="Make the plan").click()
    page.wait_for_url(re.compile(r"/plans/[\w-]{36}/"))
    expect(page.locator("#report, main").first).to_contain_text("tcp 23")


def test_an_option_says_what_it_would_open_and_what_follows_from_an_answer_is_asked_after_it(page):
    page.goto(START)
    beside = page.locator("#weight-sql-zone")
    expect(beside).to_have_text("1 rule more (1 flow): tcp 1433")
    answer(page, "High availability", "Passive, in the same zone")
    expect(beside, "by the answers so far").to_have_text("1 rule more (2 flows): tcp 1433")
    protocol = page.get_by_role("group", name=re.compile("^Portal: domain protocol"))
    systems = page.get_by_role("group", name=re.compile("^Managed at each site"))
    expect(protocol).to_be_hidden()
    expect(systems).to_be_hidden()
    answer(page, "Password Reset Portal", "Yes, in the cloud")
    expect(protocol).to_be_visible()
    page.get_by_label(re.compile("^Remote sites")).fill("Oslo")
    expect(systems).to_be_visible()
    answer(page, "Password Reset Portal", "No")
    expect(protocol).to_be_hidden()


def test_without_javascript_a_button_shows_the_report(open_page):
    page = open_page(java_script_enabled=False)
    page.goto(START)
    answer(page, "Self-destruct messages", "On a site of its own")
    page.get_by_label(re.compile("^Remote sites")).fill("Oslo")
    page.get_by_role("button", name="Show the report").click()
    expect(page.locator("#preview")).to_contain_text("Internal → DMZ")
    expect(page.get_by_label(re.compile("^Remote sites"))).to_have_value("Oslo")
    expect(page.get_by_role("radio", name=re.compile("^On a site of its own"))).to_be_checked()
    page.get_by_role("button", name="Make the plan").click()
    page.wait_for_url(re.compile(r"/plans/[\w-]{36}/"))
    expect(page.locator("#panel")).to_contain_text("SD01")


def test_hundreds_of_names_are_pasted_and_typed_on_without_a_letter_lost(page):
    page.goto(START)
    field = page.get_by_label(re.compile("^Remote sites"))
    field.fill("\n".join(f"Site {number:04}" for number in range(200)))
    expect(page.locator("#preview")).to_contain_text("200 remote sites")
    field.press("Control+End")
    field.press_sequentially("\nSite last", delay=30)
    expect(page.locator("#preview")).to_contain_text("201 remote sites")
    expect(field).to_be_focused()
    assert field.input_value().endswith("Site 0199\nSite last")


def test_the_questions_need_no_mouse(page):
    page.goto(START)
    first = page.get_by_role("radio", name=re.compile("^On a server of its own, in the same zone"))
    for _ in range(20):
        page.keyboard.press("Tab")
        if first.evaluate("element => element === document.activeElement"):
            break
    expect(first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#preview")).to_contain_text("Internal → Databases")
    expect(page.get_by_role("radio", name=re.compile("behind a firewall"))).to_be_focused()


def test_the_two_columns_stand_side_by_side_where_there_is_room_and_else_a_link_says_what_follows(page):
    page.goto(START)
    for width in (1440, 900, 360, 390):
        page.set_viewport_size({"width": width, "height": 900})
        questions, preview = page.locator(".questions").bounding_box(), page.locator(".so-far").bounding_box()
        if width >= 900:
            assert preview["x"] >= questions["x"] + questions["width"] - 1, width
            page.mouse.wheel(0, 2_000)
            expect(figures(page)).to_be_in_viewport()
        else:
            assert preview["y"] >= questions["y"] + questions["height"] - 1, width
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
    page.reload()
    link = page.locator("#preview-link")
    expect(link).to_be_in_viewport()
    answer(page, "Password Reset Portal", "Yes, in the DMZ")
    expect(link).to_have_text("3 firewall rules across 3 boundaries")
    link.click()
    expect(figures(page)).to_be_in_viewport()


def test_answers_with_a_fault_have_no_violation(page):
    page.goto(START)
    answer(page, "Password Reset Portal", "Yes, in the DMZ")
    answer(page, "Active Directory", "No")
    page.get_by_label(re.compile("^Remote sites")).fill("Oslo\noslo\n" + "x" * 300)
    page.get_by_role("button", name="Make the plan").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found = Looks((1440, "light"), (390, "dark")).find_faults(page)
    assert not found, "\n".join(found)


def test_the_questions_are_answered_again_for_a_plan_that_is_there(page):
    page.goto(START)
    page.get_by_label("Name of the plan").fill("Contoso")
    answer(page, "Others", "VPN users")
    expect(page.locator("#preview")).to_contain_text("VPN users")
    page.get_by_role("button", name="Make the plan").click()
    page.wait_for_url(re.compile(r"/plans/[\w-]{36}/"))
    page.get_by_role("link", name="Answer the questions again").click()
    expect(page.get_by_role("checkbox", name=re.compile("^VPN users"))).to_be_checked()
    expect(page.get_by_role("radio", name=re.compile("^Through a mail server inside"))).to_be_checked()
    answer(page, "Password Reset Portal", "Yes, in the DMZ")
    expect(page.locator("#preview")).to_contain_text("PRP01")
    page.get_by_role("button", name="See what would change").click()
    expect(page.get_by_role("main")).to_contain_text("Nothing is stored yet.")
    expect(page.get_by_role("main")).to_contain_text("Endpoints made")
    assert violations(page) == []
    page.get_by_role("button", name="Back to the questions").click()
    expect(page.get_by_role("radio", name=re.compile("^Yes, in the DMZ"))).to_be_checked()
    page.get_by_role("button", name="See what would change").click()
    page.get_by_role("button", name="Make these changes").click()
    page.wait_for_url(re.compile(r"/plans/[\w-]{36}/$"))
    expect(page.locator("#state")).to_contain_text("revision 2")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#state")).to_contain_text("revision 3")
    expect(page.locator("#panel")).not_to_contain_text("PRP01")
