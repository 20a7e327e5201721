"""What pages say of the life of rules: in their rows, beside them, and on the page of one rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from django.http import Http404

from planner.engine import Report
from planner.engine.life import NO_LIVES, STATES, Life, Lives, mark_of
from planner.engine.rules import Boundary, Rule
from planner.report.checks.commands import Trials
from planner.report.said.forbidden import Breaches
from planner.report.said.life import find_ticket, list_differences, say_blocks, say_review, say_state
from planner.report.said.outline import Members, outline_boundaries
from planner.web.forms.lives import MOST_RULES, StateForm

MOST_LEFT = 200
"""How many rules a page lists that are to be closed; the downloads have all."""
MOST_TRIALS = 12
"""Of how many flows of a rule its page has the commands that try them; its check scripts try all."""
MEMBERS = 100
"""How many endpoints the page of a rule names on each side at once; the others are fetched when they are unfolded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """What a page knows of the lives of its rules, and whether whoever looks at it may set them."""

    lives: Lives = NO_LIVES
    may_set: bool = False
    may_close: bool = False
    """Whether they may say of what nobody asks for any more that it has been closed."""
    asks_name: bool = False
    """Whether they have to say who they are."""
    form: StateForm | None = None
    """That came back with errors."""

    @property
    def shows(self) -> bool:
        """Whether there is a column of states."""
        return self.may_set or bool(self.lives)

    def describe(self, rule: Rule) -> dict[str, Any]:
        """What the row of a rule says: of its life, and what its box sends."""
        life = self.lives.of(rule)
        mark = mark_of(rule) if self.may_set else ""
        return {
            "life": describe_life(life),
            "pick": f"{mark}.{life.newest if life else 0}",
            "is_picked": self.form is not None and mark in self.form.chosen,
        }


NO_KEEPER = Keeper()


def describe_life(life: Life | None) -> dict[str, Any] | None:
    """What a page says of a life; None for none."""
    if life is None:
        return None
    given = life.given
    return {
        "said": say_state(life),
        "kind": "changed" if life.changed else given.state,
        "tickets": [find_ticket(ticket) for ticket in life.tickets],
        "given": given,
        "review": say_review(life),
        "is_due": life.is_due,
        "fewer": len(life.fewer),
    }


def describe_states(keeper: Keeper) -> dict[str, Any]:
    """What the page of a report says of states beside its rows: the form for many, and what is to be closed."""
    return {
        "shows_states": keeper.shows,
        "may_set": keeper.may_set,
        "may_close": keeper.may_close,
        "state_form": keeper.form,
        "state_blank": keeper.form or StateForm(asks_name=keeper.asks_name),
        "state_names": STATES,
        "most_picked": MOST_RULES,
        "left": [
            {
                "given": given,
                "ends": [text.split("\n") for text in say_blocks(given)],
                "state": STATES[given.state],
                "ticket": find_ticket(given.ticket) if given.ticket else None,
            }
            for given in keeper.lives.left[:MOST_LEFT]
        ],
        "more_left": max(0, len(keeper.lives.left) - MOST_LEFT),
    }


def find_rule(report: Report, number: str) -> tuple[Boundary, Rule]:
    """The rule of that number. Raises Http404 where there is none."""
    for boundary in report.boundaries:
        for rule in boundary.rules:
            if rule.id == number:
                return boundary, rule
    raise Http404


def lead_to_ends(rule: Rule, side: str, members: Members) -> str:
    """What follows the page's address to fetch the endpoints that one side folds; empty where it folds none."""
    return f"ends/?{urlencode({'rule': rule.id, 'side': side})}" if members.more else ""


def describe_rule(report: Report, boundary: Boundary, rule: Rule, known: Lives, form: StateForm) -> Mapping[str, Any]:
    """What the page of a rule says of it, for planners and for readers who may report."""
    life = known.of(rule)
    (chapter,) = outline_boundaries([boundary], report, members=MEMBERS)
    line = next(line for line in chapter.lines if line.rule.id == rule.id)
    trials = Trials(report)
    openings = len(rule.sources) * len(rule.destinations) * len(rule.services)
    return {
        "report": report,
        "boundary": boundary,
        "trials": [trials.of(opening) for opening in islice(rule.openings(), MOST_TRIALS)],
        "more_trials": max(0, openings - MOST_TRIALS),
        "line": line,
        "forbidden": Breaches(report).say_rule(rule),
        "sources_rest": lead_to_ends(rule, "sources", line.sources),
        "destinations_rest": lead_to_ends(rule, "destinations", line.destinations),
        "form": form,
        "state_names": STATES,
        "pick": f"{mark_of(rule)}.{life.newest if life else 0}",
        "life": describe_life(life),
        "differences": list_differences(life) if life else (),
    }
