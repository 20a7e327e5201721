"""HTML documents of ours as PDF by their own CSS, for those who have a house style.

WeasyPrint lays out the document with `print.css` and the stylesheet that is in it. Nothing is fetched: fonts and
pictures are in the stylesheet, as `data:` addresses.
"""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from weasyprint import HTML, Attachment
from weasyprint.urls import URLFetcher

from planner.report.paper.printed import EmbeddedFile

_LONG = 400
"""After how many letters without a space a word may break at a place that is made for it."""
_LETTER = r"(?:[^ \t\r\n<>&]|&[#\w]+;)"
# Our own documents: an attribute has no bracket of its own, and only the stylesheets stand between style tags. A word
# that isn't long enough is passed over as a whole: else each of its letters would be tried as the first.
_LONG_WORD = re.compile(rf"<style\b.*?</style>|<[^>]*>|({_LETTER}{{{_LONG}}})(?={_LETTER})|{_LETTER}++", re.DOTALL)


class DataOnly(URLFetcher):  # type: ignore[misc] # WeasyPrint has no types
    """Reads what is in the address itself and refuses every other address."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
        """What a `data:` address holds. Raises ValueError for others; WeasyPrint leaves out what they name."""
        if url[:5].lower() != "data:":
            raise ValueError("A stylesheet can only use what is in it: only data: addresses are read.")
        return super().fetch(url, headers)


_UNDATED = date(2000, 1, 1)


def make_styled_pdf(document: str, files: Sequence[EmbeddedFile] = (), day: date | None = None) -> bytes:
    """An HTML document that needs no other file, as a tagged PDF with bookmarks, and with files that it carries along.

    `day` is the date of the files.
    """
    at = datetime.combine(day or _UNDATED, time(), UTC)
    attachments = [
        Attachment(
            string=file.text,
            name=file.name,
            description=file.description,
            created=at,
            modified=at,
            relationship=file.relationship.capitalize(),
        )
        for file in files
    ]
    html = HTML(string=break_words(document), url_fetcher=DataOnly())
    pdf: bytes = html.write_pdf(pdf_tags=True, attachments=attachments)
    return pdf


def break_words(document: str) -> str:
    """The document with places in its very long words where a line may break.

    Without them WeasyPrint looks through all that is left of the word for each line: the square of its length.
    """
    return _LONG_WORD.sub(lambda match: f"{match[0]}<wbr>" if match[1] else match[0], document)
