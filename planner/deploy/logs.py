"""Log records without secrets: neither the token of a link nor anything that the service signed reaches a log."""

import logging
import re

_TOKEN = re.compile(
    r"""((?:/|%2[Ff])(?:edit|shared|upload)(?:/|%2[Ff])) [^/\s?\#'"%&]+    # in an address, right or wrong, also quoted
    | (?<![\w-]) [\w-]{12,} (?::[\w-]{4,12})? : [\w-]{43} (?![\w-])  # signed: offers of links, cookies
    | (?<![\w-]) (?=[\w-]*[A-Z0-9]) [\w-]{43} (?![\w-])              # by itself, as among the variables of a page
    """,
    re.ASCII | re.VERBOSE,
)


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


def redact(text: str) -> str:
    """The text with every token of a link, and every signed value, replaced by an ellipsis."""
    return _TOKEN.sub(lambda found: f"{found[1] or ''}…", text)
