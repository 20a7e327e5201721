"""Comments on rules, found again by what their rules open, as states of rules are.

A number can come to stand for another rule; what a rule opens can't. So a comment is kept with the openings that its
rule had, and stands at the rule that has the most of them now. Without one it stands by itself, and never at another
rule that has got its number. A comment from before openings were kept stands at the number.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from planner.engine import Report
from planner.engine.life import Given, block_of, rename_given
from planner.store import models
from planner.store.comments import RULE
from planner.store.lives import read_blocks
from planner.store.reports import find_renames_since

GONE = ""
"""The number of the rule of a comment that no rule of the plan is about any more."""


def keep_openings(report: Report, number: str) -> list[Any]:
    """What a comment on this rule is kept with; nothing for a rule that isn't there."""
    rule = next((one for one in report.rules if one.id == number), None)
    if rule is None:
        return []
    sources, destinations, services = block_of(rule)
    return [[list(sources), list(destinations), [list(ports) for ports in services]]]


def place(plan: models.Plan, report: Report) -> Mapping[int, str]:
    """By number of the comment: the rule that it is about now, or GONE. One query, more after renames."""
    rows = list(plan.comments.filter(kind=RULE).only("pk", "subject", "revision", "blocks", "at"))
    kept = [row for row in rows if row.blocks]
    there = {rule.id for rule in report.rules}
    found = {row.pk: row.subject if row.subject in there else GONE for row in rows if not row.blocks}
    if not kept:
        return found
    renames = find_renames_since(plan, {row.revision for row in kept if row.revision is not None})
    taken = {item["name"] for key in ("endpoints", "zones") for item in plan.document[key]} if renames else set[str]()
    rules = {opening: rule.id for rule in report.rules for opening in rule.openings()}
    order = {rule.id: number for number, rule in enumerate(report.rules)}
    for row in kept:
        given = Given(
            number=row.pk, state="", rule=row.subject, boundary="", at=row.at, blocks=read_blocks(row.blocks), ends={}
        )
        then = renames.get(row.revision, ()) if row.revision is not None else ()
        openings = rename_given(given, then, taken).openings()
        counted = Counter(rules[opening] for opening in openings if opening in rules)
        found[row.pk] = min(counted, key=lambda rule: (-counted[rule], order[rule]), default=GONE)
    return found
