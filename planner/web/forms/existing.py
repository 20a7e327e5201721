"""The configuration of a firewall, uploaded or pasted to be compared with a plan: read in memory and not kept."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadhandler import MemoryFileUploadHandler

from planner.engine.existing.model import Ruleset, Unreadable
from planner.engine.existing.readers import READERS
from planner.engine.existing.reading import read_existing
from planner.plan.document import Plan
from planner.plan.limits import EXISTING

ENVELOPE = 2**20
"""How many bytes a form may have around a configuration of the largest size."""


class InMemory(MemoryFileUploadHandler):
    """Takes a file of a form into memory, never to a disk; a form that is too large for that has none."""

    def handle_raw_input(
        self,
        input_data: Any,
        META: Mapping[str, Any],  # noqa: N803 - what Django calls it
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        """Whether the form is taken."""
        self.activated = content_length <= EXISTING + ENVELOPE


class ExistingForm(forms.Form):
    """A configuration. After validation `ruleset` is what was read of it."""

    format = forms.ChoiceField(
        choices=[(reader.name, reader.label) for reader in READERS.values()],
        error_messages={"required": "Choose what wrote the configuration."},
    )
    firewall = forms.ChoiceField(required=False)
    file = forms.FileField(required=False, allow_empty_file=True)
    text = forms.CharField(required=False, strip=False)
    keep = forms.BooleanField(required=False)
    keep_answer = forms.BooleanField(required=False)

    ruleset: Ruleset | None = None
    read = b""
    """The configuration itself, for what is made of it at once."""

    def __init__(self, *args: Any, plan: Plan, size: int = 0, **kwargs: Any) -> None:
        """`size`: how many bytes were sent, of the whole form."""
        super().__init__(*args, **kwargs)
        self.size = size
        names = [(firewall.name, firewall.name) for firewall in plan.firewalls]
        self.fields["firewall"].choices = [("", "none, or found by its format"), *names]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Read the configuration. What is wrong with it is an error of the whole form."""
        file, text = self.cleaned_data.get("file"), self.cleaned_data.get("text") or ""
        if self.errors:
            return self.cleaned_data
        if file and text.strip():
            raise ValidationError("There is a file and a pasted text; give one of them.")
        if not file and self.size > EXISTING + ENVELOPE:
            raise ValidationError(f"A configuration has at most {EXISTING // 2**20} MiB.")
        if not file and not text.strip():
            raise ValidationError("Choose a file with the configuration, or paste it.")
        data = file.read(EXISTING + 1) if file else text.encode("utf-8", "surrogatepass")
        self.read = data
        try:
            self.ruleset = read_existing(data, self.cleaned_data["format"])
        except Unreadable as error:
            raise ValidationError(str(error)) from None
        return self.cleaned_data

    @property
    def sides(self) -> dict[str, str] | None:
        """By zone of the plan what it was said to be behind on the device; None where nobody was asked yet."""
        data: Any = self.data
        if "zone" not in data:
            return None
        pairs = zip(data.getlist("zone"), data.getlist("side"), strict=False)
        return {zone: side for zone, side in pairs if side}

    @property
    def sentences(self) -> list[str]:
        """What is wrong, each as a sentence."""
        return [str(error) for errors in self.errors.values() for error in errors]
