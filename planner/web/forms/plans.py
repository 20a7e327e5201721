"""One form for each user action. What may be chosen comes from the matrix; the document has the last word."""

from collections.abc import Mapping
from functools import partial
from typing import IO, Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from planner.engine.size import check_size
from planner.plan import limits, syntax
from planner.plan.carry import Carried
from planner.plan.document import Fault, Plan, PlanError, read_plan_of
from planner.store.models import Hold
from planner.store.plan_in_pdf import NoPlanInside, is_pdf, say_too_large, take_plan
from planner.store.products import matrix_for
from ports.matrix import Choice, Matrix, read_typed_ports
from ports.text import one_line, plural

MAX_ERRORS = 200
"""How many faults of a document a page lists."""
MAX_FOLDED = 2_000
"""How many it names, those counted in that it folds."""


MAX_TEXT = 20_000
"""Most characters of a description or a reason that a form takes; each revision keeps them."""


MAX_REASON = 500
"""Most characters of why something was decided."""


class EditForm(forms.Form):
    """A form of one edit of a plan."""

    data: QueryDict
    told = False
    """Whether its sender has been told what others have done to the same field."""
    asked: object = None
    """What has to be confirmed first, if anything."""
    held: int | None = None
    """The revision that it is still about when it comes back with errors; None for the newest."""


def clean_ports(text: str) -> str:
    """A port or range as it was typed, normalised; nothing for nothing. Raises ValidationError."""
    if not text:
        return ""
    try:
        return read_typed_ports(text)
    except ValueError as error:
        raise ValidationError(f"“{text[:40]}” {error}.") from None


