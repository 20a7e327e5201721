"""What the pages load: scripts and stylesheets with their parts, which import others by names with a hash, no more."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import sleep

import pytest
from django.contrib.staticfiles.management.commands import collectstatic
from django.core.files.base import ContentFile
from django.core.management import call_command

from planner.deploy.staticfiles import EXPORT, USE, HashedStorage

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "static"
IMPORTED = re.compile(r"""^(?:import|export)\s*(?:[\w\s{},*]*\bfrom\s*)?["'](\.[^"']+)["'];""", re.MULTILINE)
LINKED = re.compile(r"""@import url\("([^"]+)"\)""")
OF_PRINT = {"css/print.css", "js/printed.js"}
"""Goes into printed documents, which fetch nothing: it imports nothing, and the pages don't load it."""


def entries():
    """What the templates load, by the names that they give it."""
    pages = "".join(path.read_text("utf-8") for path in (ROOT / "templates").rglob("*.html"))
    return {name for name in re.findall(r"{% static '([^']+)' %}", pages) if name.endswith((".js", ".css"))}


def imports(folder, name):
    text = (folder / name).read_text("utf-8")
    found = (IMPORTED if name.endswith(".js") else LINKED).findall(text)
    return {str((folder / name).parent.joinpath(path).resolve().relative_to(folder.resolve())) for path in found}


def reach(folder, names):
    """All that is loaded with these files."""
    seen, waiting = set(), set(names)
    while waiting:
        name = waiting.pop()
        seen.add(name)
        waiting |= imports(folder, name) - seen
    return seen


def run(folder, name):
    """What a browser runs for a script, in its order."""
    found = IMPORTED.findall((folder / name).read_text("utf-8"))
    return [*dict.fromkeys([part for other in found for part in run(folder, f"js/{other[2:]}")]), name]


OWN = sorted(str(path.relative_to(SOURCES)) for path in SOURCES.rglob("*") if path.suffix in (".js", ".css"))


APP = {*run(SOURCES, "js/app.js")}
SHARED = {
    name for other in entries() if other.startswith("js/") for name in run(SOURCES, other) if other not in APP
} & APP
"""Scripts that stay files of their own, as a page has them from `app.js` and for its other script."""


def parts(name):
    """What is within a collected script, in the order in which it runs."""
    return [part for part in run(SOURCES, name) if part not in SHARED] or [name]


def collect(folder, changed=""):
    """The storage of the service with our own files in it, one of them perhaps with another content.

    Nothing is compressed, which is three quarters of it, and changes neither a name nor what stands in a file.
    """
    storage = HashedStorage(location=folder, base_url="/static/")
    storage.compress_files = lambda names: ()
    for name in OWN:
        more = b"/* new */\n" if name == changed else b""
        storage.save(name, ContentFile((SOURCES / name).read_bytes() + more))
    processed = list(storage.post_process({name: (storage, name) for name in OWN}))
    assert not [result for *_, result in processed if isinstance(result, Exception)]
    return storage


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    return collect(tmp_path_factory.mktemp("static"))


@pytest.mark.slow
def test_collected_files_import_each_other_by_names_with_a_hash(collected):
    folder = Path(collected.location)
    hashed = {name: collected.stored_name(name) for name in OWN}
    assert all(re.search(r"\.[0-9a-f]{12}\.(js|css)$", name) for name in hashed.values())
    for name, stored in hashed.items():
        assert (folder / stored).is_file()
        used = set().union(*(imports(SOURCES, part) for part in parts(name))) if name.endswith(".js") else set()
        assert imports(folder, stored) == {hashed[other] for other in used & SHARED}, name
    assert len(reach(folder, {hashed["js/app.js"], hashed["js/plan.js"]})) == 2 + len(SHARED) == 8


@pytest.mark.slow
def test_a_collected_script_has_its_parts_within_it_in_the_order_in_which_they_would_run(collected):
    for name in sorted(name for name in entries() if name.endswith(".js")):
        text = (Path(collected.location) / collected.stored_name(name)).read_text("utf-8")
        within = parts(name)
        begin = {
            part: text.find((SOURCES / part).read_text("utf-8").partition("\n")[0])
            for part in OWN
            if part in APP or part in within
        }
        assert [begin[part] for part in within] == sorted(begin[part] for part in within), name
        assert {part for part, place in begin.items() if place >= 0} == {*within}, "it has another one's parts"
    assert len(parts("js/plan.js")) > 20


