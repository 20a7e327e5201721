"""The configuration of a firewall, uploaded or pasted to be compared with a plan: read in memory and not kept."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadhandler import MemoryFileUploadHandler

from planner.engine.existing.readers import READERS, find_reader
from planner.plan.document import Plan
from planner.plan.limits import EXISTING
from planner.store import audit
from planner.store.actions import Sender
from planner.store.existing import Question

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
    """A configuration, and what is asked about it."""

    format = forms.ChoiceField(
        choices=[(reader.name, reader.label) for reader in READERS.values()],
        error_messages={"required": "Choose what wrote the configuration."},
    )
    firewall = forms.ChoiceField(required=False)
    file = forms.FileField(required=False, allow_empty_file=True)
    text = forms.CharField(required=False, strip=False)
    keep = forms.BooleanField(required=False)
    keep_answer = forms.BooleanField(required=False)

    read = b""
    """The configuration itself, once it is validated; whether it can be read isn't looked at here."""

    def __init__(self, *args: Any, plan: Plan, size: int = 0, **kwargs: Any) -> None:
        """`size`: how many bytes were sent, of the whole form."""
        super().__init__(*args, **kwargs)
        self.size = size
        self._firewalls = {firewall.name: firewall for firewall in plan.firewalls}
        names = [(firewall.name, firewall.name) for firewall in plan.firewalls]
        self.fields["firewall"].choices = [("", "none, or found by its format"), *names]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Take the configuration. What is wrong with it is an error of the whole form."""
        file, text = self.cleaned_data.get("file"), self.cleaned_data.get("text") or ""
        if self.errors:
            return self.cleaned_data
        if file and text.strip():
            raise ValidationError("There is a file and a pasted text; give one of them.")
        if not file and self.size > EXISTING + ENVELOPE:
            raise ValidationError(f"A configuration has at most {EXISTING // 2**20} MiB.")
        if not file and not text.strip():
            raise ValidationError("Choose a file with the configuration, or paste it.")
        self.read = file.read(EXISTING + 1) if file else text.encode("utf-8", "surrogatepass")
        return self.cleaned_data

    def ask(self, file: str, sender: Sender) -> Question:
        """What is asked, once the form is valid; `file`: which file of the answer is wanted, empty for the page."""
        said = self.cleaned_data
        return Question(
            format=said["format"],
            file=file,
            firewall=said["firewall"],
            sides=self.sides,
            keep=said["keep"] and not file,
            keep_answer=said["keep_answer"] and not file,
            sender=sender,
            actor=audit.name_sender(),
        )

    @property
    def sides(self) -> dict[str, str]:
        """By zone of the plan what it was said to be behind on the device, empty for nothing.

        What the page had filled in and was left as it was says nothing: beside another firewall it may be otherwise.
        Nor does what was said of another firewall than the one that is chosen now; what was said while none was chosen
        does.
        """
        firewall = self.data.get("firewall", "")
        if self.data.get("sides_of", firewall) not in ("", firewall):
            return {}
        return {zone: side for zone, _filled, side in self.chosen}

    @property
    def chosen(self) -> list[tuple[str, str, str]]:
        """What was chosen as it was sent: of each zone its name, what the page had filled in, and the choice."""
        data: Any = self.data
        zones = data.getlist("zone")
        filled = dict(zip(zones, data.getlist("filled"), strict=False))
        pairs = zip(zones, data.getlist("side"), strict=False)
        return [(zone, filled.get(zone, ""), side) for zone, side in pairs if side != filled.get(zone, "")]

    @property
    def other_format(self) -> str:
        """A sentence for a configuration that can't be read: what writes that of the firewall that was chosen.

        Empty where none was, where that is what was chosen, and where it isn't known.
        """
        firewall = self._firewalls.get(self.cleaned_data.get("firewall", ""))
        reader = find_reader(firewall.format) if firewall else None
        if firewall is None or reader is None or reader.name == self.cleaned_data.get("format"):
            return ""
        return f"By the plan {firewall.name} is written by {reader.label}: choose that under “Written by”."

    @property
    def sentences(self) -> list[str]:
        """What is wrong, each as a sentence."""
        return [str(error) for errors in self.errors.values() for error in errors]
