"""A table of another program, in a browser: looked at, decided about, stored as one step, undone as one."""

import pytest
from playwright.sync_api import expect

from tests.e2e.test_accessibility import violations
from tests.e2e.test_topology import saved
from tests.report.samples import contoso
from tests.web.views.pages import document_of, store

AD = (
    "Name;DNSHostName;IPv4Address;OperatingSystem\n"
    "DC01;dc01.example.com;10.0.0.20;Windows Server 2022\n"
    "WEB7;web7.example.com;10.4.0.7;Debian GNU/Linux 12\n"
)
TABLE = "name,zone,addresses\nKiosk,Servers,10.4.0.1\nPortal,DMZ,192.0.2.10\nBooth,DMZ,10.0.0.999\n"


@pytest.fixture
def plan(site):
    return store(contoso())


def endpoint(plan, name):
    return next(item for item in document_of(plan[0])["endpoints"] if item["name"] == name)


@pytest.mark.parametrize("script", [True, False])
def test_an_export_is_looked_at_before_it_is_stored(open_page, plan, script):
    page = open_page(java_script_enabled=script)
    page.goto(f"/plans/{plan[1]}/?add=import")
    page.get_by_label("A file").set_input_files(
        {"name": "ad.csv", "mimeType": "text/csv", "buffer": AD.encode("utf-16")}
    )
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("#import-summary")).to_contain_text("0 new, 1 changed, 0 the same, 1 faulty")
    expect(page.get_by_label("OperatingSystem")).to_have_value("platforms")
    if script:
        assert not violations(page)
    page.get_by_label("Zone of new endpoints that name none").select_option("Internal")
    page.get_by_role("button", name="Look again").click()
    expect(page.locator("#import-summary")).to_contain_text("1 new, 1 changed, 0 the same, 0 faulty")
    assert document_of(plan[0]) == store(contoso())[0].document
    page.get_by_role("button", name="Store 2 rows").click()
    saved(page, 2)
    assert endpoint(plan, "WEB7")["platforms"] == ["linux-mac"]
    page.get_by_role("button", name="Undo").click()
    saved(page, 3)
    assert document_of(plan[0]) == store(contoso())[0].document


def test_a_zone_that_is_missing_is_made_by_a_button_and_what_is_faulty_stays_out(page, plan):
    page.goto(f"/plans/{plan[1]}/?add=import")
    page.get_by_label("Or paste it here").fill(TABLE)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("No zone Servers: 1 row. Make it?")).to_be_visible()
    page.get_by_role("button", name="Make zone Servers").click()
    expect(page.locator("#import-summary")).to_contain_text("1 new, 1 changed, 0 the same, 1 faulty")
    expect(page.locator("#import-errors")).to_contain_text("Line 4, addresses: '10.0.0.999' is no address")
    page.get_by_role("button", name="Store 2 rows without the faulty ones").click()
    saved(page, 2)
    assert endpoint(plan, "Kiosk")["zone"] == "Servers"
    assert endpoint(plan, "Portal")["addresses"] == ["192.0.2.10"]
