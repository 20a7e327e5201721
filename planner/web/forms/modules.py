"""The form that switches a module on or off, and what the cards of modules show."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from planner.engine import Report
from planner.plan.blueprint import ModuleState, split_lines
from planner.plan.kinds import KINDS
from planner.store.reports import modules_of
from planner.web.forms.plans import EditForm
from ports.matrix import Matrix, Question
from ports.text import many

NAMES_SHOWN = 4
LOSSES_SHOWN = 12
"""How many endpoints a card names, and how many losses a question lists, before they are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question before something is lost: what would be, and the mark by which an answer says that it was seen."""

    losses: Sequence[str]
    mark: str

    @property
    def shown(self) -> Sequence[str]:
        """The losses that are listed."""
        return self.losses[:LOSSES_SHOWN]

    @property
    def folded(self) -> Sequence[str]:
        """Those that are folded."""
        return self.losses[LOSSES_SHOWN:]


class ModuleForm(EditForm):
    """A module on, perhaps in a certain way, or off. `asked` is what has to be confirmed first."""

    module = forms.CharField()
    to = forms.ChoiceField(choices=[("on", "on"), ("off", "off")])
    confirmed = forms.CharField(required=False)

    def __init__(self, data: Any, *, matrix: Matrix) -> None:
        super().__init__(data)
        self.matrix = matrix
        self.asked: Asked | None = None

    @property
    def question(self) -> Question:
        """The module, once the form is valid."""
        return self.matrix.questions[self.cleaned_data["module"]]

    def clean_module(self) -> str:
        """A module of the matrix."""
        slug: str = self.cleaned_data["module"]
        question = self.matrix.questions.get(slug)
        if question is None or not question.module:
            raise ValidationError("There is no such module; open the page again.")
        return slug

    def clean(self) -> dict[str, Any]:
        """`answer`: the options or names that were sent; to switch a module on, its usual option without any.

        `users`: the option for who uses it, None where nothing is said of that.
        """
        if self.errors:
            return self.cleaned_data
        question = self.question
        if self.cleaned_data["to"] == "off":
            answer: tuple[str, ...] = ()
        elif question.kind == "list":
            answer = split_lines(self.data.get("names", ""))
            if not any(line.strip() for line in answer):
                raise ValidationError("Write at least one name, one a line.")
        else:
            answer = tuple(slug for slug in self.data.getlist("option") if slug)
            if not answer and question.kind == "many" and "option" in self.data:
                self.cleaned_data["to"] = "off"  # every box was emptied
            elif not answer:
                answer = usual_options(question)
        self.cleaned_data["answer"] = answer
        self.cleaned_data["users"] = self.data.get("users") or None
        return self.cleaned_data

    def ask(self, losses: Sequence[str]) -> bool:
        """Whether these losses have to be confirmed first. Other losses than those that were seen are asked again."""
        mark = hashlib.sha256("\n".join(losses).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        if not losses or self.cleaned_data["confirmed"] == mark:
            return False
        self.asked = Asked(losses=losses, mark=mark)
        self.add_error(None, "Something would be lost. Nothing is changed yet.")
        return True


def usual_options(question: Question) -> tuple[str, ...]:
    """How a module is switched on by one who says nothing else."""
    usual = tuple(slug for slug in question.default if slug != question.off)
    return usual or next(((slug,) for slug in question.slugs if slug != question.off), ())


def describe_modules(report: Report, bound: forms.Form | None) -> list[dict[str, Any]]:
    """The cards: each module with what it is now, and its form as it was sent if that had errors."""
    sent = bound if isinstance(bound, ModuleForm) else None
    kinds = {zone.name: zone.kind for zone in report.plan.zones}
    return [
        _describe_card(state, kinds, sent if sent and sent.data.get("module") == state.question.slug else None)
        for state in modules_of(report)
    ]


def _describe_card(state: ModuleState, kinds: dict[str, str], sent: ModuleForm | None) -> dict[str, Any]:
    question = state.question
    options = [option for option in question.options if option.slug != question.off]
    ticked: Sequence[str] = state.answer if state.on else usual_options(question)
    if sent and sent.data.get("to") == "on" and "option" in sent.data:
        ticked = sent.data.getlist("option")
    users: Sequence[str] = state.users if state.on else state.asks.default if state.asks else ()
    if sent and sent.data.get("to") == "on" and "users" in sent.data:
        users = sent.data.getlist("users")
    return {
        "question": question,
        "on": state.on,
        "now": _say_state(state, kinds),
        "options": [(option, option.slug in ticked) for option in options],
        "choosable": question.kind == "list" or len(options) > 1 or state.asks is not None,
        "asks": state.asks,
        "users": [(option, option.slug in users) for option in state.asks.options] if state.asks else [],
        "names": sent.data.get("names", "") if sent else "",
        "sent": sent,
        "asked": sent.asked if sent else None,
        "errors": [str(error) for errors in sent.errors.values() for error in errors]
        if sent and not sent.asked
        else [],
        "opened": sent is not None and sent.asked is None and sent.data.get("to") == "on",
    }


def _say_state(state: ModuleState, kinds: dict[str, str]) -> str:
    """What a module is now, in a few words."""
    if not state.on:
        return "not used"
    if state.question.kind == "list" and state.answer:
        kind = next((kinds[name] for name in state.answer if name in kinds), "")
        return f"{_count(len(state.answer), kind)}: {_some(state.answer)}"
    names = [option.name for option in state.question.options if option.slug in state.answer]
    users = [option.name for option in state.asks.options if option.slug in state.users] if state.asks else []
    used = f"{state.asks.title}: {', '.join(users) or 'set up by hand'}" if state.asks else ""
    return " · ".join(filter(None, (", ".join(names) or "set up by hand", _some(state.endpoints), used)))


def _count(number: int, kind: str) -> str:
    """3 remote sites."""
    return many(number, KINDS[kind].name if kind else "name")


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
