"""Rules that Windows has of its own, for services and requirements that name them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ports', '0010_shipped_slug'),
    ]

    operations = [
        migrations.AddField(
            model_name='requirement',
            name='rule_group',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='service',
            name='rule_group',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.CreateModel(
            name='RuleGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(default=0)),
                ('slug', models.TextField(default='')),
                ('name', models.TextField(default='')),
                ('group', models.TextField(default='')),
                ('rules', models.JSONField(blank=True, default=list)),
                ('text', models.TextField(default='')),
                ('matrix', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='ports.portmatrix')),
            ],
            options={
                'ordering': ('matrix', 'position'),
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('matrix', 'slug'), name='unique_rulegroup')],
            },
        ),
    ]
