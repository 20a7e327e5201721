import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ports', '0012_peers'),
    ]

    operations = [
        migrations.AddField(
            model_name='question',
            name='users',
            field=models.BooleanField(default=False),
        ),
        migrations.CreateModel(
            name='Topology',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveIntegerField(default=0)),
                ('slug', models.TextField(default='')),
                ('name', models.TextField(default='')),
                ('description', models.TextField(default='')),
                ('zones', models.JSONField(blank=True, default=list)),
                ('endpoints', models.JSONField(blank=True, default=list)),
                ('choices', models.JSONField(blank=True, default=dict)),
                ('corrections', models.JSONField(blank=True, default=list)),
                ('as_documented', models.JSONField(blank=True, default=list)),
                ('matrix', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='%(class)ss', to='ports.portmatrix')),
            ],
            options={
                'ordering': ('matrix', 'position'),
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('matrix', 'slug'), name='unique_topology')],
            },
        ),
    ]