class RenameForm(EditForm):
    """Name and description of a plan. A description that `seen` has may stay, however long it is."""

    name = forms.CharField(max_length=255, strip=True)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, data: Any = None, *, seen: Mapping[str, Any] | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.seen = seen or {}

    def clean_description(self) -> str:
        """Of a length that people read."""
        text: str = self.cleaned_data["description"]
        if len(text) > MAX_TEXT and text.replace("\r\n", "\n") != self.seen.get("description", "").strip():
            raise ValidationError(f"A description has at most {MAX_TEXT:,} characters here; this has {len(text):,}.")
        return text

    def catch_up(self, seen: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        """Show what others have changed in between, in the fields that this form left as its sender saw them."""
        self.data = self.data.copy()  # what was sent can't be changed
        for key in ("name", "description"):
            if self.data.get(key, "").replace("\r\n", "\n").strip() == seen.get(key, "").strip():
                self.data[key] = now.get(key, "")


class HandoverForm(forms.Form):
    """That a revision was given to those who open the ports."""

    revision = forms.IntegerField(min_value=1, max_value=999_999_999)
    recipient = forms.CharField(max_length=200, strip=True)
    note = forms.CharField(required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class RevisionForm(forms.Form):
    """Which revision something is done to."""

    number = forms.IntegerField(min_value=1, max_value=999_999_999)


class CheckpointForm(RevisionForm):
    """A name for a revision, empty to take it away, and the name that its sender saw there."""

    name = forms.CharField(required=False, max_length=200, strip=True)
    seen = forms.CharField(required=False, max_length=200, strip=False)

    def clean_name(self) -> str:
        """A name on one line."""
        return one_line(self.cleaned_data["name"])


class MemberForm(forms.Form):
    """With which account a plan is shared, and what it may do."""

    name = forms.CharField(
        max_length=150, strip=True, error_messages={"required": "Say with whom: the user name of the account."}
    )
    role = forms.ChoiceField(choices=Hold.Role.choices, initial=Hold.Role.READ)


class RoleForm(forms.Form):
    """What an account that a plan is shared with may do from now on."""

    member = forms.IntegerField(min_value=1, max_value=2**62)
    role = forms.ChoiceField(choices=Hold.Role.choices)


class ReasonField(forms.CharField):
    """Why something was decided, on one line; it may be left out."""

    def __init__(self) -> None:
        said = f"A reason has at most {MAX_REASON} characters here; nothing was stored."
        super().__init__(required=False, max_length=MAX_REASON, error_messages={"max_length": said})

    def clean(self, value: Any) -> str:
        """Raises ValidationError for one that is too long."""
        return one_line(super().clean(value))


class _MatrixForm(EditForm):
    """A form of one answer to what a matrix leaves open."""

    def __init__(self, data: Any, *, matrix: Matrix) -> None:
        super().__init__(data)
        self.matrix = matrix


class ChoiceForm(_MatrixForm):
    """The decision of one choice. `options` is None when the decision is taken back."""

    choice = forms.CharField()
    reason = ReasonField()

    def clean_choice(self) -> str:
        """A choice that the matrix has."""
        slug: str = self.cleaned_data["choice"]
        if slug not in self.matrix.choices:
            raise ValidationError("There is no such choice; open the page again.")
        return slug

    def clean(self) -> dict[str, Any]:
        """Options that the choice has; one, unless it is a choice of many."""
        choice: Choice | None = self.matrix.choices.get(self.cleaned_data.get("choice", ""))
        if choice is None:
            return self.cleaned_data
        options = [option for option in self.data.getlist("option") if option]
        unknown = [option for option in options if option not in choice.slugs]
        if unknown:
            raise ValidationError(f"{choice.name}: allowed are {', '.join(o.name for o in choice.options)}.")
        if len(options) > 1 and not choice.many:
            raise ValidationError(f"{choice.name}: choose one option.")
        self.cleaned_data["options"] = options if options or choice.many else None
        return self.cleaned_data


class PortForm(_MatrixForm):
    """The port override of one configurable service; empty goes back to the default."""

    service = forms.CharField()
    ports = forms.CharField(required=False, strip=True)

    def clean_service(self) -> str:
        """A configurable service of the matrix."""
        slug: str = self.cleaned_data["service"]
        service = self.matrix.services.get(slug)
        if service is None or not service.configurable:
            raise ValidationError("The port of this service can't be changed.")
        return slug

    def clean_ports(self) -> str:
        """A port or range, normalised. The default is an override as well: it keeps corrections off the port."""
        return clean_ports(self.cleaned_data["ports"])


class CaveatForm(_MatrixForm):
    """What the plan answers to a caveat with a correction; an empty answer opens the question again."""

    caveat = forms.CharField()
    answer = forms.ChoiceField(
        choices=[("practice", "Follow practice"), ("documented", "As documented")], required=False
    )
    reason = ReasonField()

    def clean_caveat(self) -> str:
        """A caveat that offers a correction."""
        slug: str = self.cleaned_data["caveat"]
        caveat = self.matrix.caveats.get(slug)
        if caveat is None or not caveat.correction:
            raise ValidationError("There is no such correction; open the page again.")
        return slug


class ImportForm(forms.Form):
    """A plan document as a file or pasted. After validation `plan` is the plan that was read, `matrix` its product's.

    A document that names no product is one of the product whose matrix the form is given. Of an archive of a plan with
    its history, `archive` is the file, which has not been read.
    """

    file = forms.FileField(required=False, allow_empty_file=True)
    text = forms.CharField(required=False, strip=False, widget=forms.Textarea(attrs={"rows": 12}))

    def __init__(self, data: Any = None, files: Any = None, *, matrix: Matrix) -> None:
        super().__init__(data, files)
        self.matrix = matrix
        self.plan: Plan | None = None
        self.archive: IO[bytes] | None = None
        self.faults: tuple[Fault, ...] = ()
        self.carried: list[Carried] = []
        """Names of the document that are other ones in its product's current edition."""

    def clean(self) -> dict[str, Any]:
        """Read the document; its faults are kept for the page to list."""
        if self.errors:
            return self.cleaned_data
        file, text = self.cleaned_data.get("file"), self.cleaned_data.get("text") or ""
        if file and text.strip():
            raise ValidationError("There is a file and a pasted text; give one of them.")
        if not file and not text.strip():
            raise ValidationError("Choose a file or paste a plan.")
        if file and _is_archive(file):
            self.archive = file
            return self.cleaned_data
        self._read(*(_read_file(file) if file else (text.encode("utf-8", "surrogatepass"), "")))
        if self.faults:
            count = len(self.faults)
            self.add_error(None, f"This is no plan: {count} {plural(count, 'fault')}.")
        return self.cleaned_data

    def _read(self, data: bytes, name: str) -> None:
        """Set `plan` or `faults`. Of the error nothing else is kept: it would hold the whole document for long."""
        try:
            choose = partial(matrix_for, otherwise=self.matrix)
            plan, matrix = read_plan_of(
                data,
                choose,
                otherwise=self.matrix,
                syntax=syntax.guess_syntax(name, data),
                tell=self.carried.append,
            )
            check_size(matrix, plan)
            self.plan, self.matrix = plan, matrix
        except PlanError as error:
            self.faults = tuple(error.faults)


def _read_file(file: Any) -> tuple[bytes, str]:
    """The plan document of a file, or of a PDF that carries one along, with the file's name.

    Raises ValidationError for a file that is too large, and for a PDF without a plan.
    """
    start = file.read(1024)
    file.seek(0)
    if is_pdf(start):
        if file.size > limits.PAPER:
            raise ValidationError(say_too_large(file.size))
        try:
            return take_plan(file.read()), ""
        except NoPlanInside as error:
            raise ValidationError(str(error)) from None
    if file.size > syntax.MAX_BYTES:
        raise ValidationError(
            f"The file has {file.size / 2**20:.1f} MiB; at most {syntax.MAX_BYTES // 2**20} MiB are read."
        )
    return file.read(), file.name or ""


def _is_archive(file: Any) -> bool:
    """Whether a file is meant to be a zip archive, by its name or by how it begins."""
    start = file.read(4)
    file.seek(0)
    return (file.name or "").lower().endswith(".zip") or start in (b"PK\3\4", b"PK\5\6")
