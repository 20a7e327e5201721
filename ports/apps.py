"""The app of the port matrix. It never imports planner."""

from django.apps import AppConfig


class PortsConfig(AppConfig):
    """Registers the checks, and the stamp that tells when a row of a matrix changed."""

    name = "ports"
    verbose_name = "Port matrix"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Import what registers itself."""
        from ports import checks, signals  # noqa: F401, PLC0415
