"""Firewall configurations from the menu of downloads."""

import io
import json
import zipfile

import pytest

from tests.e2e.test_walk import start_small
from tests.report.samples import contoso


@pytest.mark.parametrize("scripts", [True, False])
def test_all_firewalls_are_downloaded_with_or_without_a_default_deny(open_page, scripts, tmp_path):
    page = open_page(java_script_enabled=scripts)
    document = contoso()
    document["endpoints"][2]["addresses"] = ["192.0.2.10"]
    path = tmp_path / "contoso.json"
    path.write_text(json.dumps(document), "utf-8")
    page.goto("/plans/import/")
    page.get_by_label("A file").set_input_files(path)
    page.get_by_role("button", name="Import").click()
    page.get_by_text("More downloads").click()
    for deny, policy in ((False, "flush chain inet filter port_planner"), (True, "policy drop;")):
        page.get_by_label("Deny at the end what no rule names").set_checked(deny)
        with page.expect_download() as download:
            page.get_by_role("button", name="Download all").click()
        assert download.value.suggested_filename.endswith(".all-firewalls.zip")
        with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
            assert policy in archive.read("firewall.nft").decode()


def test_the_menu_fits_the_window(open_page):
    page = open_page(height=640)
    start_small(page)
    for width in (1440, 390, 360):
        page.set_viewport_size({"width": width, "height": 640})
        page.reload()
        page.get_by_text("More downloads").click()
        button = page.get_by_role("button", name="Download all")
        button.scroll_into_view_if_needed()
        box = button.bounding_box()
        assert box["x"] >= 0, width
        assert box["x"] + box["width"] <= width
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        with page.expect_download() as download:
            page.get_by_role("link", name="nftables").click()
        assert download.value.suggested_filename.endswith(".nft"), width
