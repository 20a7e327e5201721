from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("ports", "0015_check_title"),
    ]

    operations = [
        migrations.AddField(
            model_name="snapshot",
            name="amendments",
            field=models.JSONField(
                default=list, editable=False, help_text="What had been amended in them, so that it can still be told"
            ),
        ),
    ]
