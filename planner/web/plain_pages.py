"""What turns text round on a page is written out, <U+202E>, as in every other output.

With such a character in a name, "gpj.exe" reads "exe.jpg" and drags along what stands beside it. Done to whole
answers, so that no template can forget it; what stands in fields to be edited stays as it was typed. Django's escaping
has been by then: no text has a bracket of its own.
"""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.html import escape

from ports.text import name_letter

# Embeddings, overrides and isolates with a direction. Our own drawings keep names apart by isolates without one.
_TURNS = re.compile("[\u202a-\u202e\u2066\u2067]")
_TURNS_IN_BYTES = re.compile(b"\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6\xa7]")
_FIELD_OR_TEXT = re.compile(r"<textarea\b[^>]*>[^<]*</textarea>|(?<=>)[^<]+", re.IGNORECASE)


class PlainPages:
    """Middleware, inside of what takes the length of an answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, with its text written out if it is a page that needs it."""
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html") and not response.streaming
        if is_page and _TURNS_IN_BYTES.search(response.content):
            response.content = write_out(response.content.decode()).encode()
        return response


def write_out(html: str) -> str:
    """A page whose text has no characters that turn it round; tags, and what can be edited, stay as they are."""

    def plain(match: re.Match[str]) -> str:
        if match[0].startswith("<"):
            return match[0]
        return _TURNS.sub(lambda letter: escape(name_letter(letter[0])), match[0])

    return _FIELD_OR_TEXT.sub(plain, html)
