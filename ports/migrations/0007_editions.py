"""Matrices that staff could edit become editions that nobody changes, and what was edited becomes amendments."""

import json
import re
from pathlib import Path

import django.utils.timezone
from django.db import migrations, models

from ports.matrix import digest_records, product_slug
from ports.matrix.amendments import ORDER
from ports.matrix.differences import find_differences
from ports.matrix.reading import HEAD, complete, record_key
from ports.queries import SHIPPED

FIRST = Path(__file__).parent / "november_2026.json"
"""The fixture that was shipped before there were editions, for databases that don't remember what they loaded."""
EDITED = "edited before amendments"
UNKNOWN = "edited before amendments, or loaded from a file of then: which of them isn't known"
LONGEST = 50


def make_editions(apps, schema_editor):
    """Give each matrix its edition: the rows as they were loaded, and an amendment for each edit of the current one.

    What plans are evaluated under stays the same, to the digest. Rows that were edited in a matrix that no plan is
    evaluated under stay as they are, as an edition of their own. Where nobody remembers what was loaded, an edited
    matrix of the shipped product is kept as amendments to the fixture of then.
    """
    editions = apps.get_model("ports", "PortMatrix")
    first = read_records(FIRST)
    kinds = {model._meta.model_name: model for model in apps.get_app_config("ports").get_models() if has_rows(model)}
    # The one that plans are evaluated under comes first; of other products the newest is the current one.
    found = list(editions.objects.order_by("-current", "-pk"))
    present = {edition.pk: read_rows(edition, kinds) for edition in found}
    origins = {edition.pk: find_loaded(edition, present[edition.pk], first) for edition in found}
    for edition in found:
        named = (origins[edition.pk][0] or present[edition.pk])[HEAD][0]
        edition.product_slug = product_slug(named["product"]) or f"product-{edition.pk}"
    products = {edition.product_slug for edition in found}
    with_current = set()
    for edition in found:
        loaded, reason = origins[edition.pk]
        edition.current = edition.product_slug not in with_current
        with_current.add(edition.product_slug)
        if loaded is None or not edition.current:
            loaded = present[edition.pk]
        changes = list_changes(loaded, present[edition.pk])
        edition.digest = digest_records(loaded)
        others = set(editions.objects.exclude(pk=edition.pk).values_list("slug", flat=True))
        edition.slug = choose_slug(edition, loaded, products | others)
        for name in ("product", "document", "received"):
            setattr(edition, name, loaded[HEAD][0][name])
        edition.save()
        if changes:
            write_rows(edition, loaded, kinds)
        for row, field, old, new in changes:
            apps.get_model("ports", "Amendment").objects.create(
                product=edition.product_slug, row=row, field=field, old=old, new=new, reason=reason
            )


def has_rows(model):
    """Whether a table holds rows of matrices."""
    return any(field.name == "matrix" for field in model._meta.fields)


def read_records(path):
    """The records of a fixture by kind."""
    records = {}
    for entry in json.loads(path.read_text("utf-8")):
        records.setdefault(entry["model"].partition(".")[2], []).append(entry["fields"])
    return records


def read_rows(edition, kinds):
    """The rows as they are."""
    records = {HEAD: [{name: getattr(edition, name) for name in ("product", "document", "received")}]}
    for kind, model in kinds.items():
        fields = [field.name for field in model._meta.fields if field.name not in ("id", "matrix", "position")]
        rows = model.objects.filter(matrix=edition).order_by("position", record_key(kind))
        records[kind] = list(rows.values(*fields))
    return records


def write_rows(edition, records, kinds):
    """Put other rows in the place of those that are there."""
    for kind, model in kinds.items():
        fields = {field.name for field in model._meta.fields} - {"id", "matrix", "position"}
        model.objects.filter(matrix=edition).delete()
        model.objects.bulk_create(
            model(matrix=edition, position=number * 10, **{name: row[name] for name in fields if name in row})
            for number, row in enumerate(records.get(kind, ()), 1)
        )


