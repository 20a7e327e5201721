"""HTML documents of ours as PDF by their own CSS, for those who have a house style.

WeasyPrint lays out the document with `print.css` and the stylesheet that is in it. Nothing is fetched: fonts and
pictures are in the stylesheet, as `data:` addresses.
"""

from typing import Any

from weasyprint import HTML
from weasyprint.urls import URLFetcher


class DataOnly(URLFetcher):  # type: ignore[misc] # WeasyPrint has no types
    """Reads what is in the address itself and refuses every other address."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:
        """What a `data:` address holds. Raises ValueError for others; WeasyPrint leaves out what they name."""
        if url[:5].lower() != "data:":
            raise ValueError("A stylesheet can only use what is in it: only data: addresses are read.")
        return super().fetch(url, headers)


def make_styled_pdf(document: str) -> bytes:
    """An HTML document that needs no other file, as a tagged PDF with bookmarks."""
    pdf: bytes = HTML(string=document, url_fetcher=DataOnly()).write_pdf(pdf_tags=True)
    return pdf
