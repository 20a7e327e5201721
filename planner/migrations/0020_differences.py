"""Revisions keep differences. Rows of earlier versions stay as they are, whole: no row is written anew."""

from django.db import migrations, models


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
    ]
