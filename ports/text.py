"""What people typed, fit to stand in the cells of tables. Pure."""

import re

# White space and invisible characters may come before the sign; full-width signs count where Japanese is typed.
_FORMULA = re.compile("[\\s\u00ad\u200b-\u200f\u2060-\u2064\ufeff]*[=+\\-@＝＋－＠]|[\t\r\n]")


def neutralise(text: str) -> str:
    """The text with an apostrophe in front if a spreadsheet program could take it for a formula.

    That is when it begins with = + - or @, perhaps after white space, or with a tab or line break: what OWASP lists
    under "CSV Injection".
    """
    return f"'{text}" if _FORMULA.match(text) else text