def test_scripts_import_and_export_in_ways_that_are_joined():
    for name in {*OWN} - OF_PRINT:
        if name.endswith(".js"):
            text = (SOURCES / name).read_text("utf-8")
            known = [*USE.finditer(text), *EXPORT.finditer(text)]
            assert len(re.findall(r"^(?:import|export)\b", text, re.MULTILINE)) == len(known), name
            assert not any(re.search(r"\bas\b", names) for names, _other in USE.findall(text)), name


def test_a_page_loads_one_script_beside_that_of_every_page():
    """Of two, each would have what both need within it, and it would run twice."""
    for path in (ROOT / "templates").rglob("*.html"):
        assert len(re.findall(r"{% static 'js/(?!app\.js)", path.read_text("utf-8"))) <= 1, path


@pytest.mark.slow
def test_a_collected_stylesheet_has_its_parts_within_it_in_their_order(collected):
    sheets = {name: LINKED.findall((SOURCES / name).read_text("utf-8")) for name in OWN if name.startswith("css/")}
    for name, parts in sheets.items():
        text = (Path(collected.location) / collected.stored_name(name)).read_text("utf-8")
        places = [text.index((SOURCES / "css" / part).read_text("utf-8").strip()) for part in parts]
        assert places == sorted(places), name
        assert "url(" not in text, "its place would be another one"
        assert re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL).count("@import") == 0
    assert len(sheets["css/plan.css"]) > 15


@pytest.mark.parametrize(("part", "reached"), [
    ("js/dom.js", {"js/app.js", "js/plan.js", "js/reading.js", "js/copying.js"}),
    ("css/parts/tabs.css", {"css/report.css", "css/history.css"}),
])  # fmt: skip
@pytest.mark.slow
def test_another_content_is_another_name_all_the_way_up(collected, tmp_path, part, reached):
    """Else a browser that has the page's script of last week would run it with this week's parts."""
    storage = collect(tmp_path, changed=part)
    changed = {name for name in OWN if storage.stored_name(name) != collected.stored_name(name)}
    assert changed == {name for name in OWN if part in reach(SOURCES, {name})}
    assert reached <= changed
    assert not {"js/answers.js", "css/app.css"} & changed


def test_every_script_and_stylesheet_is_loaded_by_some_page():
    assert reach(SOURCES, entries()) == {*OWN} - OF_PRINT


def test_scripts_are_modules_that_load_nothing_from_elsewhere():
    for path in (ROOT / "templates").rglob("*.html"):
        for tag in re.findall(r"<script[^>]*>", path.read_text("utf-8")):
            assert tag.startswith('<script type="module" src="{% static '), path
    for path in SOURCES.rglob("*.js"):
        names = re.findall(r"""(?:from|import)\s*\(?["']([^"']+)["']""", path.read_text("utf-8"))
        assert all(re.fullmatch(r"\./\w+\.js", name) for name in names), path


def test_no_two_scripts_import_each_other():
    for path in SOURCES.rglob("*.js"):
        name = str(path.relative_to(SOURCES))
        assert name not in reach(SOURCES, imports(SOURCES, name)), name


def test_colours_are_written_out_among_the_tokens_alone():
    for path in SOURCES.rglob("*.css"):
        if path.name not in ("tokens.css", "print.css"):
            text = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
            assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|\b(?:rgb|hsl)a?\(", text), path


def test_of_two_that_collect_at_once_one_waits_for_the_other(tmp_path, settings, monkeypatch):
    """The plain names that one takes away in the end are those that the other one is reading."""
    settings.STATIC_ROOT = tmp_path / "data" / "static"
    within, most, both = [], [], Barrier(2)

    def collect(_command):
        within.append(1)
        most.append(len(within))
        sleep(0.05)
        within.pop()
        return {"modified": [], "unmodified": [], "post_processed": []}

    monkeypatch.setattr(collectstatic.Command, "collect", collect)

    def start(_number):
        both.wait(60)
        call_command("collectstatic", interactive=False, verbosity=0)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(start, range(2)))
    assert most == [1, 1]
