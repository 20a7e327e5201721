"""What the pages load: scripts and stylesheets that import each other by names with a hash, and nothing left over."""

import re
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command

from planner.deploy.staticfiles import HashedStorage

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "static"
IMPORTED = re.compile(r"""^(?:import|export)\s*(?:[\w\s{},*]*\bfrom\s*)?["'](\.[^"']+)["'];""", re.MULTILINE)
LINKED = re.compile(r"""@import url\("([^"]+)"\)""")
OF_PRINT = "css/print.css"
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


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The folder of the collected files, and the storage that knows their names."""
    from django.conf import settings
    from django.test import override_settings

    folder = tmp_path_factory.mktemp("static")
    kinds = settings.STORAGES | {"staticfiles": {"BACKEND": "planner.deploy.staticfiles.HashedStorage"}}
    with override_settings(STATIC_ROOT=folder, STORAGES=kinds):
        call_command("collectstatic", interactive=False, verbosity=0)
        yield folder, HashedStorage(location=folder, base_url="/static/")


def test_collected_files_import_each_other_by_names_with_a_hash(collected):
    folder, storage = collected
    own = {str(path.relative_to(SOURCES)) for path in SOURCES.rglob("*") if path.suffix in (".js", ".css")}
    hashed = {name: storage.stored_name(name) for name in own}
    assert all(re.search(r"\.[0-9a-f]{12}\.(js|css)$", name) for name in hashed.values())
    for name, stored in hashed.items():
        assert imports(folder, stored) == {hashed[other] for other in imports(SOURCES, name)}, name
    assert sum(len(imports(folder, stored)) for stored in hashed.values()) > 50
    assert all((folder / stored).is_file() for stored in hashed.values())


def test_another_content_is_another_name_all_the_way_up(collected, tmp_path):
    """Else a browser that has the page's script of last week would run it with this week's parts."""
    _, before = collected
    storage = HashedStorage(location=tmp_path, base_url="/static/")
    names = [str(path.relative_to(SOURCES)) for path in SOURCES.rglob("*.js")]
    for name in names:
        more = b"// new\n" if name == "js/dom.js" else b""
        storage.save(name, ContentFile((SOURCES / name).read_bytes() + more))
    processed = storage.post_process({name: (storage, name) for name in names})
    assert not [result for *_, result in processed if isinstance(result, Exception)]
    changed = {name for name in names if storage.stored_name(name) != before.stored_name(name)}
    assert changed == {name for name in names if "js/dom.js" in reach(SOURCES, {name})}
    assert {"js/app.js", "js/plan.js", "js/dom.js"} <= changed
    assert "js/answers.js" not in changed


def test_every_script_and_stylesheet_is_loaded_by_some_page():
    own = {str(path.relative_to(SOURCES)) for path in SOURCES.rglob("*") if path.suffix in (".js", ".css")}
    assert reach(SOURCES, entries()) == own - {OF_PRINT}


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
