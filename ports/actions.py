"""Every write to editions and amendments: keyword-only, atomic."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from django.db import transaction
from django.db.models import Field, Model
from django.utils import timezone

from ports.locks import one_at_a_time
from ports.matrix import (
    HEAD,
    Matrix,
    MatrixError,
    NotAmendable,
    Records,
    complete,
    digest_records,
    find_faults,
    record_key,
)
from ports.matrix.amendments import dump_amendment, find_product, prepare, show_value
from ports.matrix.differences import describe_difference, find_differences
from ports.models import ROWS, Amendment, PortMatrix, Snapshot, new_stamp
from ports.queries import NoMatrix, default_product, edition_records, find_records, find_standing, read_fixture
from ports.text import short
from ports.written import Written

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")


class EditionDiffers(Exception):
    """A fixture has the slug of an edition that is here, and other content. `differences` has a sentence for each."""

    def __init__(self, slug: str, differences: Sequence[str]) -> None:
        lines = [
            f"The edition {slug} is here with other content, and an edition is never changed. Nothing was loaded.",
            *differences,
            "Give the file's edition a slug of its own, or take what differs back.",
        ]
        super().__init__("\n".join(lines))
        self.differences = tuple(differences)


class NoSuchAmendment(LookupError):
    """There is no amendment of that number, or it is reverted already. The message is a sentence."""


@transaction.atomic
def load_matrix(*, path: Path, activate: bool = True) -> tuple[PortMatrix, bool]:
    """Load a fixture as an edition, or find it here already. Returns the edition and whether it is new here.

    A new one becomes its product's current edition if `activate`, or if the product has none. One that is here leaves
    the current one alone. No other edition, no amendment and no plan is changed. Raises EditionDiffers when the slug
    is here with other content, MatrixError with all faults of the fixture, and what `ports.queries.read_fixture`
    raises. Nothing is written when it raises.
    """
    one_at_a_time("editions")
    records = read_fixture(path)
    faults = find_faults(records) or _find_name_faults(records)
    if faults:
        raise MatrixError(faults)
    head = records[HEAD][0]
    digest = digest_records(records)
    edition = PortMatrix.objects.filter(slug=head["slug"]).first()
    is_new = edition is None
    if edition is None:
        faults = list(_find_length_faults(records))
        if faults:
            raise MatrixError(faults)
        edition = _write(records, digest)
        if edition.renamed:
            _renew(edition.product_slug)
    elif edition.digest != digest:
        found = find_differences(edition_records(edition.pk), records)
        raise EditionDiffers(edition.slug, [describe_difference(difference) for difference in found])
    has_current = PortMatrix.objects.filter(product_slug=edition.product_slug, current=True).exists()
    if (is_new and activate) or not has_current:
        activate_matrix(matrix=edition)
    return edition, is_new


def _find_name_faults(records: Records) -> list[str]:
    """What is wrong with the slug of the edition: slugs of editions and of products are never the same."""
    head = records[HEAD][0]
    slug, product = head.get("slug"), find_product(records)
    where = f"{HEAD} '{head['product']}'"
    if not isinstance(slug, str) or not slug:
        return [f"{where}: the field 'slug' is missing or empty."]
    if not product:
        return [f"{where}: the name of the product has no letter or digit that plans could call it by (a-z, 0-9)."]
    if not _SLUG.fullmatch(slug):
        return [f"{where}: the slug '{slug}' must be 1 to 50 of a-z, 0-9 and hyphens, and not begin with a hyphen."]
    if slug == product or PortMatrix.objects.filter(product_slug=slug).exists():
        return [f"{where}: '{slug}' is what a product is called; say which edition it is, as in '{slug}-2026-11'."]
    if PortMatrix.objects.filter(slug=product).exists():
        return [f"{where}: the product would be called '{product}', and an edition that is here has that slug."]
    return []


def _find_length_faults(records: Records) -> Iterator[str]:
    """What is too long for its column, or for that of its amendments: SQLite keeps it whole, PostgreSQL refuses it."""
    head = records[HEAD][0]
    where = f"{HEAD} '{short(head['product'])}'"
    kept = {name: head[name] for name in ("product", "document", "received")}
    for name, text in {**kept, "product_slug": find_product(records)}.items():
        most = _find_length(PortMatrix, name)
        if len(text) > most:
            what = f"the field '{name}'" if name in kept else "what plans would call the product"
            yield f"{where}: {what} has {len(text)} characters; allowed are {most}."
    for kind in (model.KIND for model in ROWS):
        most = _find_length(Amendment, "row") - len(f"{kind}/")
        for name in (str(row[record_key(kind)]) for row in records.get(kind, ())):
            if len(name) > most:
                yield f"{kind} '{short(name)}': its name has {len(name)} characters; allowed are {most}."


def _find_length(model: type[Model], field: str) -> int:
    """How many characters a column takes."""
    return cast("Field[Any, Any]", model._meta.get_field(field)).max_length or 0


def _write(records: Records, digest: str) -> PortMatrix:
    head = records[HEAD][0]
    edition = PortMatrix.objects.create(
        slug=head["slug"],
        product_slug=find_product(records),
        **complete(HEAD, head),
        digest=digest,
        stamp=new_stamp(),
    )
    for model in ROWS:
        rows = [complete(model.KIND, row) for row in records.get(model.KIND, ())]
        model._default_manager.bulk_create(
            model(matrix=edition, position=number * 10, **row) for number, row in enumerate(rows, 1)
        )
    return edition


@transaction.atomic
def activate_matrix(*, matrix: PortMatrix) -> None:
    """Make an edition the current one of its product, and have the amendments judged anew."""
    one_at_a_time("editions")
    editions = PortMatrix.objects.filter(product_slug=matrix.product_slug)
    editions.exclude(pk=matrix.pk).update(current=False)
    editions.filter(pk=matrix.pk).update(current=True)
    matrix.current = True


@transaction.atomic
def make_amendment(
    *, row: str, field: str, value: Any, reason: str, author: str = "", product: str = "", seen: Any = ...
) -> Amendment:
    """Give a field of a product's current edition another value here; without a product of the default one.

    `value` is what a fixture would have; `seen` is the value that whoever makes it has seen there. Raises NotAmendable
    with sentences, and NoMatrix when the product has no current edition.
    """
    one_at_a_time("editions")
    product = product or default_product()
    edition = PortMatrix.objects.filter(product_slug=product, current=True).first()
    if edition is None:
        raise NoMatrix("No port matrix is loaded; run manage.py load_matrix.")
    made = prepare(
        edition_records(edition.pk),
        find_standing(product),
        row=row,
        field=field,
        value=value,
        reason=reason,
        number=_next_number(),
    )
    if seen is not ... and seen != made.old:
        raise NotAmendable(
            f"{row}: the field '{field}' was {show_value(seen)} when this was begun and is {show_value(made.old)} "
            "now; look at it again."
        )
    kept = Amendment.objects.create(
        product=product, row=row, field=field, old=made.old, new=made.new, reason=made.reason, author=author[:150]
    )
    _renew(product)
    return kept


def _next_number() -> int:
    """A number above all that are there, for judging what isn't kept yet."""
    last = Amendment.objects.order_by("-pk").values_list("pk", flat=True).first()
    return (last or 0) + 1


