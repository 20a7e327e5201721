"""The shipped edition says more than before; what was loaded under its slug gets a slug of its own.

An edition is never changed, and loading refuses a slug that is here with other content. So the edition of before makes
room: it keeps its rows, its digest and its plans, and the start of the service loads the shipped one beside it.
"""

from django.db import migrations

from ports.matrix import digest_records
from ports.matrix.reading import HEAD
from ports.queries import SHIPPED, read_fixture


def make_room(apps, schema_editor):
    """Rename the edition that has the shipped slug and other content, in what was kept of it as well."""
    editions, snapshots = apps.get_model("ports", "PortMatrix"), apps.get_model("ports", "Snapshot")
    shipped = read_fixture(SHIPPED)
    name = shipped[HEAD][0]["slug"]
    edition = editions.objects.filter(slug=name).exclude(digest=digest_records(shipped)).first()
    if edition is None:
        return
    taken = set(editions.objects.values_list("slug", flat=True))
    wanted = (f"{name}-{edition.digest[:8]}", f"{name}-{edition.pk}", f"{name}-{edition.digest[:8]}-{edition.pk}")
    edition.slug = next(slug for slug in wanted if slug not in taken)
    edition.save(update_fields=["slug"])
    for snapshot in snapshots.objects.all().iterator():
        head = snapshot.records[HEAD][0]
        if head.get("slug") == name:
            head["slug"] = edition.slug
            snapshot.save(update_fields=["records"])


class Migration(migrations.Migration):

    dependencies = [
        ("ports", "0009_source"),
    ]

    operations = [
        migrations.RunPython(make_room, migrations.RunPython.noop),
    ]
