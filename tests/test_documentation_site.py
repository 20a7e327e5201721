"""The documentation as a site: it is built without a network, loads nothing, and leads nowhere that isn't there."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urldefrag

import pytest
import yaml
from selectolax.lexbor import LexborHTMLParser

from planner.api.problems import KINDS
from planner.api.service import describe_service
from planner.report import FORMATS
from ports.queries import shipped_matrix
from scripts import documentation

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = ROOT / "docs" / "tutorial.md"
ALONE = ["unshare", "--net"] if os.geteuid() == 0 else []


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documentation")
    done = subprocess.run(
        [*ALONE, sys.executable, "scripts/documentation.py", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site):
    return {path.relative_to(site).as_posix(): LexborHTMLParser(path.read_bytes()) for path in site.rglob("*.html")}


def test_nothing_is_loaded_from_elsewhere(site, pages):
    for name, page in pages.items():
        for node in page.css("script, link, img, iframe, source"):
            address = node.attributes.get("src") or node.attributes.get("href") or ""
            assert not re.match(r"(https?:)?//", address), (name, address)
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//|@import", style.read_text("utf-8")), style.name


def test_each_link_leads_to_what_is_there(site, pages):
    checked = 0
    for name, page in pages.items():
        if name == "404.html":  # is shown wherever somebody went astray, and so begins at the root
            continue
        for node in page.css("[href], [src]"):
            address, place = urldefrag(node.attributes.get("href") or node.attributes.get("src") or "")
            if re.match(r"[a-z]+:", address):
                continue
            target = (site / name).parent / unquote(address) if address else site / name
            target = target.resolve()
            assert target.is_file() or (target / "index.html").is_file(), (name, address)
            if place and target.suffix == ".html":
                there = pages[target.relative_to(site.resolve()).as_posix()]
                assert place == "__skip" or there.css_first(f'[id="{unquote(place)}"], [name="{unquote(place)}"]'), (
                    name,
                    place,
                )
            checked += 1
    assert checked > 1_000


def test_every_page_of_the_docs_is_in_the_menu(pages):
    home = {node.attributes["href"] for node in pages["index.html"].css("nav a[href]")}
    for path in (ROOT / "docs").glob("*.md"):
        assert f"{path.stem}.html" in home, path.name
    decisions = {node.attributes["href"] for node in pages["adr/index.html"].css("article a[href]")}
    assert {f"{path.stem}.html" for path in (ROOT / "docs" / "adr").glob("*.md")} <= decisions


def test_the_reference_has_every_format_command_operation_and_key(pages):
    formats = {node.text() for node in pages["reference/formats.html"].css("td:first-child code")}
    assert formats >= FORMATS.keys()
    commands = {node.text() for node in pages["reference/commands.html"].css("h2 code")}
    written = [path for app in ("planner", "ports") for path in (ROOT / app / "management/commands").glob("[!_]*.py")]
    assert commands == {path.stem for path in written}
    said = pages["reference/api.html"].text()
    for path, methods in describe_service(shipped_matrix())["paths"].items():
        assert all(f"{method.upper()} {path}" in said for method in methods), path
    assert all(code in said for code in KINDS)
    keys = pages["reference/plan-keys.html"].text()
    assert all(key in keys for key in ("additional_flows", "endpoints", "firewalls", "expect", "as_documented"))


def test_a_link_that_leads_nowhere_is_an_error(tmp_path, monkeypatch):
    """Of pages with a title each and nothing else, as the links of all others were followed for `site`.

    Here, as `site` has the script run by itself, and to import what it takes is half of that.
    """
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    for path in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        stub = tmp_path / path.relative_to(ROOT)
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.write_text(f"# {path.stem}\n", "utf-8")
    with (tmp_path / "docs" / "limits.md").open("a") as file:
        file.write("\n[there](settings.md#settings)\n[nowhere](settings.md#nothing-of-this-name)\n")
    monkeypatch.setattr(documentation, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["documentation.py", str(tmp_path / "out")])
    monkeypatch.setenv("COLUMNS", "100")  # as it is set there
    with pytest.raises(SystemExit) as left:
        documentation.main()
    assert "settings.md#nothing-of-this-name" in left.value.code
    assert "Aborted with 1 warnings" in left.value.code


def blocks(text):
    """The commands of a page in their order."""
    return re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_the_commands_of_the_tutorial_do_what_it_says_in_their_order(tmp_path):
    for name in (".venv", "manage.py"):
        (tmp_path / name).symlink_to(Path(sys.prefix) if name == ".venv" else ROOT / name)
    environment = os.environ | {"PLANNER_DATA": str(tmp_path / "data")}
    said = []
    for block in blocks(TUTORIAL.read_text("utf-8")):
        done = subprocess.run(
            [*ALONE, "bash", "-e", "-c", block],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, block + done.stdout + done.stderr
        said.append(done.stdout)
    assert len(said) == 7
    assert yaml.safe_load((tmp_path / "plan.yaml").read_text("utf-8"))["format"] == 1
    assert re.search(r"^plan\.yaml:\d+:\d+: info: ", said[1], re.MULTILINE)
    assert (tmp_path / "plan.pdf").read_bytes().startswith(b"%PDF-")
    assert "config firewall policy" in (tmp_path / "plan.fortigate.txt").read_text("utf-8")
    assert "DMZ-INT-980" in said[3]
    assert "192.0.2.20" in said[4]
    assert "Not accepted" in said[6]
    assert (tmp_path / "acceptance.pdf").read_bytes().startswith(b"%PDF-")
