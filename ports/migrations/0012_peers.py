"""Requirements between peers: members of a cluster reach each other and never themselves."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ports', '0011_rule_groups'),
    ]

    operations = [
        migrations.AddField(
            model_name='requirement',
            name='peers',
            field=models.BooleanField(default=False),
        ),
    ]
