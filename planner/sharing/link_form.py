"""What a read link is to be, as pages and programs say it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from planner.store.weakness import find_weakness
from ports.queries import list_products


class LinkForm(forms.Form):
    """What a read link is to be."""

    DAYS = {"1": "1 day", "7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year", "never": "never"}

    label = forms.CharField(max_length=100, strip=True, error_messages={"required": "Say whom the link is for."})
    shows = forms.ChoiceField(choices=[("newest", ""), ("pinned", "")], initial="newest")
    revision = forms.IntegerField(min_value=1, max_value=999_999_999, required=False)
    shows_changes = forms.BooleanField(required=False)
    may_report = forms.BooleanField(required=False)
    may_upload = forms.BooleanField(required=False)
    days = forms.ChoiceField(choices=list(DAYS.items()), initial="30")
    passphrase = forms.CharField(max_length=200, required=False, strip=False)
    most_openings = forms.IntegerField(min_value=1, max_value=100_000, required=False)

    def __init__(self, data: Any = None, *, revision: int) -> None:
        super().__init__(data, initial={"revision": revision})

    def clean_passphrase(self) -> str:
        """None, or one that isn't guessed in the tries that a link gives."""
        passphrase: str = self.cleaned_data["passphrase"]
        if passphrase and len(passphrase) < 8:
            raise ValidationError("A passphrase has at least 8 characters; several words are good.")
        known = [self.data.get("label", ""), *list_products().values()]
        if passphrase and (weakness := find_weakness(passphrase, known)):
            raise ValidationError(weakness)
        return passphrase

    def clean(self) -> dict[str, Any]:
        """A link that is pinned names its revision; one that follows the newest has nothing to tell of since."""
        facts = self.cleaned_data
        if facts.get("shows") == "pinned" and facts.get("revision") is None and "revision" not in self.errors:
            self.add_error("revision", "Name the revision that the link shows.")
        if facts.get("shows") == "pinned" and facts.get("may_report"):
            self.add_error(
                "may_report",
                "A link to one revision can’t report: states are of the rules of now. Choose one of the two.",
            )
        if facts.get("shows") == "pinned" and facts.get("may_upload"):
            self.add_error(
                "may_upload",
                "A link to one revision takes no results: they are of the plan as it is now. Choose one of the two.",
            )
        return facts

    @property
    def terms(self) -> dict[str, Any]:
        """What `planner.sharing.links.Terms` takes, of a form without errors."""
        facts, is_pinned = self.cleaned_data, self.cleaned_data["shows"] == "pinned"
        return {
            "label": facts["label"],
            "pinned": facts["revision"] if is_pinned else None,
            "shows_changes": facts["shows_changes"] and is_pinned,
            "may_report": facts["may_report"],
            "may_upload": facts["may_upload"],
            "passphrase": facts["passphrase"],
            "most_openings": facts["most_openings"],
            "days": None if facts["days"] == "never" else int(facts["days"]),
        }
