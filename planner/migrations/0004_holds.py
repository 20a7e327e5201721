"""A plan's own address is no secret any more; what was its address is its edit link from now on."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


def give_keys(apps, schema_editor):
    plans = apps.get_model("planner", "Plan").objects.filter(key=None)
    for plan in plans.only("pk").iterator():
        plans.filter(pk=plan.pk).update(key=uuid.uuid4())


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("planner", "0003_saving"),
    ]

    operations = [
        migrations.RenameField("plan", "token_hash", "edit_hash"),
        migrations.AlterField(
            "plan",
            "edit_hash",
            models.CharField(
                editable=False,
                help_text="Of the edit link; none until one is made",
                max_length=64,
                null=True,
                unique=True,
            ),
        ),
        migrations.AddField("plan", "key", models.UUIDField(editable=False, null=True)),
        migrations.RunPython(give_keys, migrations.RunPython.noop),
        migrations.AlterField(
            "plan",
            "key",
            models.UUIDField(
                default=uuid.uuid4, editable=False, help_text="Names it in its own address", unique=True
            ),
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "browser",
                    models.CharField(
                        blank=True, editable=False, help_text="Keyed hash of the browser's key", max_length=64
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[("read", "may read"), ("edit", "may edit"), ("own", "owns it")], max_length=4
                    ),
                ),
                ("archived", models.BooleanField(default=False)),
                ("since", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                (
                    "opened",
                    models.DateTimeField(
                        default=django.utils.timezone.now,
                        editable=False,
                        help_text="When its holder last opened it",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="holds", to="planner.plan"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="holds",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("browser", ""), ("user__isnull", False)),
                            models.Q(models.Q(("browser", ""), _negated=True), ("user", None)),
                            _connector="OR",
                        ),
                        name="a_browser_or_an_account",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("browser", ""), _negated=True),
                        fields=("browser", "plan"),
                        name="a_browser_holds_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("user__isnull", False)),
                        fields=("user", "plan"),
                        name="an_account_holds_once",
                    ),
                ],
            },
        ),
    ]
