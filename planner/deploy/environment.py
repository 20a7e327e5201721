"""Settings from the environment: read, checked, and refused with a sentence when they can't be meant."""

import os
import re
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured

from planner.deploy import drafts, proxies
from planner.deploy.place import PROGRAM
from planner.deploy.stylesheet import MOST_CLASSIFICATION, BadStylesheet, read_stylesheet

_asked: set[str] = set()
"""The variables that were read so far."""
_ELSEWHERE = {
    "PLANNER_BIND", "PLANNER_WORKERS", "PLANNER_THREADS", "PLANNER_LARGE_AT_ONCE", "PLANNER_METRICS",
    "PLANNER_CHROMIUM", "PLANNER_TOKEN",
}  # fmt: skip
"""Those that the server, the tests and `push` read by themselves; they have no form with _FILE."""
_OF_KUBERNETES = re.compile(r"\w+_SERVICE_(HOST|PORT\w*)=.*|\w+_PORT_\d+_\w+=.*|\w+_PORT=(tcp|udp|sctp)://.*")
"""What Kubernetes tells a container of the services beside it, one of which may be called “planner”."""


def list_unknown() -> list[str]:
    """What in the environment looks like a setting and is none, each as a sentence; asked once all are read."""
    known = _asked | _ELSEWHERE
    found = []
    for name, value in sorted(os.environ.items()):
        if not name.startswith("PLANNER_") or name in known or name.removesuffix("_FILE") in _asked:
            continue
        if _OF_KUBERNETES.fullmatch(f"{name}={value}"):
            continue
        close = get_close_matches(name, sorted(known), n=1, cutoff=0.85)
        found.append(f"{name} is no setting and changes nothing{f'; is {close[0]} meant?' if close else '.'}")
    return found


def read_text(name: str, default: str = "") -> str:
    """The value of a variable, or the content of the file that NAME_FILE points to; stripped. Empty counts as unset.

    Raises ImproperlyConfigured when both are set or the file can't be read.
    """
    _asked.add(name)
    value, path = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value is not None and path is not None:
        raise ImproperlyConfigured(f"Both {name} and {name}_FILE are set; set one of them.")
    if path is not None:
        try:
            return Path(path).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which can't be read: {error}.") from None
    return (value or "").strip() or default


LEAST_SECRET, LEAST_DIFFERENT = 32, 10


def read_secret(name: str) -> str:
    """A secret key. Raises ImproperlyConfigured for one that can be guessed: short, of few characters, an example."""
    value = read_text(name)
    if _can_be_guessed(value):
        raise ImproperlyConfigured(
            f"{name} is too weak: it must have at least {LEAST_SECRET} characters, {LEAST_DIFFERENT} of them "
            "different, and be random. The command `openssl rand -base64 48` makes one; name the old one in "
            "PLANNER_SECRET_KEY_FALLBACKS, so that links and browsers go on working."
        )
    return value


def _can_be_guessed(key: str) -> bool:
    return len(key) < LEAST_SECRET or len(set(key)) < LEAST_DIFFERENT or key.startswith("django-insecure")


def read_flag(name: str, default: bool = False) -> bool:
    """1 or 0. Raises ImproperlyConfigured for anything else."""
    value = read_text(name, "1" if default else "0")
    if value not in ("0", "1"):
        raise ImproperlyConfigured(f"{name} must be 0 or 1, not {value!r}.")
    return value == "1"


def read_choice[Word: str](name: str, allowed: Sequence[Word]) -> Word | None:
    """One of the words that are allowed, or None when it is unset. Raises ImproperlyConfigured for anything else."""
    value = read_text(name)
    for word in allowed:
        if value == word:
            return word
    if value:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(allowed)}, not {value[:40]!r}.")
    return None


