"""Log records without secrets: the token of a link never reaches a log."""

import logging
import re

_TOKEN = re.compile(r"(/(?:edit|shared)/)[^/\s?#]+")


class RedactTokens(logging.Filter):
    """Replaces the token of every link in a record's text, arguments and traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record in place; always True."""
        record.msg = redact(record.getMessage())
        record.args = ()
        if record.exc_info:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True


def redact(text: str) -> str:
    """The text with every token of a link replaced by an ellipsis."""
    return _TOKEN.sub(r"\1…", text)
