"""The app of plans and their reports."""

from django.apps import AppConfig


class PlannerConfig(AppConfig):
    """Plans, revisions and links."""

    name = "planner"
    verbose_name = "Plans"
    default_auto_field = "django.db.models.BigAutoField"
