"""The acceptance on paper."""

import datetime

import pytest

from planner.engine.acceptance import assess
from planner.report.paper.acceptance_pages import MOST_SOURCES, compose_acceptance, render_pdf
from tests.checking import only, run_all, run_of, write_results
from tests.report.samples import WORST_NAMES, evaluate, worst, write_plan

DAY = datetime.date(2026, 1, 2)


def text_of(report, state):
    printed = compose_acceptance(report, state, date=DAY)
    return " ".join(" ".join(text for part in printed.parts for text in part.texts()).split())


@pytest.mark.slow
def test_a_hostile_plan_has_an_acceptance_that_is_the_same_each_time():
    report = evaluate(worst())
    runs = [run_of(write_results(report, name, lambda check: "open"), f"{name}.json") for name in WORST_NAMES]
    state = assess(report, runs, [f"{WORST_NAMES[7]} was not used."])
    first = render_pdf(report, state, date=DAY)
    assert first.startswith(b"%PDF-")
    assert first == render_pdf(report, state, date=DAY)
    text = text_of(report, state)
    assert "<script>alert(1)</script> was not used." in text
    assert "\u202e" not in text
    assert "Open that must stay closed" in text


def test_what_is_too_much_is_counted(monkeypatch):
    monkeypatch.setattr("planner.report.paper.acceptance_pages.MOST_LISTED", 20)
    staff = [f"S{number:04}" for number in range(22)]
    document = write_plan(
        {"name": "PS01", "zone": "DMZ", "addresses": ["192.0.2.1"], "roles": ["web-primary"]},
        *(
            {"name": name, "zone": "Internal", "addresses": [f"10.0.{n // 200}.{n % 200 + 1}"],
             "roles": ["website-user"]}
            for n, name in enumerate(staff)
        ),
    )  # fmt: skip
    report = evaluate(document)
    state = assess(report, run_all(report, only(lambda check: not check.closed, "filtered")))
    text = text_of(report, state)
    assert "And 2 more; the JSON file has all of them." in text
    assert f"and {len(staff) - MOST_SOURCES} more" in text


def test_an_acceptance_that_passes_says_so_and_lists_nothing_blocked():
    report = evaluate(
        write_plan(
            {"name": "PS01", "zone": "DMZ", "addresses": ["192.0.2.1"], "roles": ["web-primary"]},
            {"name": "SQL01", "zone": "Internal", "addresses": ["10.0.0.1"], "roles": ["database"]},
        )
    )
    text = text_of(report, assess(report, run_all(report)))
    assert "Accepted: no flow that is needed is blocked or untested, and nothing is open that must" in text
    assert "Blocked: ask for these" not in text
    text = text_of(report, assess(report, run_all(report, only(lambda check: not check.closed, "refused"))))
    assert "must stay closed. Refused: the way is open, and nothing answers there yet." in text
    assert "Of a range of ports both ends and one port between are tried." in text


def test_it_names_addresses_so_the_settings_say_who_may_see_it(settings, monkeypatch):
    written = []
    monkeypatch.setattr(
        "planner.report.paper.acceptance_pages.write_pdf", lambda printed, engine: written.append(printed) or b""
    )
    report = evaluate(write_plan({"name": "PS01", "zone": "DMZ", "addresses": ["192.0.2.1"]}))
    for settings.CLASSIFICATION in ("", "Internal use only"):
        render_pdf(report, assess(report, []), date=DAY)
    without, classified = written
    assert "Internal use only" not in " ".join(without.parts[0].texts())
    assert "Internal use only" in " ".join(classified.parts[0].texts())
    assert classified.running.edition == f"Internal use only · {without.running.edition}"
