"""Text as PowerShell takes it: the one place where anything is quoted for a script."""

_DOUBLED = str.maketrans({one: one * 2 for one in "'\u2018\u2019\u201a\u201b"})
"""What ends a string in single quotes: PowerShell takes typographic ones for the plain one."""


def quote(text: str) -> str:
    """The text as a literal of PowerShell, in which nothing is expanded.

    In single quotes no character but the quote itself has a meaning; doubled it stands for itself
    (about_Quoting_Rules). Other characters stay, line breaks too.
    """
    return f"'{text.translate(_DOUBLED)}'"


def quote_all(texts: tuple[str, ...]) -> str:
    """The texts as an array of literals, which stays an array with one of them: `@('a', 'b')`."""
    return f"@({', '.join(map(quote, texts))})"