def read_number(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number from `least` to `most`. Raises ImproperlyConfigured for anything else."""
    value = read_text(name, str(default))
    if not (value.isascii() and value.isdigit() and len(value) < 10 and least <= int(value) <= most):
        raise ImproperlyConfigured(f"{name} must be a whole number from {least:,} to {most:,}, not {value[:40]!r}.")
    return int(value)


def read_list(name: str, default: str = "") -> list[str]:
    """The parts of a comma-separated list, without white space and empty parts."""
    return [part.strip() for part in read_text(name, default).split(",") if part.strip()]


_HOST = re.compile(r"\*|\.?[A-Za-z0-9_][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\]")


def read_hosts(name: str, default: str = "") -> list[str]:
    """Host names and addresses that requests may be for; with a dot before it a name stands for all below it, too.

    Raises ImproperlyConfigured for what no request can be for, such as an origin, a port or a pattern.
    """
    hosts = read_list(name, default)
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise ImproperlyConfigured(
                f"{name} must be host names such as ports.example.com, without https:// and a port, not {host!r}."
            )
    return hosts


def read_origins(name: str) -> list[str]:
    """Origins, each a scheme and a host, perhaps with a port. Raises ImproperlyConfigured for anything else."""
    origins = read_list(name)
    for origin in origins:
        parts = _split(origin)
        if parts is None or parts.scheme not in ("http", "https") or f"{parts.scheme}://{parts.netloc}" != origin:
            raise ImproperlyConfigured(f"{name} must be origins such as https://ports.example.com, not {origin!r}.")
    return origins


def read_issuer(name: str) -> str:
    """The https address of an OpenID Connect issuer, or "" when there is none; http on this machine alone.

    Raises ImproperlyConfigured for anything else.
    """
    value = read_text(name)
    parts = _split(value)
    is_here = parts is not None and parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if value and (parts is None or parts.query or parts.fragment or not (parts.scheme == "https" or is_here)):
        raise ImproperlyConfigured(f"{name} must be an address such as https://login.example.com, not {value!r}.")
    return value


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def read_proxies(name: str) -> proxies.Proxies:
    """Reverse proxies that are trusted. Raises ImproperlyConfigured for what is none, and for everybody."""
    try:
        return proxies.read_proxies(read_list(name))
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} must be addresses of proxies, networks such as 10.1.2.0/24 but not of everybody, or unix, "
            f"not {str(error)!r}."
        ) from None


def read_header(name: str) -> str:
    """The key of a request header in WSGI's environment (X-Remote-User is HTTP_X_REMOTE_USER), or "" for none.

    Raises ImproperlyConfigured for what is no name of a header of its own.
    """
    value = read_text(name)
    if not value:
        return ""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)+", value) or value.lower() in USED_HEADERS:
        raise ImproperlyConfigured(f"{name} must be the name of a header such as X-Remote-User, not {value!r}.")
    return "HTTP_" + value.upper().replace("-", "_")


USED_HEADERS = {
    "accept-encoding", "accept-language", "cache-control", "content-length", "content-type", "if-match",
    "if-modified-since", "if-none-match", "if-unmodified-since", "transfer-encoding", "user-agent",
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto",
}  # fmt: skip
"""Headers that mean something else, so that they can't name who sends a request."""


_NO_ZONES = ("posix", "posixrules", "right")
"""What lies beside the zones on some machines: the same once more, in other folders."""


def read_time_zone(name: str) -> str:
    """A time zone of the IANA database, UTC unless another is set. Raises ImproperlyConfigured for anything else."""
    value = read_text(name, "UTC")
    try:
        ZoneInfo(value)  # to list all of them opens hundreds of files
        is_one = value.split("/")[0] not in _NO_ZONES
    except (KeyError, ValueError, OSError):
        is_one = False
    if not is_one:
        raise ImproperlyConfigured(f"{name} must be a time zone such as Europe/Berlin, not {value!r}.")
    return value


def read_style(name: str) -> str:
    """The text of the stylesheet at a path; empty when none is given. Raises ImproperlyConfigured for a bad one."""
    path = read_text(name)
    try:
        return read_stylesheet(path) if path else ""
    except BadStylesheet as error:
        raise ImproperlyConfigured(f"{name}: {error}") from None


def read_breached(name: str) -> Path | None:
    """The path of a file of hashes as `planner.accounts.breached` reads them; None when none is given.

    Raises ImproperlyConfigured for a file that can't be read, or that begins with something else.
    """
    value = read_text(name)
    if not value:
        return None
    try:
        with Path(value).open("rb") as file:
            line = file.readline(200)
    except OSError as error:
        raise ImproperlyConfigured(f"{name}: {value[:200]} can't be read ({error.strerror}).") from None
    if not re.fullmatch(rb"[0-9A-Fa-f]{40}(:[0-9]+)?\r?\n?", line):
        raise ImproperlyConfigured(
            f"{name}: {value[:200]} must have a SHA-1 in hexadecimal on each line, in ascending order, perhaps with a "
            "colon and a number behind it."
        )
    return Path(value)


def read_classification(name: str) -> str:
    """What stands above printed pages; empty for nothing. Raises ImproperlyConfigured for what has no room there."""
    value, most = read_text(name), MOST_CLASSIFICATION
    if len(value) > most or not value.isprintable():
        raise ImproperlyConfigured(f"{name} must be one line of at most {most} characters, not {value[:60]!r}.")
    return value


def keep_secret_key(path: Path) -> str:
    """The secret key in the file, made on first use with 384 random bits and readable by its owner alone (0600).

    Processes that start together agree on one key. Raises ImproperlyConfigured when the folder can't be written, and
    for a file that holds no key, as a loss of power or a full disk leaves one.
    """
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=drafts.PREFIX) as draft:
                draft.write(secrets.token_urlsafe(48) + "\n")
                draft.flush()
                os.fsync(draft.fileno())
                with suppress(FileExistsError):
                    os.link(draft.name, path)
            drafts.sync_folder(path.parent)
        key = path.read_bytes().decode("ascii", "replace").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The secret key can't be kept in {path}: {error.strerror}. Set PLANNER_DATA to a folder that can be "
            "written, or PLANNER_SECRET_KEY."
        ) from None
    if _can_be_guessed(key) or not key.isascii():
        raise ImproperlyConfigured(
            f"{path} holds no secret key: that is a line of at least {LEAST_SECRET} ASCII characters, "
            f"{LEAST_DIFFERENT} of them different. Remove it and restore a backup ({PROGRAM} restore FILE --replace), "
            "or only take the file secret-key out of a backup, which is a zip archive, and put it there. If this one "
            "was made by hand, set PLANNER_SECRET_KEY to a better one and PLANNER_SECRET_KEY_FALLBACKS to this one. "
            "Without either remove it, and another is made, with which no browser knows its plans any more and no "
            "link leads anywhere."
        )
    return key
