"""The service's settings, but everything is logged that can be, each query as well, and passphrases take less work."""

from django.db.backends.signals import connection_created

from planner.settings import *  # noqa: F403
from planner.settings import LOGGING, PASSWORD_HASHERS

PASSWORD_HASHERS[0] = "tests.sharing.hashing.LightArgon2"
LOGGING["root"]["level"] = "DEBUG"
for logger in ("django", "django.server"):
    LOGGING["loggers"][logger]["level"] = "DEBUG"


def log_queries(connection, **_):
    """As in debugging, where what is asked of the database is logged."""
    connection.force_debug_cursor = True


connection_created.connect(log_queries)
