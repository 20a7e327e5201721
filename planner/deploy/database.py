"""Where everything is kept: a file of SQLite in the data folder, or the PostgreSQL database of DATABASE_URL."""

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

VARIABLE = "DATABASE_URL"
_MEANT = f"{VARIABLE} must be an address such as postgres://name:password@host:5432/database"


def choose_database(url: str, folder: Path) -> dict[str, Any]:
    """Django's settings of the database. Raises ImproperlyConfigured for an address that can't be meant.

    The address is as libpq reads it ("Connection URIs" in PostgreSQL's manual): options follow a question mark, such
    as `sslmode=verify-full`. The sentence never repeats it, since it has the password.
    """
    if not url:
        # A writer takes its lock at once instead of failing half-way.
        alone = {"transaction_mode": "IMMEDIATE", "timeout": 20}
        return {"ENGINE": "planner.deploy.sqlite", "NAME": folder / "planner.sqlite3", "OPTIONS": alone}
    parts, port = _split(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"{_MEANT}; its scheme is {parts.scheme[:20]!r}.")
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name:
        raise ImproperlyConfigured(f"{_MEANT}; it names no database.")
    options = {"connect_timeout": "10"} | dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": port,
        "OPTIONS": options,
        # A connection stays with its thread; one that has broken meanwhile is made anew.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def _split(url: str) -> tuple[SplitResult, str]:
    try:
        parts = urlsplit(url)
        return parts, str(parts.port or "")
    except ValueError:
        raise ImproperlyConfigured(f"{_MEANT}; this one can't be read.") from None
