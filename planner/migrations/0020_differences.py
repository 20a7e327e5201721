"""Revisions keep differences. Rows of earlier versions stay as they are, whole: no row is written anew.

The other way round each document is written out whole again, so that an older version finds all of them.
"""

import json
import zlib

from django.db import migrations, models

from planner.plan.differences import apply_difference


def write_out(apps, schema_editor):
    revisions = apps.get_model("planner", "Revision").objects.using(schema_editor.connection.alias)
    plans = revisions.exclude(packed=None).order_by("plan").values_list("plan", flat=True).distinct()
    for plan in list(plans):
        document = None
        for row in revisions.filter(plan=plan).order_by("number").iterator(chunk_size=10):
            if row.packed is None:
                document = row.whole
                continue
            said = json.loads(zlib.decompress(row.packed))
            document = apply_difference(document, said) if row.behind else said
            revisions.filter(pk=row.pk).update(whole=document)


class Migration(migrations.Migration):
    dependencies = [("planner", "0019_log_says_from_where")]

    operations = [
        migrations.SeparateDatabaseAndState(
            # The column stays what it is; it has {} where the document is packed.
            state_operations=[
                migrations.RenameField("revision", "document", "whole"),
                migrations.AlterField(
                    "revision",
                    "whole",
                    models.JSONField(
                        db_column="document",
                        default=dict,
                        editable=False,
                        help_text="As earlier versions kept it; empty where packed",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            "revision",
            "packed",
            models.BinaryField(
                null=True, help_text="The document or what differs from the one before, compressed"
            ),
        ),
        migrations.AddField(
            "revision",
            "behind",
            models.IntegerField(
                null=True,
                editable=False,
                help_text="How many differences lie between the last whole document and this row",
            ),
        ),
        migrations.AddField("revision", "proof", models.BinaryField(null=True, help_text="A hash of the document")),
        migrations.RunPython(migrations.RunPython.noop, write_out),
    ]
