"""The app of the port matrix. It never imports planner."""

from django.apps import AppConfig


class PortsConfig(AppConfig):
    """Registers the checks."""

    name = "ports"
    verbose_name = "Port matrix"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import what registers itself."""
        from ports import checks  # noqa: F401, PLC0415 - it can be imported only now
