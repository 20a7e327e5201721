"""Rows to Matrix: the only door. The current matrices come from the database, the shipped one from `ports.shipped`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from django.apps import apps
from django.core.validators import slug_re
from django.db import models
from django.utils.timezone import localdate

from ports.matrix import (
    FIELDS,
    HEAD,
    Conflict,
    Matrix,
    MatrixError,
    Records,
    amend,
    build_amended,
    build_matrix,
    digest_records,
    record_key,
)
from ports.matrix import Amendment as Facts
from ports.matrix.amendments import follow, load_amendment, say_conflict
from ports.matrix.marks import SHA256
from ports.matrix.renames import Renames, list_renames
from ports.models import Amendment, PortMatrix, Snapshot
from ports.shipped import SHIPPED, read_fixture, shipped_matrix, shipped_product, shipped_records
from ports.written import Written

__all__ = ["SHIPPED", "read_fixture", "shipped_matrix"]  # for who has the tables anyway

_MARKS = ("product_slug", "stamp", "digest", *(name for name in FIELDS[HEAD] if name != "renamed"))
"""Another state of an edition has other ones. What it says of renamed rows is in the digest; what others say, in the
stamp."""
_marks_at = Written(lambda pk: PortMatrix.objects.filter(pk=pk).values_list("pk", *_MARKS), 2**62)
_by_slug = Written(lambda slug: PortMatrix.objects.filter(slug=slug), "a slug")
_current = Written(
    lambda: PortMatrix.objects.filter(current=True).order_by("pk").values_list("product_slug", "pk", *_MARKS)
)
_all_marks = Written(lambda: PortMatrix.objects.order_by("pk").values_list("pk", "slug", "current", *_MARKS))
_amended = Written(
    lambda product: Amendment.objects.filter(product=product).values_list(
        "pk", "author", "made", "reverted", "reverted_by"
    ),
    "a product",
)
State = Literal["applied", "conflict", "reverted"]


class NoMatrix(LookupError):
    """The database has no current edition of the product. `manage.py load_matrix` loads one."""


class NoProduct(NoMatrix):
    """There are matrices here, but none of the product that was named."""

    def __init__(self, product: str, here: Iterable[str]) -> None:
        super().__init__(f"There is no port matrix of '{product[:100]}' here; there are {', '.join(here)}.")
        self.product = product


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An amendment, and what has become of it under the current edition of its product."""

    amendment: Amendment
    facts: Facts
    state: State
    why: str = ""
    """For a conflict: why it is held back, in a clause."""


_COLUMNS = {kind: (*fields, *(("slug", "product_slug") if kind == HEAD else ())) for kind, fields in FIELDS.items()}


def _write_records(kind: str) -> Written:
    def write(edition_id: int) -> models.QuerySet[Any, Any]:
        model: type[models.Model] = apps.get_model("ports", kind)
        if kind == HEAD:
            rows = model._default_manager.filter(pk=edition_id)
        else:
            rows = model._default_manager.filter(matrix_id=edition_id).order_by("position", record_key(kind))
        return rows.values_list(*_COLUMNS[kind])

    return Written(write, 2**62)


_records = {kind: _write_records(kind) for kind in FIELDS}


