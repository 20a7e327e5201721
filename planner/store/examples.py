"""The ready-made topologies: plan documents to start from."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "plan" / "examples"
ORDER = ("one-server", "web-and-sql", "dmz", "high-availability", "remote-sites", "everything")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A plan document in YAML, under a slug."""

    slug: str
    data: bytes


@cache
def read_examples() -> tuple[Example, ...]:
    """All ready-made topologies, simplest first."""
    return tuple(Example(slug=slug, data=(FOLDER / f"{slug}.yaml").read_bytes()) for slug in ORDER)
