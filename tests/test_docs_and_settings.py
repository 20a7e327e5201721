"""The documentation is complete: settings, findings and formats."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import pytest

from planner.accounts import confirmation, people
from planner.api import rules as rules_of_api
from planner.engine import by_address, consequences
from planner.plan import limits
from planner.report import FORMATS
from planner.sharing import links, tokens, uploads
from planner.store import jobs, patience, results, runner, throttle
from planner.web.forms import lives as forms
from planner.web.views import rules, shared
from ports.queries import SHIPPED

ROOT = Path(__file__).resolve().parents[1]
NUMBERS = {6: "six", 10: "ten"}
VARIABLE = re.compile(r"\bPLANNER_[A-Z0-9_]+\b")


def read(path):
    return (ROOT / path).read_text("utf-8")


def table_keys(text):
    """The words in code style in the first column of the tables."""
    return {
        word
        for line in text.splitlines()
        if line.startswith("|")
        for word in re.findall(r"`([^`]+)`", line.split("|")[1])
    }


def settings_read():
    """Every PLANNER_ variable that the settings, gunicorn and the scripts speak of."""
    sources = ["planner/settings.py", "planner/deploy/gunicorn.py", *(f"scripts/{path.name}" for path in scripts())]
    return sorted({name for source in sources for name in VARIABLE.findall(read(source))})


def scripts():
    return sorted(path for path in (ROOT / "scripts").iterdir() if path.suffix in (".sh", ".py"))


@cache
def codes_of_the_engine():
    """The code of every finding that planner.engine makes itself; where it isn't written out it is a check's."""
    return sorted(
        {
            keyword.value.value
            for path in (ROOT / "planner" / "engine").rglob("*.py")
            if "Finding(" in (text := path.read_text("utf-8"))
            for call in ast.walk(ast.parse(text))
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Finding"
            for keyword in call.keywords
            if keyword.arg == "code" and isinstance(keyword.value, ast.Constant)
        }
    )


def codes_of_the_fixture():
    rows = json.loads(SHIPPED.read_text("utf-8"))
    return sorted({row["fields"]["code"] for row in rows if row["model"] == "ports.check"})


def test_there_is_something_to_document():
    assert {"PLANNER_DATA", "PLANNER_SECRET_KEY_FILE", "PLANNER_BIND", "PLANNER_CHROMIUM"} <= set(settings_read())
    assert {"choice-undecided", "address-missing", "caveat"} <= set(codes_of_the_engine())
    assert "no-web-server" in codes_of_the_fixture()


@pytest.mark.parametrize("name", settings_read())
def test_every_setting_is_documented(name):
    assert name in table_keys(read("docs/settings.md"))


def test_every_documented_setting_is_read():
    documented = {name for name in table_keys(read("docs/settings.md")) if VARIABLE.fullmatch(name)}
    assert documented <= set(settings_read())


@pytest.mark.parametrize("code", sorted({*codes_of_the_engine(), *codes_of_the_fixture()}))
def test_every_finding_is_documented(code):
    assert code in table_keys(read("docs/findings.md"))


def test_every_documented_finding_can_happen():
    known = {*codes_of_the_engine(), *codes_of_the_fixture()}
    assert table_keys(read("docs/findings.md")) - {"error", "decision", "warning", "info"} <= known


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_in_the_readme(name):
    assert re.search(rf"`{re.escape(name)}`", read("README.md"))


def test_every_limit_is_documented_as_it_is():
    text = read("docs/limits.md")
    rows = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("| ")]
    documented = [most.strip() for _, most in rows[2:]]

    def said(number):
        return f"{number // 2**20} MiB" if number % 2**20 == 0 else f"{number:,}"

    names = (
        "DOCUMENT",
        "VALUES",
        "LINE",
        "LINE_VALUES",
        "ENDPOINTS",
        "ROWS",
        "ROWS",
        "ITEMS",
        "FLOWS",
        "PAIRS",
        "BROKEN",
        "PRINTED",
        "STYLED",
        "PAPER",
        "EMBEDDED",
        "WRITTEN",
        "PASSED",
        "RESULTS",
        "RESULT_ROWS",
        "RESULT_RUNS",
        "EXISTING",
        "ENTRIES",
    )
    numbers = [getattr(limits, name) for name in names]
    of_configurations = names.index("EXISTING")
    numbers[of_configurations:of_configurations] = by_address.MOST_AROUND, by_address.MOST_TRIED
    assert documented == list(map(said, numbers))
    assert {name for name in vars(limits) if name.isupper() and name[0] != "_"} == {*names, "SECONDS", "MEMORY"}
    prose = " ".join(text.split())
    assert f"at most {limits.SECONDS} seconds of processor time and {limits.MEMORY // 2**30} GiB of memory" in prose
    assert f"plans of up to {consequences.MAX_FLOWS:,} flows" in prose
    assert f"answers of up to {consequences.MAX_PAIRS:,} pairs" in prose
    assert f"A page lists at most {rules.MOST_RULES:,} rules" in prose
    assert f"at most {jobs.MOST_OF_PLAN} of a plan and {jobs.MOST_IN_ALL} of all wait" in prose
    assert f"at most {jobs.MOST_SEALED_OF_PLAN} of a plan and {jobs.MOST_SEALED} of all wait" in prose
    assert f"in its newest {results.MOST_NAMED} revisions" in " ".join(read("docs/checks.md").split())


def test_how_long_what_is_secret_stays_is_documented_as_it_is():
    assert (jobs.KEPT_SEALED.total_seconds(), runner.TIDY) == (3600, 600)
    said = " ".join(read("docs/existing-rules.md").split())
    assert "else an hour after it was sent, and its answer an hour after it is there" in said
    assert "what is due is taken away within ten minutes" in said
    for name in ("docs/existing-rules.md", "docs/security.md", "docs/limits.md", "planner/api/results.py"):
        assert not re.search(r"gone an hour later|for an hour at most|into no database", " ".join(read(name).split()))


def test_how_much_a_form_may_have_is_documented_as_it_is(settings):
    text = read("docs/sharing.md")
    assert f"| bytes of a request | {settings.MAX_BODY // 2**20} MiB | 413 |" in text
    assert f"| fields of a form | {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} | 413 |" in text


def test_how_much_may_be_tried_and_made_is_documented_as_it_is():
    here, subject, place = patience.HERE, patience.ON_SUBJECT, patience.FROM_PLACE
    wait, paced = NUMBERS[patience.WAIT.seconds], NUMBERS[patience.PACE]
    sentences = {
        "docs/sharing.md": (
            f"| links that lead nowhere, tried by a client in an hour | {shared.WRONG_LINKS}; the same one",
            f"| tokens for programs that open nothing, tried by a client in an hour | {tokens.WRONG}; the same one",
            f"| tokens for programs that work, of a browser or account | {tokens.MOST} |",
            f"| wrong passphrases of a link in an hour, from one place | {here}; from everywhere {subject} |",
            f"| wrong logins under a user name in an hour, from one place | {here}; from everywhere {subject} |",
            f"| wrong logins from one place in an hour, under whatever names | {place} |",
            f"| wrong old passwords in an hour, in one session that changes its password | {people.WRONG_OLD} |",
            f"[asked again](accounts.md#the-password-again) | {confirmation.MOST_WRONG} |",
            f"| times that states are set by one link in an hour | {links.REPORTS} |",
            f"| rules whose state is set in one go | {rules_of_api.MOST_RULES:,} |",
            f"one; another takes its place | up to {links.MOST_LINKS} that are valid |",
            f"after {NUMBERS[here]} wrong ones within an hour from one place,",
            f"lasts {links.OPEN_HOURS} hours in that browser.",
            f"it takes {uploads.AN_HOUR} uploads an hour.",
            f"At most {uploads.MOST} for a plan; each takes {uploads.AN_HOUR} uploads an hour.",
        ),
        "docs/accounts.md": (
            f"in an hour {here} for a user name, whatever its capitals, from one place,",
            f"from one place, {subject} for it from everywhere, and {place} from one place for whatever names.",
            f"has to wait for {wait} seconds;",
            f"{paced.capitalize()} that have waited are looked at in a minute,",
            f"gets {paced} guesses a minute.",
            f"has {here} wrong tries of its own",
        ),
        "docs/api.md": (f"{tokens.WRONG} tokens that open nothing from one place.",),
    }
    missing = [one for page, said in sentences.items() for one in said if one not in " ".join(read(page).split())]
    assert not missing
    assert (patience.MINUTE.seconds, throttle.HOUR.seconds, forms.MOST_RULES) == (60, 3600, rules_of_api.MOST_RULES)


def test_every_decision_module_of_what_is_kept_and_script_is_in_the_architecture():
    text = read("docs/architecture.md")
    named = {
        "decision": [f"](adr/{path.name})" for path in (ROOT / "docs" / "adr").glob("*.md")],
        "module": [f"`{path.name}`" for path in (ROOT / "planner" / "store").glob("[!_]*.py")],
        "script": [f"`{path.name}`" for path in (ROOT / "static" / "js").glob("*.js")],
    }
    assert all(named.values())
    assert {one for kind in named.values() for one in kind if one not in text} == set()


def test_every_table_of_the_documentation_begins_with_its_head():
    """What stands behind a blank line is shown as text."""
    for page in sorted((ROOT / "docs").rglob("*.md")):
        for table in re.findall(r"^(?:\|.*\n)+", page.read_text("utf-8"), re.MULTILINE):
            assert re.match(r"\|.*\n\| -", table), f"{page.name}: {table}"
