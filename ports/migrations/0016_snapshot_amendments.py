from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("ports", "0015_check_title"),
    ]

    operations = [
        migrations.AlterField(
            model_name="portmatrix",
            name="current",
            field=models.BooleanField(default=False, help_text="New plans of the product are put on it"),
        ),
        migrations.AddField(
            model_name="snapshot",
            name="amendments",
            field=models.JSONField(
                default=list, editable=False, help_text="What had been amended in them, so that it can still be told"
            ),
        ),
    ]
