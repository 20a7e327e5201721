from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ports', '0013_topology'),
    ]

    operations = [
        migrations.AddField(
            model_name='portmatrix',
            name='renamed',
            field=models.JSONField(blank=True, default=list, help_text='Rows with what they are called in earlier editions'),
        ),
    ]
