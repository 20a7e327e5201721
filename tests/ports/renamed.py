"""Editions of the small matrix whose rows have other names than before, as records."""

from typing import Any

from tests.ports.records import make_records

PLAIN = ("icon", "label", "name")
"""Fields that hold no slugs and can have a text that is one."""


def rename(value: Any, names: dict[str, str]) -> Any:
    """A value with every text, and every key, that is one of the names under its new one; what isn't a slug stays."""
    if isinstance(value, dict):
        return {names.get(key, key): item if key in PLAIN else rename(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [rename(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value


def make_renamed(slug: str, names: dict[str, str], renamed: list[tuple[str, str]]) -> dict[str, list[dict[str, Any]]]:
    """The small matrix as another edition: everything of these names has the new one, as `renamed` says."""
    records = rename(make_records(), names)
    records["portmatrix"][0] |= {"slug": slug, "renamed": [{"row": row, "was": was} for row, was in renamed]}
    return records


def make_second() -> dict[str, list[dict[str, Any]]]:
    """The next edition: its service https is called web-ui."""
    return make_renamed("desk-2026-09", {"https": "web-ui"}, [("service/web-ui", "https")])


def make_third() -> dict[str, list[dict[str, Any]]]:
    """The one after that: web-ui is called portal, the choice mail is called post and its option yes is always."""
    names = {"https": "portal", "mail": "post", "yes": "always"}
    renamed = [("service/portal", "web-ui"), ("choice/post", "mail"), ("choice/post/always", "yes")]
    return make_renamed("desk-2027-01", names, renamed)
