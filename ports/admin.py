"""Staff edit the rows of a matrix. What would break the matrix is refused, with the sentences of `find_faults`."""

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import capfirst

from ports.actions import activate_matrix
from ports.matrix import FIELDS, KINDS, MatrixError, find_faults, record_key
from ports.matrix.rows import describe_fields, facets, find_facet
from ports.models import ROWS, PortMatrix, Row, new_stamp
from ports.queries import current_records


class FactsField(forms.JSONField):
    """JSON that is readable in the form; refuses what JSON files and the database can't hold."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed, as it was typed."""
        return initial if self.disabled else data

    def prepare_value(self, value: Any) -> Any:
        """Facts indented, and in their own script instead of escapes."""
        if isinstance(value, str):
            return value
        return json.dumps(value, ensure_ascii=False, indent=2)

    def to_python(self, value: Any) -> Any:
        """The facts; a sentence for what is no JSON, such as NaN or half a surrogate pair."""
        try:
            facts = super().to_python(value)
            json.dumps(facts, ensure_ascii=False, allow_nan=False).encode()
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": value}) from None
        return facts


if TYPE_CHECKING:
    ModelForm = forms.ModelForm[models.Model]
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelForm, ModelAdmin = forms.ModelForm, admin.ModelAdmin


class FactsForm(ModelForm):
    """A row's form. It is valid only if the matrix is one with the row put in."""

    def clean(self) -> dict[str, Any]:
        """Refuse a row that breaks its matrix."""
        facts = super().clean() or self.cleaned_data
        for name, value in facts.items():
            field = self._meta.model._meta.get_field(name)
            if value is None and isinstance(field, models.JSONField) and not field.null:
                facts[name] = field.get_default()  # an empty input
        if not self.errors:
            for fault in find_new_faults(self.instance, facts):
                self.add_error(None, fault)
        return facts


def find_new_faults(instance: models.Model, facts: dict[str, Any]) -> list[str]:
    """The faults that the instance's matrix would have with these facts put in, and hasn't yet."""
    kind = str(instance._meta.model_name)
    if kind == "portmatrix":
        matrix_id = instance.pk
    else:
        matrix_id = facts["matrix"].pk if "matrix" in facts else instance.matrix_id  # type: ignore[attr-defined]
    records = current_records(matrix_id) if matrix_id else {}
    before = find_faults(records) if matrix_id else []
    rows = [dict(row) for row in records.get(kind, ())]
    record = {name: facts.get(name, getattr(instance, name)) for name in FIELDS[kind]}
    key = record_key(kind)
    old = next((n for n, row in enumerate(rows) if instance.pk and row[key] == getattr(instance, key)), None)
    if old is None:
        rows.append(record)
    else:
        rows[old] = record
    return [fault for fault in find_faults({**records, kind: rows}) if fault not in before]


