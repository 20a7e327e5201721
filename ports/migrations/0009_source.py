"""Where the vendor publishes the document of an edition, and the SHA-256 of the file as it was received."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ports', '0008_prohibitions'),
    ]

    operations = [
        migrations.AddField(
            model_name='portmatrix',
            name='sha256',
            field=models.CharField(blank=True, default='', help_text="SHA-256 of the document's file", max_length=64),
        ),
        migrations.AddField(
            model_name='portmatrix',
            name='url',
            field=models.TextField(blank=True, default='', help_text='Where the vendor publishes the document'),
        ),
    ]
