"""Builds the documentation as a site: docs/ and the README, and a reference that is written from the code.

    scripts/documentation.py FOLDER

The site is FOLDER/site, for any web server. It loads nothing from elsewhere, nor does building it. What a page links
to outside of docs/, such as a template, goes along as a file. A link that leads nowhere is an error.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from posixpath import normpath
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")

import django  # noqa: E402

django.setup()

from django.core.management import get_commands, load_command_class  # noqa: E402

from planner.api.problems import KINDS  # noqa: E402
from planner.api.reference import list_groups  # noqa: E402
from planner.api.service import describe_service  # noqa: E402
from planner.plan.document import plan_schema  # noqa: E402
from planner.report import ACCEPTANCE_FORMATS, CHANGE_FORMATS, FORMATS, OPTIONS  # noqa: E402
from ports.queries import shipped_matrix  # noqa: E402

CONFIGURATION = ROOT / "scripts" / "documentation.yml"
APPS = ("planner", "ports")
"""Whose commands the reference has; those of Django are described by Django."""
_LINK = re.compile(r"(!?\[[^\]]*\]\()(?!https?:|mailto:|#)([^)#\s]+)((?:#[^)\s]*)?\))")


def gather(pages: Path) -> None:
    """Write all pages of the site below a folder: docs/, the README as the first page, and the reference."""
    sources = {"index.md": Path("README.md")}
    for path in sorted((ROOT / "docs").rglob("*.md")):
        sources[path.relative_to(ROOT / "docs").as_posix()] = path.relative_to(ROOT)
    homes = {source.as_posix(): page for page, source in sources.items()}
    for page, source in sources.items():
        target = pages / page
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (ROOT / source).read_text("utf-8")
        target.write_text(_LINK.sub(partial(_lead, page=page, source=source, homes=homes, pages=pages), text), "utf-8")
    (pages / "adr" / "index.md").write_text("\n".join(_list_decisions()) + "\n", "utf-8")
    reference = pages / "reference"
    reference.mkdir(parents=True, exist_ok=True)
    written = {"commands": _say_commands(), "formats": _say_formats(), "plan-keys": _say_keys(), "api": _say_api()}
    for name, lines in written.items():
        (reference / f"{name}.md").write_text("\n".join(lines) + "\n", "utf-8")


def build(folder: Path) -> Path:
    """Build the site below a folder and return where it is. Raises CalledProcessError, with what MkDocs says."""
    gather(folder / "pages")
    shutil.copy(CONFIGURATION, folder / "mkdocs.yml")
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", folder / "mkdocs.yml"],
        check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"NO_COLOR": "1"},
    )  # fmt: skip
    return folder / "site"


def _lead(link: re.Match[str], *, page: str, source: Path, homes: Mapping[str, str], pages: Path) -> str:
    """A link of a file of the repository as one of the site; what is no page of it goes along."""
    start, target, end = link.groups()
    place = normpath((source.parent / target).as_posix())
    home = homes.get(place)
    if home is None and (ROOT / place).is_file():
        home = place.removeprefix("docs/") if place.startswith("docs/") else f"files/{place}"
        if home.endswith(".md"):
            home = f"{home}.txt"
        (pages / home).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / place, pages / home)
    if home is None:
        return link[0]  # leads nowhere, or to a folder: MkDocs says so
    return f"{start}{os.path.relpath(home, Path(page).parent).replace(os.sep, '/')}{end}"


def _list_decisions() -> Iterator[str]:
    yield "# Decisions"
    yield ""
    yield "Each with what spoke for it, and what would have it looked at again."
    yield ""
    for path in sorted((ROOT / "docs" / "adr").glob("*.md")):
        title = path.read_text("utf-8").partition("\n")[0].lstrip("# ")
        yield f"- [{title}]({path.name})"


def _say_commands() -> Iterator[str]:
    yield "# Commands"
    yield ""
    yield "Each as `manage.py NAME` in a checkout. Those that `port-planner --help` names are `port-planner NAME`"
    yield "where that is installed."
    os.environ["COLUMNS"] = "100"
    for name, app in sorted(get_commands().items()):
        if app in APPS:
            parser = load_command_class(str(app), name).create_parser("manage.py", name)
            yield from ("", f"## `{name}`", "", "```text", parser.format_help().rstrip(), "```")


def _say_formats() -> Iterator[str]:
    yield "# Formats"
    yield ""
    yield "What each has is in [report formats](../report-format.md)."
    yield from (
        "",
        "## Reports",
        "",
        "| Format | What it is | Files end in | Type | Options |",
        "| --- | --- | --- | --- | --- |",
    )
    for entry in FORMATS.values():
        options = " ".join(f"`--{option.replace('_', '-')}`" for option in sorted(entry.options))
        kind = entry.content_type.partition(";")[0]
        ending = entry.ending or entry.extension
        what = " · ".join(filter(None, (entry.group, entry.label)))
        yield f"| `{entry.name}` | {what} | `.{ending}` | `{kind}` | {options} |"
    yield ""
    for option, meaning in OPTIONS.items():
        yield f"- `--{option.replace('_', '-')}`: {meaning}."
    for title, entries in (("Change requests", CHANGE_FORMATS), ("Acceptance", ACCEPTANCE_FORMATS)):
        yield from ("", f"## {title}", "", "| Format | What it is | Type |", "| --- | --- | --- |")
        for one in entries.values():
            yield f"| `{one.name}` | {one.label} | `{one.content_type.partition(';')[0]}` |"


def _say_keys() -> Iterator[str]:
    schema = plan_schema(shipped_matrix())
    yield "# Keys of a plan document"
    yield ""
    yield "From the JSON Schema that `manage.py schema plan` prints; rules that a schema can't say are in"
    yield "[the plan format](../plan-format.md)."
    for name, part in [("", schema), *schema.get("$defs", {}).items()]:
        properties: Mapping[str, Any] = part.get("properties", {})
        if not properties:
            continue
        yield from ("", f"## {name or 'The document'}", "", "| Key | What it is | Example |", "| --- | --- | --- |")
        for key, about in properties.items():
            given = about.get("examples", [])[:1]
            example = "".join(f"`{_cell(json.dumps(one, ensure_ascii=False))}`" for one in given)
            needed = " (needed)" if key in part.get("required", ()) else ""
            yield f"| `{key}`{needed} | {_cell(about.get('description', ''))} | {example} |"


def _say_api() -> Iterator[str]:
    document = describe_service(shipped_matrix())
    yield "# Operations of the API"
    yield ""
    yield "From the OpenAPI document that a service has at `/api/v1/openapi.json`. How they are used is in"
    yield "[the API](../api.md)."
    for group in list_groups(document):
        yield from ("", f"## {group['title']}")
        for one in group["members"]:
            yield from ("", f"### {one['summary']}", "", f"`{one['method']} {one['path']}`")
            for paragraph in one["paragraphs"]:
                yield from ("", _plain(paragraph))
            if not one["needs_token"]:
                yield from ("", "It takes no token where there are no accounts, or none at all.")
            yield from _say_table(("Parameter", "In", "Type", "What it is"), (
                (f"`{name}`{' (needed)' if needed else ''}", place, kind, about)
                for name, place, needed, kind, about in one["parameters"]
            ))  # fmt: skip
            if one["body_types"] and not one["fields"]:
                yield from (
                    "",
                    f"Body: {', '.join(f'`{kind}`' for kind in one['body_types'])}. {_plain(one['body_said'])}",
                )
            sent = (
                (f"`{name}`{' (needed)' if need else ''}", kind, about) for name, kind, about, need in one["fields"]
            )
            yield from _say_table(("In the body", "Type", "What it is"), sent)
            told = ((f"`{name}`", kind, about) for name, kind, about, _ in one["answer_fields"])
            yield from _say_table(("In the answer", "Type", "What it is"), told)
            kinds = (f"{status}: {said}" for status, said, _ in one["answers"])
            yield from ("", f"Answers: {_plain('; '.join(kinds))}. Problems: {', '.join(map(str, one['problems']))}.")
    rows = ((f"`{code}`", str(kind.status), kind.title) for code, kind in KINDS.items())
    yield from ("", "## Problems", "", "The end of `type`, as `application/problem+json` has it.")
    yield from _say_table(("Problem", "Status", "What it is"), rows)


def _say_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table; nothing without rows."""
    lines = [f"| {' | '.join(_plain(cell) for cell in row)} |" for row in rows]
    if lines:
        yield from ("", f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}", *lines)


def _plain(text: str) -> str:
    """Words of code as they stand: what Markdown would take for markup isn't."""
    return re.sub(r"([<>*_\[\]|])", r"\\\1", " ".join(text.split())) if "`" not in text else _cell(text)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    """Build the site into the folder that was named."""
    if len(sys.argv) != 2:
        sys.exit("usage: scripts/documentation.py FOLDER")
    try:
        print(f"The site is in {build(Path(sys.argv[1]).resolve())}.")
    except subprocess.CalledProcessError as error:
        sys.exit(f"The site can't be built:\n{error.stdout}")


if __name__ == "__main__":
    main()
