"""Log records without secrets: neither the token of a link nor anything that the service signed reaches a log.

Each says which request it belongs to, and is a line for people or a JSON object for programs (PLANNER_LOG).
"""

import json
import logging
import re
from datetime import UTC, datetime

from planner.deploy.request_id import current

UNDER_LINKS = ("edit", "shared", "upload")
"""What the addresses begin with that have the token of a link in them."""
_TOKEN = re.compile(
    rf"""((?:/|%2[Ff])(?:{"|".join(UNDER_LINKS)})(?:/|%2[Ff]))
      [^/\s?\#'"%&]+                                              # in an address, right or wrong, also quoted
    | (?<![\w-]) [\w-]{{12,}} (?::[\w-]{{4,12}})? : [\w-]{{43}} (?![\w-])  # signed: offers of links, cookies
    | (?<![\w-]) ppt_[\w-]{{8,}}                                    # of a program
    | (?<![\w-]) (?=[\w-]*[A-Z0-9]) [\w-]{{43}} (?![\w-])              # by itself, as among the variables of a page
    """,
    re.ASCII | re.VERBOSE,
)


class SayRefusals(logging.Filter):
    """Says of a request that was refused what was wrong with it, and not where in the program that was found out."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the traceback out of the record; always True."""
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        return True


class RedactTokens(logging.Filter):
    """Replaces the secrets in a record's text, arguments and traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record in place; always True."""
        record.msg = redact(record.getMessage())
        record.args = ()
        if record.exc_info:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True


class AddRequestId(logging.Filter):
    """Says in each record to which request it belongs: `request_id`, a hyphen for none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Complete the record in place; always True."""
        record.request_id = current() or "-"
        return True


class JsonLines(logging.Formatter):
    """A record as one JSON object in one line: when (UTC), how grave, who says it, of which request, and what."""

    def format(self, record: logging.LogRecord) -> str:
        """The line. What `RedactTokens` has taken out of a traceback stays out."""
        facts = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request": getattr(record, "request_id", "-").strip("-"),
            "message": record.getMessage(),
            "traceback": record.exc_text or (self.formatException(record.exc_info) if record.exc_info else ""),
            "stack": record.stack_info or "",
        }
        return json.dumps({name: value for name, value in facts.items() if value}, ensure_ascii=True)


LINE = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
"""A record as a line for people."""


def make_formatter(kind: str | None) -> logging.Formatter:
    """What PLANNER_LOG asks for: `json`, or lines for people."""
    return JsonLines() if kind == "json" else logging.Formatter(LINE)


def redact(text: str) -> str:
    """The text with every token of a link, and every signed value, replaced by an ellipsis."""
    return _TOKEN.sub(lambda found: f"{found[1] or ''}…", text)
