"""A revision says which zones and endpoints came with it, so that they can be followed through their names."""

from django.db import migrations, models


def list_added(apps, schema_editor):
    """What revisions brought, for those that are there: a few documents are in memory at a time, never a whole plan."""
    Plan, Revision = apps.get_model("planner", "Plan"), apps.get_model("planner", "Revision")
    for plan in Plan.objects.order_by("pk").values_list("pk", flat=True).iterator():
        before = None
        revisions = Revision.objects.filter(plan=plan).order_by("number").values_list("pk", "document", "renames")
        for pk, document, renames in revisions.iterator(chunk_size=20):
            names = {
                key: {item["name"] for item in document.get(key, ())} for key in ("zones", "endpoints")
            }
            if before is not None and (added := _find_added(before, names, renames)):
                Revision.objects.filter(pk=pk).update(added=added)
            before = names


def _find_added(before, names, renames):
    kept = {key: {renames.get(key, {}).get(name, name) for name in before[key]} for key in names}
    added = {key: sorted(names[key] - kept[key]) for key in names}
    return {key: found for key, found in added.items() if found}


class Migration(migrations.Migration):
    dependencies = [("planner", "0006_edit_number")]

    operations = [
        migrations.AddField(
            "revision",
            "added",
            models.JSONField(
                blank=True,
                default=dict,
                help_text="Names of zones and of endpoints that the revision before has not",
            ),
        ),
        migrations.RunPython(list_added, migrations.RunPython.noop),
    ]
