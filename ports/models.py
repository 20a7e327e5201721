"""The editions of port matrices as rows, and what sites amend over them. Rows name each other by slug.

The tables of rows are made from the kinds that `ports.matrix` declares, so that neither knows a field that the other
doesn't; what is written here by hand is the edition itself, what all rows share, and what is kept beside editions.
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
    """Finds an edition by its slug, as fixtures name it."""

    def get_by_natural_key(self, slug: str) -> "PortMatrix":
        """The edition with that slug."""
        return self.get(slug=slug)


class PortMatrix(models.Model):
    """An edition: one vendor document, as received; its rows hang below it. Nothing changes it once it is loaded."""

    slug = models.SlugField(unique=True)
    product = models.CharField(max_length=100)
    product_slug = models.SlugField(max_length=100, help_text="What plans and commands call the product")
    document = models.CharField(max_length=200)
    received = models.CharField(max_length=100, help_text="Version or date of the document as it was received")
    url = models.TextField(blank=True, default="", help_text="Where the vendor publishes the document")
    sha256 = models.CharField(max_length=64, blank=True, default="", help_text="SHA-256 of the document's file")
    renamed = models.JSONField(
        default=list, blank=True, help_text="Rows with what they are called in earlier editions"
    )
    digest = models.CharField(max_length=64, editable=False, default="", help_text="SHA-256 of the rows")
    current = models.BooleanField(default=False, help_text="New plans of the product are put on it")
    stamp = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="Another number after every change of the product's amendments"
    )

    objects = MatrixManager()

    class Meta:
        verbose_name = "port matrix"
        verbose_name_plural = "port matrices"
        constraints = (
            models.UniqueConstraint(
                fields=["product_slug"], condition=models.Q(current=True), name="one_current_edition"
            ),
        )

    def __str__(self) -> str:
        return f"{self.product} {self.document}, as received {self.received}"

    def natural_key(self) -> tuple[str]:
        """What fixtures call it."""
        return (self.slug,)


class Amendment(models.Model):
    """A site's own change to one field of one row, applied over the current edition; `ports.matrix.amendments`.

    Its number is its primary key. It is never changed or deleted: reverting it says when and by whom.
    """

    product = models.CharField(max_length=100, db_index=True, help_text="The slug of the product")
    row = models.CharField(max_length=200)
    field = models.CharField(max_length=100, blank=True, help_text="Empty for a whole row")
    old = models.JSONField(null=True)
    new = models.JSONField(null=True)
    reason = models.CharField(max_length=300)
    author = models.CharField(max_length=150, blank=True)
    made = models.DateTimeField(default=timezone.now)
    reverted = models.DateTimeField(null=True, blank=True)
    reverted_by = models.CharField(max_length=150, blank=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.pk}: {self.row} {self.field}".rstrip()


class Snapshot(models.Model):
    """The rows of a matrix as they were when something was said under them: found by digest, never changed."""

    digest = models.CharField(max_length=64, unique=True, editable=False, help_text="SHA-256 of the records")
    records = models.JSONField(editable=False, help_text="The records by kind, as a fixture has them")
    amendments = models.JSONField(
        default=list, editable=False, help_text="What had been amended in them, so that it can still be told"
    )
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

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Refused: rows are made all at once when their edition is loaded, and never changed."""
        raise TypeError("An edition is never changed; make an amendment instead.")

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