def edition_records(edition_id: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of one edition as records by kind, as it was loaded: one query for each kind, however many rows.

    One more asks what all editions of its product say of renamed rows.
    """
    records: dict[str, list[dict[str, Any]]] = {
        kind: [dict(zip(_COLUMNS[kind], row, strict=True)) for row in written.ask(edition_id)]
        for kind, written in _records.items()
    }
    for head in records[HEAD]:
        renames = _find_renames(head.pop("product_slug"))
        if renames:
            head["renames"] = [list(pair) for pair in renames]
    return records


def _find_renames(product: str) -> Renames:
    """What the editions of a product say of renamed rows."""
    said = PortMatrix.objects.filter(product_slug=product).values_list("renamed", flat=True)
    return tuple(sorted({pair for renamed in said for pair in list_renames({"renamed": renamed})}))


# --- products and their editions -------------------------------------------------------------------------------------


def default_product() -> str:
    """The product that is meant where none is named: the shipped one if it is here, else what was loaded first.

    Its slug; empty when nothing is loaded.
    """
    return choose_default(
        PortMatrix.objects.filter(current=True).order_by("pk").values_list("product_slug", flat=True)
    )


def list_products() -> dict[str, str]:
    """The products that have a current edition: their slugs with their names, the default one first."""
    current = PortMatrix.objects.filter(current=True).order_by("pk")
    found = dict(current.values_list("product_slug", "product"))
    default = choose_default(found)
    return {slug: found[slug] for slug in sorted(found, key=lambda slug: (slug != default, found[slug].casefold()))}


def choose_default(products: Iterable[str]) -> str:
    """The default of the products that have current editions, given by their slugs, the first loaded first."""
    found = list(products)
    shipped = shipped_product(SHIPPED)
    return shipped if shipped in found else found[0] if found else ""


def current_matrix(product: str = "") -> Matrix:
    """The current edition of a product with its amendments; without a slug that of the default product.

    One query while nothing has changed. Raises NoProduct when there are others alone, NoMatrix when there is none,
    MatrixError with its faults when the rows are no matrix.
    """
    rows = _current.ask()
    wanted = product or choose_default(row[0] for row in rows)
    for slug, *row in rows:
        if slug == wanted:
            return _matrix_at(*row)
    if product and rows:
        raise NoProduct(product, [row[0] for row in rows])
    raise NoMatrix("No port matrix is loaded; run manage.py load_matrix.")


def find_matrix(slug: str) -> Matrix | None:
    """The edition with that slug, with its product's amendments as far as they fit it; None when there is none.

    Raises MatrixError with its faults when the rows are no matrix.
    """
    row = _find_marks(slug)
    return _matrix_at(*row) if row else None


def find_matrix_at(edition_id: int) -> Matrix:
    """The edition with that number, with its product's amendments as far as they fit it.

    One query while nothing has changed. Raises NoMatrix when there is none, MatrixError with its faults when the rows
    are no matrix.
    """
    row = _marks_at.first(edition_id)
    if row is None:
        raise NoMatrix("The edition of this plan isn't here any more.")
    return _matrix_at(*row)


def find_loaded(slug: str) -> Matrix | None:
    """The edition with that slug as it was loaded, without amendments; None when there is none."""
    row = _find_marks(slug)
    return _loaded_at(*row) if row else None


def _find_marks(slug: str) -> tuple[Any, ...] | None:
    if not _can_be_slug(slug):
        return None
    return PortMatrix.objects.filter(slug=slug).values_list("pk", *_MARKS).first()


def _can_be_slug(text: str) -> bool:
    """Whether an edition can have that slug. PostgreSQL refuses to look for a text with a NUL."""
    return slug_re.match(text) is not None


def list_matrices() -> tuple[PortMatrix, ...]:
    """The editions that are here: the default product's first, of each product the current one first."""
    found = list(PortMatrix.objects.order_by("product", "product_slug", "-current", "-pk"))
    current = sorted((edition.pk, edition.product_slug) for edition in found if edition.current)
    default = choose_default(slug for _, slug in current)
    return tuple(sorted(found, key=lambda edition: edition.product_slug != default))


def list_standing(product: str) -> tuple[tuple[object, ...], ...]:
    """What the pages of a product's matrix follow from: the marks of all editions, and its amendments, in two queries.

    Another one where anything of them is another; each amendment changes the stamp. `product`: its slug.
    """
    return (*_all_marks.ask(), *_amended.ask(product))


def find_edition(slug: str) -> PortMatrix | None:
    """The edition with that slug; None when there is none."""
    found: PortMatrix | None = _by_slug.first(slug) if _can_be_slug(slug) else None
    return found


def find_sibling(slug: str, product: str) -> PortMatrix | None:
    """The edition with that slug, if it is one of the product of that slug; else None."""
    found = find_edition(slug)
    return found if found is not None and found.product_slug == product else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Built:
    """An edition with its amendments."""

    matrix: Matrix
    facts: Mapping[int, Facts]
    """All of the product's amendments by number, reverted ones too, with the names that rows have in the edition."""
    held: Mapping[int, str]
    """Why those that don't fit it are held back: to find that out may take a second, and everybody asks it."""


def _matrix_at(*marks: Any) -> Matrix:
    return _build_at(*marks).matrix


@lru_cache(maxsize=16)
def _build_at(edition_id: int, product: str, *_marks: object) -> _Built:
    """An edition with its amendments, as of its marks: what they name has changed when any of them has."""
    records = edition_records(edition_id)
    matrix, conflicts = build_amended(records, find_standing(product))
    facts = [follow(read_facts(amendment), records) for amendment in Amendment.objects.filter(product=product)]
    return _Built(
        matrix=matrix,
        facts={one.number: one for one in facts},
        held={conflict.amendment.number: conflict.why for conflict in conflicts},
    )


@lru_cache(maxsize=4)
def _loaded_at(edition_id: int, *_marks: object) -> Matrix:
    return build_matrix(edition_records(edition_id))


# --- amendments ------------------------------------------------------------------------------------------------------


def find_standing(product: str) -> tuple[Facts, ...]:
    """The amendments of a product that are not reverted."""
    return tuple(map(read_facts, Amendment.objects.filter(product=product, reverted=None)))


def read_facts(amendment: Amendment) -> Facts:
    """What a matrix knows of an amendment."""
    return Facts(
        number=amendment.pk,
        row=amendment.row,
        field=amendment.field,
        old=amendment.old,
        new=amendment.new,
        reason=amendment.reason,
        made=localdate(amendment.made),
    )


def list_amendments(product: str = "") -> tuple[Judged, ...]:
    """All amendments of a product, in the order of their numbers, each as the current edition has it judged.

    Without a slug those of the default product. Where the product has no current edition, all that stand are held
    back.
    """
    product = product or default_product()
    rows = list(Amendment.objects.filter(product=product))
    facts, held = _judge(product, rows) if rows else ({}, {})
    return tuple(
        Judged(
            amendment=row,
            facts=facts.get(row.pk) or read_facts(row),
            state="reverted" if row.reverted else "conflict" if row.pk in held else "applied",
            why="" if row.reverted else held.get(row.pk, ""),
        )
        for row in rows
    )


def _judge(product: str, rows: Iterable[Amendment]) -> tuple[Mapping[int, Facts], Mapping[int, str]]:
    """Amendments as the current edition names their rows, and why those are held back that are."""
    marks = next((marks for slug, *marks in _current.ask() if slug == product), None)
    if marks is None:
        return {}, {row.pk: "the product has no current edition." for row in rows if row.reverted is None}
    try:
        built = _build_at(*marks)
    except MatrixError:  # of an edition with faults it can be said all the same
        records = edition_records(marks[0])
        standing = [read_facts(row) for row in rows if row.reverted is None]
        held = {conflict.amendment.number: conflict.why for conflict in amend(records, standing)[2]}
        return {row.pk: follow(read_facts(row), records) for row in rows}, held
    return built.facts, built.held


def find_held_back(product: str = "") -> tuple[str, ...]:
    """The amendments that the current edition doesn't fit, in sentences: of a product, or of all of them."""
    products = PortMatrix.objects.filter(current=True).order_by("pk").values_list("product_slug", flat=True)
    return tuple(
        say_conflict(Conflict(amendment=judged.facts, why=judged.why))
        for slug in ([product] if product else products)
        for judged in list_amendments(slug)
        if judged.state == "conflict"
    )


# --- by digest -------------------------------------------------------------------------------------------------------


def find_state(digest: str) -> Matrix | None:
    """The matrix as it was when its facts had that digest (SHA-256 in hexadecimal).

    None when nothing here tells: it was never kept, or an earlier version kept it and it can't be read any more. What
    is amended now has that digest for as long as it lasts, and is found only if it was kept: so that looking in vain,
    as for what another service stored, costs two queries. Another one asks for what rows are called in the editions
    that are here now, which may have come since.
    """
    if not SHA256.pattern.fullmatch(digest):
        return None
    try:
        found = _kept_matrix(digest)
    except (LookupError, MatrixError):
        return None
    return _renamed_matrix(digest, tuple(sorted({*found.renames, *_find_renames(found.product_slug)})))


@lru_cache(maxsize=16)
def _renamed_matrix(digest: str, renames: Renames) -> Matrix:
    """The matrix with that digest, which is kept, with what is said of renamed rows now."""
    found = _kept_matrix(digest)
    return found if renames == found.renames else replace(found, renames=renames)


@lru_cache(maxsize=16)
def _kept_matrix(digest: str) -> Matrix:
    """The matrix with that digest from what was kept, loaded or shipped; LookupError when it is nowhere."""
    kept = Snapshot.objects.filter(digest=digest).values_list("records", "amendments").first()
    if kept is not None:
        return replace(build_matrix(kept[0]), amendments=tuple(map(load_amendment, kept[1])))
    records = _find_loaded_records(digest)
    if records is None:
        raise LookupError(f"There is no port matrix with the digest {digest}.")
    return build_matrix(records)


def find_records(digest: str) -> Records:
    """The records with that digest, of an edition, of one as it is amended, or shipped; LookupError when of none."""
    loaded = _find_loaded_records(digest)
    if loaded is not None:
        return loaded
    for pk, product in PortMatrix.objects.order_by("-current", "-pk").values_list("pk", "product_slug"):
        standing = find_standing(product)
        records = amend(edition_records(pk), standing)[0] if standing else {}
        if standing and digest_records(records) == digest:
            return records
    raise LookupError(f"There is no port matrix with the digest {digest}.")


def _find_loaded_records(digest: str) -> Records | None:
    """The records with that digest of an edition as it was loaded, or of the one that is shipped; else None."""
    for pk in PortMatrix.objects.filter(digest=digest).values_list("pk", flat=True)[:1]:
        return edition_records(pk)
    records, shipped = shipped_records(SHIPPED)
    return records if shipped == digest else None
