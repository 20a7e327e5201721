"""Where caveats stand in what is made of a matrix: beside rows, beside headings of sections, or on their own.

Pure, as `ports.filters` is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ports.matrix import Caveat, Matrix, Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class CaveatPlaces:
    """Where caveats stand: beside rows (requirement slug), beside a section's heading (number), or on their own."""

    rows: Mapping[str, tuple[Caveat, ...]]
    sections: Mapping[str, tuple[Caveat, ...]]
    others: tuple[Caveat, ...]


def place_caveats(matrix: Matrix) -> CaveatPlaces:
    """Where each caveat stands.

    Beside the rows that it names, whose service it names, or whose source or destination it names within its
    sections; beside the headings of the sections that it is about, or else its own if it stands beside no row; failing
    that, alone.
    """
    rows: dict[str, list[Caveat]] = {}
    sections: dict[str, list[Caveat]] = {}
    others = []
    named = _index(matrix)
    for caveat in matrix.caveats.values():
        concerned = _find_concerned(caveat, named)
        for slug in concerned:
            rows.setdefault(slug, []).append(caveat)
        numbers = caveat.about.sections or (() if concerned else caveat.sections)
        for number in numbers:
            sections.setdefault(number, []).append(caveat)
        if not concerned and not numbers:
            others.append(caveat)
    return CaveatPlaces(
        rows={slug: tuple(found) for slug, found in rows.items()},
        sections={number: tuple(found) for number, found in sections.items()},
        others=tuple(others),
    )


def _index(matrix: Matrix) -> Mapping[tuple[str, str | None], list[Requirement]]:
    """The requirements by what a caveat can name of them: kind and slug. A caveat names few of hundreds."""
    found: dict[tuple[str, str | None], list[Requirement]] = {}
    for requirement in matrix.requirements:
        names = {
            ("correction", requirement.correction),
            ("requirement", requirement.slug),
            ("role", requirement.source),
            ("role", requirement.destination),
            *(("service", ask.service) for ask in requirement.asks),
        }
        for name in names:
            found.setdefault(name, []).append(requirement)
    return found


def _find_concerned(caveat: Caveat, named: Mapping[tuple[str, str | None], list[Requirement]]) -> Iterable[str]:
    """The slugs of the requirements that a caveat is about, each once."""
    about = caveat.about
    names = [("correction", caveat.slug)]
    names += [("requirement", slug) for slug in about.requirements] + [("service", slug) for slug in about.services]
    found = [requirement for name in names for requirement in named.get(name, ())]
    ends = [requirement for slug in about.roles for requirement in named.get(("role", slug), ())]
    found += [end for end in ends if not caveat.sections or end.section in caveat.sections]
    return dict.fromkeys(requirement.slug for requirement in found)
