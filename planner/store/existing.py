"""A firewall's own rules beside a stored plan: what is asked, what is compared, and what is answered, kept or written.

The configuration is a secret. It comes here in memory and leaves no trace: what an answer has of it are the names of
entries and what isn't understood.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from planner.engine import Report
from planner.engine.existing.decide import Also, Gap, Part, compare_with
from planner.engine.existing.guess import guess_sides
from planner.engine.existing.model import Ruleset
from planner.engine.existing.reading import decode, read_existing
from planner.engine.existing.sides import find_firewall
from planner.plan.document import PlanError
from planner.plan.edits import NotPossible
from planner.plan.fields import Firewall
from planner.report import progress
from planner.report.firewall.words import name_files
from planner.report.gap import ALSO, GAP_FORMATS, WITH_ALL
from planner.report.gap.delta import DELTA, ENDINGS, render_delta
from planner.report.gap.delta.task import Task
from planner.report.gap.page import describe_gap
from planner.report.gap.words import say_several
from planner.store import actions, compared
from planner.store.actions import Sender
from planner.store.editions import matrix_of
from planner.store.files import File
from planner.store.models import Plan
from planner.store.reports import report_for
from planner.store.rule_numbers import EarlierNumbers

MOST_SIDES = 200
"""How many zones, and how many interfaces, the page asks about."""
SECONDS: Mapping[str, float] = {
    "iptables": 0.8,
    "nftables": 0.2,
    "fortigate": 0.2,
    "asa": 0.8,
    "paloalto": 0.25,
    "srx": 0.15,
    "windows": 0.4,
    "azure": 0.3,
    "aws": 0.4,
    "csv": 1.2,
}
"""By format how long a MiB takes of a processor, with 1,000 flows: `scripts/bench_gap.py --formats`, 2026-11-27."""
MOST_SECONDS = 1.2
"""The same of any other format."""
PER_ENDPOINT = 0.28 / 1_000
"""How many seconds an endpoint of the plan takes, whatever is there: `scripts/bench_estimates.py`, of 2026-11-27."""
TWICE_AT = 2_000
"""Beside how many endpoints a MiB takes twice as long, likewise."""
_SAID: Mapping[Part, str] = {
    "flows": "Comparing the flows of the plan",
    "wider": "Looking for entries that are too wide",
    "also": "Looking for what is left over and what must stay closed",
}
_OF_SENDER = ("operation", "author", "who")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about a configuration. None of it is secret."""

    format: str
    """What wrote it: one of READERS."""
    file: str = ""
    """Which file of the answer is wanted: one of GAP_FORMATS or DELTA; empty: what the page shows."""
    firewall: str = ""
    """Which one of the plan it is; empty: none, or found by its format. Flows that don't pass one that is named are
    left out."""
    sides: Mapping[str, str] | None = None
    """By zone of the plan what it was said to be behind on the device, empty for nothing. What isn't in it is as the
    plan's firewall has it, and guessed of what that doesn't say, but of a firewall that is named only if it has no
    zones."""
    mapping: Mapping[str, str] | None = None
    """As commands and programs say it: side of the device -> zone of the plan. Then nothing is guessed, and what it
    doesn't name is as the plan's firewall has it; None on pages, where `sides` counts."""
    keep: bool = False
    """Whether the plan's firewall is to remember these."""
    keep_answer: bool = False
    """Whether the answer is to be kept with the plan."""
    sender: Sender = actions.ANYONE
    actor: str = ""
    """The account that asks, for the log of what was done; empty: nobody is logged in."""
    hold: int | None = None
    """The hold that let in whoever asks, by its number: a job keeps nothing once it is gone. None: no job is to."""

    wanted: Sequence[Also] | None = None
    """What else is to be looked for; None: all of it, but in formats that keep to what is documented."""

    @property
    def also(self) -> Sequence[Also]:
        """What else is looked for."""
        if self.wanted is not None:
            return self.wanted
        return ALSO if not self.file or self.file in WITH_ALL else ()

    def as_asked(self) -> dict[str, str]:
        """As a job keeps it."""
        facts = {
            "file": self.file,
            "firewall": self.firewall,
            "sides": self.sides,
            "mapping": dict(self.mapping) if self.mapping is not None else None,
            "keep": self.keep,
            "keep_answer": self.keep_answer,
            "sender": [getattr(self.sender, name) for name in _OF_SENDER],
            "actor": self.actor,
            "hold": self.hold,
            "wanted": self.wanted,
        }
        return {"question": json.dumps(facts)}

    @classmethod
    def read(cls, format: str, asked: Mapping[str, str]) -> "Question":
        """Back again."""
        facts = json.loads(asked["question"])
        sender = Sender(**dict(zip(_OF_SENDER, facts.pop("sender"), strict=True)))
        return cls(format=format, sender=sender, **facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A configuration beside a plan, and what was taken for known."""

    gap: Gap
    firewall: Firewall | None
    """Of the plan."""
    device: Firewall
    """The same, or one for the configuration alone, with every side that was chosen or guessed."""
    guesses: Mapping[str, str]
    """By zone of the plan what it is taken to be behind where neither the plan's firewall nor anybody has said it."""
    earlier: EarlierNumbers | None
    """By what it was told which entries are ours; None: by their names alone, as the plan has no earlier revision."""


def estimate_existing(format: str, size: int, endpoints: int) -> float:
    """About how many seconds of a processor a configuration of so many bytes takes beside a plan of so many endpoints.

    Each entry is held against the flows that it may admit, so a MiB takes longer beside more of them.
    """
    read = SECONDS.get(format, MOST_SECONDS) * size / 2**20
    return endpoints * PER_ENDPOINT + read * (1 + endpoints / TWICE_AT)


def write_existing(plan: Plan, question: Question, data: bytes) -> File:
    """The answer about a configuration: the file that is wanted, or what the page shows, as JSON.

    Raises Unreadable, BadMap, NotExpressible, and as `report_for` does.
    """
    progress.tell("Reading the configuration")
    ruleset = read_existing(data, question.format)
    progress.tell("Working out the rules")
    report = report_for(plan.version, matrix_of(plan))
    found = compare_existing(plan, report, question, ruleset)
    progress.tell("Writing the answer")
    if question.file:
        return write_answer(plan, found, question, data)
    page = json.dumps(describe_answer(plan, found, question)).encode()
    return File(name="answer.json", content_type="application/json", data=page)


def _tell(part: Part, number: int, of: int) -> None:
    progress.tell(_SAID[part], number, of)


def compare_existing(
    plan: Plan,
    report: Report,
    question: Question,
    ruleset: Ruleset,
    pause: Callable[[], None] = lambda: None,
) -> Beside:
    """A configuration that could be read, beside the plan, whose report this is.

    `pause` is called all the time; what it raises ends the comparison. Raises BadMap.
    """
    firewall = find_firewall(report.plan, ruleset, question.firewall)
    is_named = bool(question.firewall)
    compare = partial(
        compare_with, report, ruleset, only_passing=is_named, also=question.also, tell=_tell, pause=pause
    )
    if question.mapping is not None:
        return Beside(
            gap=compare(question.mapping, firewall),
            firewall=firewall,
            device=firewall or Firewall(name=ruleset.format, format=ruleset.format, zones={}),
            guesses={},
            earlier=None,
        )
    earlier = EarlierNumbers(plan, report.matrix, report) if plan.revision > 1 else None
    known = dict(firewall.zones) if firewall else {}
    guesses = {} if is_named and known else guess_sides(report.plan, ruleset)
    sides = {**guesses, **known, **(question.sides or {})}
    behind = {zone.name: sides[zone.name] for zone in report.plan.zones if sides.get(zone.name)}
    device = replace(firewall or Firewall(name=ruleset.format, format=ruleset.format, zones={}), zones=behind)
    return Beside(
        gap=compare(None, device, earlier=earlier),
        firewall=firewall,
        device=device,
        guesses=guesses,
        earlier=earlier,
    )


def compare_soon(
    plan: Plan, report: Report, question: Question, ruleset: Ruleset, seconds: float | None
) -> Beside | None:
    """The same while somebody waits; None where it takes longer than so many seconds of a processor.

    A small file may say much, so its size alone doesn't tell. Without `seconds` it takes as long as it takes.
    """
    if seconds is None:
        return compare_existing(plan, report, question, ruleset)
    try:
        return compare_existing(plan, report, question, ruleset, progress.at_most(seconds))
    except progress.TooLong:
        return None


def write_answer(plan: Plan, found: Beside, question: Question, data: bytes) -> File:
    """The answer as the file that is wanted; `data` is the configuration. Raises NotExpressible."""
    [stem] = name_files([plan.name])
    if question.file == DELTA:
        device = found.device if found.device.zones else found.firewall
        mapping = question.mapping or {}
        content = render_delta(Task(gap=found.gap, text=decode(data), firewall=device, mapping=mapping))
        form = found.gap.ruleset.format
        name = f"{stem}-missing.{ENDINGS.get(form, f'{form}.txt')}"
        return File(name=name, content_type="text/plain; charset=utf-8", data=content)
    entry = GAP_FORMATS[question.file]
    ending = "txt" if entry.name == "text" else entry.name
    return File(name=f"{stem}-existing.{ending}", content_type=entry.content_type, data=entry.render(found.gap))


def describe_answer(plan: Plan, found: Beside, question: Question) -> dict[str, Any]:
    """What the page shows of an answer, as plain data, and what came of keeping it."""
    ruleset, behind, report = found.gap.ruleset, found.device.zones, found.gap.report
    kept, known = _keep_sides(plan, found, question.sender) if question.keep else (None, _list_known(found))
    zones = report.plan.zones[:MOST_SIDES]
    filled = {**found.guesses, **known}
    said = {**known, **(question.sides or {})}
    row = None
    if question.keep_answer:
        try:
            row = compared.keep(
                plan.pk,
                found.gap,
                revision=plan.revision,
                firewall=found.firewall.name if found.firewall else "",
                sender=question.sender,
                actor=question.actor,
            )
        except (compared.NotKept, NotPossible) as error:
            kept = f"Not kept: {error}"
    return {
        "kept": kept,
        "kept_answer": row.pk if row else None,
        "firewall": found.firewall.name if found.firewall else None,
        "sides": [
            {
                "zone": zone.name,
                "side": behind.get(zone.name, ""),
                "filled": filled.get(zone.name, ""),
                "guessed": zone.name in found.guesses and zone.name not in said,
            }
            for zone in zones
        ]
        if ruleset.sides
        else [],
        "side_names": _list_sides(ruleset, [behind[zone.name] for zone in zones if zone.name in behind]),
        "strangers": _describe_strangers(found.earlier),
        **describe_gap(found.gap),
    }


def _list_sides(ruleset: Ruleset, chosen: Iterable[str]) -> list[str]:
    """The sides that are offered: those that are chosen, and as many others as there is room for."""
    needed = set(chosen)
    others = sorted(ruleset.sides - needed)
    return sorted([*needed, *others[: MOST_SIDES - len(needed)]])


def _describe_strangers(earlier: EarlierNumbers | None) -> dict[str, Any] | None:
    """Rules that entries are named after and that no revision had which was looked at; None where there are none."""
    if earlier is None or not earlier.strangers:
        return None
    return {
        "rules": say_several(earlier.strangers),
        "are_several": len(earlier.strangers) > 1,
        "first": earlier.first,
        "is_whole": earlier.is_whole,
    }


def _list_known(found: Beside) -> Mapping[str, str]:
    """What each zone is behind as the plan's firewall had it."""
    return found.firewall.zones if found.firewall else {}


def _keep_sides(plan: Plan, found: Beside, sender: Sender) -> tuple[str, Mapping[str, str]]:
    """Have the plan's firewall remember what each zone is behind; what came of it, and what it has now."""
    firewall, behind, known = found.firewall, found.device.zones, _list_known(found)
    if firewall is None:
        return "Not kept: choose the firewall of the plan that this is, or add it to the plan first.", known
    if behind == dict(known):
        return f"{firewall.name} has it so already.", known
    try:
        actions.apply_edit(
            plan_id=plan.pk,
            matrix=matrix_of(plan),
            edit="edit-firewall",
            params={"firewall": firewall.name, "changes": {"zones": dict(behind)}},
            sender=sender,
        )
    except PlanError as error:
        return "Not kept: " + " ".join(error.brief), known
    except (NotPossible, actions.Clash) as error:
        return f"Not kept: {error}", known
    return f"Kept with {firewall.name}.", behind
