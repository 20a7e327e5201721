"""What makes two names the same."""

import unicodedata


def name_key(name: str) -> str:
    """What two names have in common when they count as the same: Unicode NFC, then case folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
