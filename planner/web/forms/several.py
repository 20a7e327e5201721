"""The form that changes several endpoints at once: which, and what of them."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from planner.engine import Report
from planner.plan.document import Endpoint
from planner.plan.fields import PARTS
from planner.web.forms.plans import EditForm
from planner.web.forms.topology import MAX_LISTED, group_roles
from ports.text import several

Document = Mapping[str, Any]
LISTS = ("roles", "operations")
"""The fields to whose values some are added, and from which some are taken."""


class SeveralForm(EditForm):
    """Endpoints, chosen one by one, typed, or all of a zone; the zone that they move to, what they get and lose."""

    zone = forms.CharField(required=False, strip=False)

    def __init__(self, data: Any, *, document: Document) -> None:
        super().__init__(data)
        self.document = document
        self.chosen: dict[str, Document] = {}
        """The rows of the endpoints that are meant, by name."""

    def clean(self) -> dict[str, Any]:
        """Endpoints that are there, and something to change."""
        rows = {row["name"]: row for row in self.document["endpoints"]}
        zones = set(self.data.getlist("all"))
        typed = [line.strip() for line in self.data.get("names", "").splitlines() if line.strip()]
        names = [*self.data.getlist("endpoint"), *typed, *(name for name, row in rows.items() if row["zone"] in zones)]
        if unknown := [name for name in dict.fromkeys(names) if name not in rows]:
            raise ValidationError(f"There is no endpoint {several(unknown)}.")
        self.chosen = {name: rows[name] for name in dict.fromkeys(names)}
        if not self.chosen:
            raise ValidationError("Choose the endpoints that are to be changed.")
        if not self.cleaned_data.get("zone") and not any(self._list(key, how) for key in LISTS for how in _HOW):
            raise ValidationError("Say what is to be changed: the zone, roles or operations.")
        return self.cleaned_data

    @property
    def changes(self) -> dict[str, dict[str, Any]]:
        """By endpoint, the fields that change, each with its new value; without those that are so already."""
        found = {}
        for name, row in self.chosen.items():
            wanted = {key: self._after(key, row.get(key) or []) for key in LISTS}
            if self.cleaned_data["zone"]:
                wanted["zone"] = self.cleaned_data["zone"]
            differs = {key: value for key, value in wanted.items() if value != (row.get(key) or [])}
            if differs:
                found[name] = differs
        return found

    def _list(self, key: str, how: str) -> list[str]:
        return list(dict.fromkeys(filter(None, self.data.getlist(f"{how}_{key}"))))

    def _after(self, key: str, old: Sequence[str]) -> list[str]:
        gone, come = self._list(key, "drop"), self._list(key, "give")
        return [*(value for value in old if value not in gone), *(value for value in come if value not in old)]


_HOW = ("give", "drop")
"""What can be done to the values of a list."""


def describe_several(report: Report, ends: Sequence[Endpoint], bound: forms.Form | None) -> dict[str, Any]:
    """What the form offers: the endpoints zone by zone, or a field for their names where there are too many."""
    form = bound if isinstance(bound, SeveralForm) else None
    data = form.data if form else QueryDict()
    list_operations = PARTS["endpoints"].by_key["operations"].reads.options
    operations = list_operations(report.matrix) if list_operations else {}
    return {
        "several_form": form,
        "choosable": [(zone, list(rows)) for zone, rows in groupby(ends, key=lambda end: end.zone)]
        if len(ends) <= MAX_LISTED
        else (),
        "sent_endpoints": data.getlist("endpoint"),
        "sent_all": data.getlist("all"),
        "sent_names": data.get("names", ""),
        "sent_zone": data.get("zone", ""),
        "lists": [
            {
                "how": how,
                "title": title,
                "roles": group_roles(report.matrix, data.getlist(f"{how}_roles")),
                "operations": [
                    (slug, name, slug in data.getlist(f"{how}_operations")) for slug, name in operations.items()
                ],
                "open": bool(data.getlist(f"{how}_roles") or data.getlist(f"{how}_operations")),
            }
            for how, title in (("give", "Add to them"), ("drop", "Take from them"))
        ],
    }
