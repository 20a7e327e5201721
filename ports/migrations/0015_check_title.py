"""A check has a headline of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ports', '0014_renamed'),
    ]

    operations = [
        migrations.AddField(
            model_name='check',
            name='title',
            field=models.TextField(blank=True, default=''),
        ),
    ]
