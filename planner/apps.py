"""The app of plans and their reports."""

from django.apps import AppConfig


class PlannerConfig(AppConfig):
    """Plans, revisions and links."""

    name = "planner"
    verbose_name = "Plans"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have logins noted in the log, and the topologies checked."""
        from planner.accounts import people as accounts  # noqa: F401, PLC0415 - it can be imported only now
        from planner.management import checks  # noqa: F401, PLC0415 - likewise
