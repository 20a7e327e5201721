"""What is a house's own of the documents that are printed: its stylesheet, and who may see them."""

from pathlib import Path

MAX_KIB = 256
"""The largest stylesheet that is read."""
MOST_CLASSIFICATION = 40
"""How many characters of who may see a document have room beside its name and date."""


class BadStylesheet(ValueError):
    """The message is a sentence."""


def read_stylesheet(path: str) -> str:
    """The text of a CSS file in UTF-8. Raises BadStylesheet when it can't be read or can't be used."""
    try:
        with Path(path).open("rb") as file:
            # One byte more than is allowed tells a file that is too large, without reading all of it.
            data = file.read(MAX_KIB * 1024 + 1)
        if len(data) > MAX_KIB * 1024:
            raise BadStylesheet(f"The stylesheet {path} has more than {MAX_KIB} KiB, which is the most that is read.")
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise BadStylesheet(f"The stylesheet {path} can't be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise BadStylesheet(f"The stylesheet {path} can't be read: it is no text in UTF-8.") from None
    if can_end_early(text):
        raise BadStylesheet(
            f"The stylesheet {path} contains “</”, which would end it in the middle of a web page. "
            "Inside a data: address, write it as %3C/ or use base64."
        )
    return text


def can_end_early(text: str) -> bool:
    """Whether a `<style>` element could end within this text."""
    return "</" in text