def find_loaded(edition, present, first):
    """What was loaded into a matrix, and why its edits are amendments; None where that can't be known."""
    if digest_records(present) == edition.digest:
        return present, EDITED
    if edition.loaded is not None:
        return edition.loaded, EDITED
    if digest_records(first) == edition.digest:
        return first, EDITED
    if edition.slug == product_slug(first[HEAD][0]["product"]):
        return first, UNKNOWN
    return None, ""


def list_changes(loaded, present):
    """Row, field, old and new value of each amendment that makes of what was loaded what is there."""
    found = find_differences(loaded, present)
    changes = [
        (one.row, one.field, *(complete_row(one, value) for value in (one.old, one.new)))
        for one in found
        if one.change != "moved"
    ]
    for kind in present:
        key = record_key(kind)
        wanted = [row[key] for row in present[kind]]
        there = [row[key] for row in loaded.get(kind, ())]
        reached = [name for name in there if name in wanted] + [name for name in wanted if name not in there]
        if kind != HEAD and reached != wanted:
            changes.append((kind, ORDER, reached, wanted))
    return changes


def complete_row(difference, value):
    """A value; of a whole row its facts alone."""
    whole = difference.change in ("added", "removed") and value is not None
    return complete(difference.row.partition("/")[0], value) if whole else value


def choose_slug(edition, loaded, taken):
    """What the edition is called: as it is shipped, as it was called, or by product and date of its document."""
    shipped = read_records(SHIPPED)
    name = shipped[HEAD][0]["slug"]
    if digest_records(shipped) == edition.digest and name not in taken:
        return name
    refused = {*taken, name}  # what is shipped now comes beside it, under its own slug
    if edition.slug not in refused:
        return edition.slug
    month = re.match(r"\d{4}-\d{2}", loaded[HEAD][0]["received"])
    slug = f"{edition.product_slug}-{month[0] if month else 'first'}"[:LONGEST]
    for ending in ("", edition.digest[:8], str(edition.pk)):
        slug = f"{slug[: LONGEST - 9]}-{ending}" if ending else slug
        if slug not in refused:
            break
    return slug


class Migration(migrations.Migration):

    dependencies = [
        ("ports", "0006_snapshots"),
    ]

    operations = [
        migrations.CreateModel(
            name="Amendment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("product", models.CharField(db_index=True, help_text="The slug of the product", max_length=100)),
                ("row", models.CharField(max_length=200)),
                ("field", models.CharField(blank=True, help_text="Empty for a whole row", max_length=100)),
                ("old", models.JSONField(null=True)),
                ("new", models.JSONField(null=True)),
                ("reason", models.CharField(max_length=300)),
                ("author", models.CharField(blank=True, max_length=150)),
                ("made", models.DateTimeField(default=django.utils.timezone.now)),
                ("reverted", models.DateTimeField(blank=True, null=True)),
                ("reverted_by", models.CharField(blank=True, max_length=150)),
            ],
            options={"ordering": ("pk",)},
        ),
        migrations.RemoveConstraint(model_name="portmatrix", name="one_active_matrix"),
        migrations.RenameField(model_name="portmatrix", old_name="active", new_name="current"),
        migrations.AddField(
            model_name="portmatrix",
            name="product_slug",
            field=models.SlugField(
                default="", help_text="What plans and commands call the product", max_length=100
            ),
            preserve_default=False,
        ),
        migrations.RunPython(make_editions),
        migrations.RemoveField(model_name="portmatrix", name="loaded"),
        migrations.AlterField(
            model_name="portmatrix",
            name="current",
            field=models.BooleanField(
                default=False, help_text="Plans of the product are evaluated under it, with the amendments"
            ),
        ),
        migrations.AlterField(
            model_name="portmatrix",
            name="digest",
            field=models.CharField(default="", editable=False, help_text="SHA-256 of the rows", max_length=64),
        ),
        migrations.AlterField(
            model_name="portmatrix",
            name="stamp",
            field=models.PositiveBigIntegerField(
                default=0, editable=False, help_text="Another number after every change of the product's amendments"
            ),
        ),
        migrations.AddConstraint(
            model_name="portmatrix",
            constraint=models.UniqueConstraint(
                condition=models.Q(("current", True)), fields=("product_slug",), name="one_current_edition"
            ),
        ),
    ]
