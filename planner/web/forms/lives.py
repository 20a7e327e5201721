"""The form that sets the state of rules: of one all of it, of many what is filled in."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from planner.engine.life import STATES, Life
from planner.store.lives import NONE, Pick, Wish
from planner.web.forms.plans import EditForm
from ports.text import one_line

MOST_RULES = 1_000
"""Of how many rules the state is set in one go."""
_PICK = re.compile(r"([0-9a-f]{24})\.([0-9]{1,18})", re.ASCII)


class StateForm(EditForm):
    """The state of rules. `rule` comes once for each: what the rule said, and the latest state that its sender saw."""

    state = forms.ChoiceField(choices=[("", "as it is"), *STATES.items(), (NONE, "No state")], required=False)
    ticket = forms.CharField(max_length=500, required=False, strip=True)
    owner = forms.CharField(max_length=100, required=False, strip=True)
    review = forms.DateField(required=False, error_messages={"invalid": "A date is year, month and day: 2027-01-31."})
    comment = forms.CharField(max_length=2000, required=False, strip=True)
    name = forms.CharField(max_length=60, required=False, strip=True)

    def __init__(self, data: Any = None, *, of_one: bool = False, asks_name: bool = False, **options: Any) -> None:
        super().__init__(data, **options)
        self.of_one = of_one
        self.asks_name = asks_name
        """Whether whoever sends it has to say who they are."""

    def clean_ticket(self) -> str:
        """On one line."""
        return one_line(self.cleaned_data["ticket"])

    def clean_owner(self) -> str:
        """On one line."""
        return one_line(self.cleaned_data["owner"])

    def clean_name(self) -> str:
        """On one line; there, if it is asked for."""
        name = one_line(self.cleaned_data["name"])
        if self.asks_name and not name:
            raise ValidationError("Say who you are, so that the planners know whom to ask.")
        return name

    def clean(self) -> dict[str, Any]:
        """Of which rules; of many at least one thing that is to be set."""
        facts = self.cleaned_data
        sent = self.data.getlist("rule")
        picks = [_PICK.fullmatch(text) for text in sent]
        if not sent:
            raise ValidationError("No rule is chosen. Tick the box before each rule whose state is to be set.")
        if len(sent) > MOST_RULES:
            raise ValidationError(
                f"The state of at most {MOST_RULES:,} rules is set in one go; {len(sent):,} are chosen."
            )
        if not all(picks):
            raise ValidationError("These are no rules of this page. Open it again, then choose them once more.")
        wanted = ("state", "ticket", "owner", "review", "comment")
        if not self.of_one and not self.errors and not any(facts.get(field) for field in wanted):
            raise ValidationError("Say what is to be set: a state, a ticket, an owner, a date of review or a comment.")
        facts["picks"] = [Pick(mark=match[1], seen=int(match[2])) for match in picks if match]
        return facts

    @property
    def wish(self) -> Wish:
        """What is to be set, by a form without errors."""
        facts = self.cleaned_data
        texts = {field: facts[field].replace("\r\n", "\n") for field in ("ticket", "owner", "comment")}
        return Wish(
            state=facts["state"] or None,
            review=facts["review"],
            no_review=self.of_one and facts["review"] is None,
            **{field: text if text or self.of_one else None for field, text in texts.items()},
        )

    def of_many(self) -> "StateForm":
        """The same with its errors, as it stands on a page of many rules."""
        self.of_one = False
        return self

    @property
    def chosen(self) -> frozenset[str]:
        """What the rules said that were chosen, whatever their states were."""
        return (
            frozenset(text.partition(".")[0] for text in self.data.getlist("rule")) if self.is_bound else frozenset()
        )


def form_of(life: Life | None, *, asks_name: bool = False) -> StateForm:
    """The form of one rule, filled in with what is known of its life."""
    given = life.given if life else None
    known = {
        "state": given.state,
        "ticket": given.ticket,
        "owner": given.owner,
        "review": given.review.isoformat() if given.review else "",
        "comment": given.comment,
    } if given else {}  # fmt: skip
    return StateForm(of_one=True, asks_name=asks_name, initial=known)
