"""The port matrix as rows. Rows name each other by slug; `ports.matrix` says what holds a matrix together.

The tables of rows are made from the kinds that `ports.matrix` declares, so that neither knows a field that the other
doesn't; what is written here by hand is the matrix itself, and what all rows share.
"""

import secrets
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from ports.matrix import HEAD, KINDS, record_key
from ports.matrix import Row as Facts
from ports.matrix.rows import Facet, facets


def new_stamp() -> int:
    """A random number of 62 bits. Random, as a count would come again after a transaction that was rolled back."""
    return secrets.randbits(62)


class MatrixManager(models.Manager["PortMatrix"]):
    """Finds a matrix by its slug, as fixtures name it; what was loaded is fetched only by who asks for it."""

    def get_queryset(self) -> models.QuerySet["PortMatrix"]:
        """Matrices without the copy of what was loaded, which is as long as all their rows."""
        return super().get_queryset().defer("loaded")

    def get_by_natural_key(self, slug: str) -> "PortMatrix":
        """The matrix with that slug."""
        return self.get(slug=slug)


class PortMatrix(models.Model):
    """One vendor document, as received; its rows hang below it."""

    slug = models.SlugField(unique=True)
    product = models.CharField(max_length=100)
    document = models.CharField(max_length=200)
    received = models.CharField(max_length=100, help_text="Version or date of the document as it was received")
    digest = models.CharField(max_length=64, editable=False, default="", help_text="SHA-256 of the rows as shipped")
    loaded = models.JSONField(
        null=True, editable=False, serialize=False,
        help_text="The records of the file as load_matrix wrote them; null when that isn't known",
    )  # fmt: skip
    active = models.BooleanField(default=False, help_text="Plans are evaluated against the active matrix")
    stamp = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="Another number after every change of its rows"
    )

    objects = MatrixManager()

    class Meta:
        verbose_name = "port matrix"
        verbose_name_plural = "port matrices"
        constraints = (
            models.UniqueConstraint(fields=["active"], condition=models.Q(active=True), name="one_active_matrix"),
        )

    def __str__(self) -> str:
        return f"{self.product} {self.document}, as received {self.received}"

    def natural_key(self) -> tuple[str]:
        """What fixtures call it."""
        return (self.slug,)


class Snapshot(models.Model):
    """The rows of a matrix as they were when something was said under them: found by digest, never changed."""

    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the records")
    records = models.JSONField(editable=False, help_text="The records by kind, as a fixture has them")
    kept = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.digest[:8]


class RowManager(models.Manager["Row"]):
    """Finds a row by its matrix and its key within it, as fixtures name it."""

    def get_by_natural_key(self, matrix: str, key: str) -> "Row":
        """The row with that key in the matrix with that slug."""
        return self.get(**{"matrix__slug": matrix, record_key(self.model._meta.model_name or ""): key})


class Row(models.Model):
    """A row of a matrix, at its position among rows of its kind."""

    KIND: ClassVar[str] = ""
    """What fixtures call rows of this kind."""

    matrix = models.ForeignKey(PortMatrix, on_delete=models.CASCADE, related_name="%(class)ss")
    position = models.PositiveIntegerField(default=0)

    objects = RowManager()

    class Meta:
        abstract = True
        ordering = ("matrix", "position")

    def __str__(self) -> str:
        return str(getattr(self, record_key(self.KIND)))

    def natural_key(self) -> tuple[str, str]:
        """What fixtures call it."""
        return (self.matrix.slug, str(self))


def _make_field(facet: Facet) -> "models.Field[Any, Any]":
    """The column of a field. Which words, names and lengths a text may have, the matrix says and not the column."""
    match facet.store:
        case "flag":
            return models.BooleanField(default=facet.blank)
        case "list" | "facts":
            blank = {"list": list, "facts": dict}[facet.store]
            return (
                models.JSONField(null=True, blank=True)
                if facet.nullable
                else models.JSONField(default=blank, blank=True)
            )
        case _:
            return models.TextField(default="", blank=not facet.required)


def _make_model(kind: str, facts: type[Facts]) -> type[Row]:
    """The table of a kind of row: a column for each field that the kind declares."""
    key = facts.KEY
    meta = type(
        "Meta",
        (Row.Meta,),
        {"constraints": (models.UniqueConstraint(fields=["matrix", key], name=f"unique_{kind}"),), "abstract": False},
    )
    fields = {facet.name: _make_field(facet) for facet in facets(facts)}
    return type(
        facts.__name__,
        (Row,),
        {"__module__": __name__, "__doc__": facts.__doc__, "KIND": kind, "Meta": meta, **fields},
    )


ROWS: tuple[type[Row], ...] = tuple(_make_model(kind, facts) for kind, facts in KINDS.items() if kind != HEAD)
"""The tables of all kinds of row, in the order of the kinds. A new kind, or field, needs its migration and no more."""


def __getattr__(name: str) -> type[Row]:
    """The table of a kind by its name: `ports.models.Service`."""
    found = next((model for model in ROWS if model.__name__ == name), None)
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found
