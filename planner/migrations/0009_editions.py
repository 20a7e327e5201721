"""Plans are put on the current edition of their product, on which they stay; of older revisions it isn't known."""

import django.db.models.deletion
from django.db import migrations, models

from ports.queries import choose_default


def put_on_editions(apps, schema_editor):
    """Each stored plan on the edition under which it has been read; none where its product isn't here."""
    current = apps.get_model("ports", "PortMatrix").objects.filter(current=True).order_by("pk")
    editions = dict(current.values_list("product_slug", "pk"))
    default = choose_default(editions)
    plans = apps.get_model("planner", "Plan").objects
    numbers = {}
    for number, product in plans.values_list("pk", "document__product").iterator():
        if edition := editions.get(product or default):
            numbers.setdefault(edition, []).append(number)
    for edition, found in numbers.items():
        for first in range(0, len(found), 500):
            some = found[first : first + 500]
            plans.filter(pk__in=some).update(edition=edition)
            newest = models.Q(plan__in=some, number=models.F("plan__revision"))
            apps.get_model("planner", "Revision").objects.filter(newest).update(edition=edition)


class Migration(migrations.Migration):

    dependencies = [
        ('planner', '0008_sent_under'),
        ('ports', '0008_prohibitions'),
    ]

    operations = [
        migrations.AddField(
            model_name='plan',
            name='edition',
            field=models.ForeignKey(editable=False, help_text="Of the port matrix; none where the plan's product isn't here", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='ports.portmatrix'),
        ),
        migrations.AddField(
            model_name='revision',
            name='digest',
            field=models.CharField(blank=True, default='', help_text='Of the matrix under which it was stored; empty: not known', max_length=64),
        ),
        migrations.AddField(
            model_name='revision',
            name='edition',
            field=models.ForeignKey(editable=False, help_text="Under which it was stored; none where that isn't known", null=True, on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='ports.portmatrix'),
        ),
        migrations.RunPython(put_on_editions, migrations.RunPython.noop),
    ]