@transaction.atomic
def revert_amendment(*, number: int, author: str = "") -> Amendment:
    """Take an amendment back, applied or held back; it stays in the list. Raises NoSuchAmendment."""
    one_at_a_time("editions")
    amendment = Amendment.objects.filter(pk=number).first()
    if amendment is None:
        raise NoSuchAmendment(f"There is no amendment {number}.")
    if amendment.reverted is not None:
        raise NoSuchAmendment(f"Amendment {number} is reverted already.")
    amendment.reverted, amendment.reverted_by = timezone.now(), author[:150]
    amendment.save(update_fields=["reverted", "reverted_by"])
    _renew(amendment.product)
    return amendment


def _renew(product: str) -> None:
    """Have every process judge the amendments of a product anew, by the names that rows have in its editions."""
    PortMatrix.objects.filter(product_slug=product).update(stamp=new_stamp())


_kept = Written(lambda digest: Snapshot.objects.filter(digest=digest).values_list("pk")[:1], "a digest")


def keep_snapshot(*, matrix: Matrix) -> None:
    """Keep a matrix as it is now, so that `ports.queries.find_state` finds it by its digest when it has changed.

    It is an edition, as it was loaded or as it is amended, or the one that is shipped; raises LookupError when it is
    none of them.
    """
    if _kept.ask(matrix.digest):
        return
    with transaction.atomic():
        records = find_records(matrix.digest)
        facts = {"records": records, "amendments": [dump_amendment(one) for one in matrix.amendments]}
        Snapshot.objects.get_or_create(digest=matrix.digest, defaults=facts)