class FactsAdmin(ModelAdmin):
    """What the admin pages share: JSON to edit, and a deletion that would break a matrix says why it is refused."""

    form = FactsForm
    formfield_overrides = {models.JSONField: {"form_class": FactsField}}
    actions = ["delete_selected"]
    list_per_page = 150

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        """Delete one as several are deleted."""
        self.delete_queryset(request, self.model._default_manager.filter(pk=obj.pk))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Ask, delete, and say why not when others need the row."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except MatrixError as error:
            self._refuse(request, error.faults)
            return redirect(reverse(f"admin:ports_{self.opts.model_name}_change", args=[object_id]))

    @admin.action(permissions=["delete"], description="Delete selected %(verbose_name_plural)s")
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Ask, delete all of them, and say why not when others need one; then none is deleted."""
        try:
            with transaction.atomic():
                return delete_selected(self, request, queryset)
        except MatrixError as error:
            self._refuse(request, error.faults)
            return None

    def _refuse(self, request: HttpRequest, faults: Sequence[str]) -> None:
        self.message_user(request, "Nothing was deleted, because of this:", messages.ERROR)
        for fault in faults:
            self.message_user(request, fault, messages.ERROR)


def _faults_of(matrices: Iterable[int]) -> list[str]:
    return [fault for matrix_id in sorted(matrices) for fault in find_faults(current_records(matrix_id))]


@admin.register(PortMatrix)
class PortMatrixAdmin(FactsAdmin):
    """The vendor documents that were loaded or written here."""

    list_display = ("document", "product", "received", "slug", "active", "requirements")
    search_fields = ("product", "document", "slug")
    readonly_fields = ("active",)
    actions = ["delete_selected", "activate"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[PortMatrix]:
        """With the number of requirements."""
        found: QuerySet[PortMatrix] = super().get_queryset(request)
        return found.annotate(requirement_count=Count("requirements"))

    def get_readonly_fields(self, request: HttpRequest, obj: PortMatrix | None = None) -> tuple[str, ...]:
        """The slug tells `load_matrix` which matrix it has before it, so it stays."""
        return ("slug", *self.readonly_fields) if obj else self.readonly_fields

    @admin.display(description="Requirements", ordering="requirement_count")
    def requirements(self, matrix: PortMatrix) -> int:
        """How many there are."""
        return int(matrix.requirement_count)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: PortMatrix, form: ModelForm, change: bool) -> None:
        """Save under a new stamp, so that the change shows in every process."""
        obj.stamp = new_stamp()
        super().save_model(request, obj, form, change)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PortMatrix]) -> None:
        """Delete matrices with all their rows, but not the one that plans are evaluated against."""
        used = queryset.filter(active=True).first()
        if used:
            raise MatrixError([f"{used} is the active matrix; make another one active first."])
        super().delete_queryset(request, queryset)

    @admin.action(permissions=["change"], description="Evaluate plans against the selected port matrix")
    def activate(self, request: HttpRequest, queryset: QuerySet[PortMatrix]) -> None:
        """Make one matrix the active one, if it is whole."""
        if len(queryset) != 1:
            self.message_user(request, "Select one matrix; plans are evaluated against one.", messages.ERROR)
            return
        matrix = queryset[0]
        faults = find_faults(current_records(matrix.pk))
        for fault in faults:
            self.message_user(request, fault, messages.ERROR)
        if not faults:
            activate_matrix(matrix=matrix)
            self.message_user(request, f"Plans are evaluated against {matrix} from now on.", messages.SUCCESS)


class RowAdmin(FactsAdmin):
    """What the admin pages of all rows share: they are listed by matrix, and stay in theirs."""

    list_filter = ("matrix",)
    list_select_related = ("matrix",)

    def get_readonly_fields(self, request: HttpRequest, obj: Row | None = None) -> tuple[str, ...]:
        """A row's matrix is chosen when the row is added."""
        return ("matrix",) if obj else ()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete rows, with a signal for each. Raises MatrixError, with nothing deleted, when a matrix would break."""
        matrices = set(queryset.order_by().values_list("matrix_id", flat=True))
        before = _faults_of(matrices)
        with transaction.atomic():
            super().delete_queryset(request, queryset)
            faults = [fault for fault in _faults_of(matrices) if fault not in before]
            if faults:
                raise MatrixError(faults)

    def formfield_for_dbfield(
        self, db_field: "models.Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """What the matrix says of the field: its words, whether it has several lines, and what it means."""
        facts = KINDS[self.model.KIND]
        facet = find_facet(facts, db_field.name)
        if facet is None:
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        kwargs["help_text"] = describe_fields(facts)[facet.attribute].replace("`", "")
        if facet.allowed and facet.store == "text":
            choices = [("", "---------"), *((word, word) for word in facet.allowed)]
            return forms.ChoiceField(
                choices=choices, required=facet.required, label=capfirst(db_field.verbose_name), **kwargs
            )
        if facet.store == "text":
            kwargs["widget"] = AdminTextareaWidget if facet.several_lines else AdminTextInputWidget
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @classmethod
    def make(cls, model: type[Row]) -> type["RowAdmin"]:
        """The page of a kind of row: what is short is listed, what is one of a few filters, everything is searched."""
        shown = [facet for facet in facets(KINDS[model.KIND]) if facet.store in ("text", "flag")]
        short = [facet.name for facet in shown if not facet.several_lines]
        few = [facet.name for facet in shown if facet.allowed or facet.store == "flag" or facet.names]
        return type(
            f"{model.__name__}Admin",
            (cls,),
            {
                "__doc__": model.__doc__,
                "list_display": (*short, "position", "matrix"),
                "list_filter": ("matrix", *few),
                "search_fields": FIELDS[model.KIND],
            },
        )


for row_model in ROWS:
    admin.site.register(row_model, RowAdmin.make(row_model))
