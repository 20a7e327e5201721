from django.db import migrations, models


def widen(apps, schema_editor):
    """PostgreSQL holds a varchar column to its length, which 0005 left as it was: the columns become text."""
    if schema_editor.connection.vendor != "postgresql":
        return
    quote = schema_editor.quote_name
    for model in apps.get_app_config("ports").get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.TextField):
                schema_editor.execute(
                    f"ALTER TABLE {quote(model._meta.db_table)} ALTER COLUMN {quote(field.column)} TYPE text"
                )


class Migration(migrations.Migration):

    dependencies = [
        ("ports", "0016_snapshot_amendments"),
    ]

    operations = [migrations.RunPython(widen, migrations.RunPython.noop)]
