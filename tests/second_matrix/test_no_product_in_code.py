"""The code knows the vocabulary of matrices and plans, and nothing that a matrix says."""

import re
from pathlib import Path

from ports.queries import read_fixture, shipped_matrix
from tests.second_matrix.conftest import FIXTURE
from tests.sources import constants_of, texts_of

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted([*ROOT.glob("planner/**/*.py"), *ROOT.glob("ports/*.py"), *ROOT.glob("ports/management/**/*.py")])

ALLOWED = {
    "yes": "JSON's true for a choice that has this option",
    "no": "JSON's false",
    "icmp": "a protocol",
    "http": "a scheme, in the settings",
    "https": "the same",
    "fortigate": "a format: a target of firewall configurations",
    "engine": "what sets the pages of a PDF: an option of commands",
    "windows": "the same; a platform of that name has files for host firewalls",
    "both": "how endpoints are shown: names and addresses",
    "443": "HTTPS, which a flow of the plan's own can start from",
    "none": "a word of sentences, and of the Content Security Policy",
}
"""Slugs of the shipped matrix that are vocabulary of the plan format or of the web as well, and why."""
WORDS_OF_ROOMS = {
    "planner/deploy/": {"database", "postgresql"},  # where this service keeps its own rows
    "planner/store/readiness.py": {"database"},
    "planner/store/trouble.py": {"database"},
    "ports/locks.py": {"postgresql"},
    "planner/accounts/strength.py": {"email"},  # a field of Django's accounts
    # What firewalls of any site call ports and applications.
    "planner/engine/existing/": {"kerberos", "ldap", "ldaps", "mssql", "mysql", "oracle", "smtp", "ssh", "telnet"},
}
"""Slugs that are words of what some modules are about, and of no matrix there."""
NUMBERS_OF_ROOMS = {
    # Ports that firewalls have a name for; 88 is the number of a protocol, too (EIGRP).
    "planner/engine/existing/": {22, 23, 25, 53, 88, 135, 389, 636, 1521},
}
"""Ports that are what firewalls of any site say, and no fact of the matrix."""


def slugs_of_the_shipped_matrix():
    matrix = shipped_matrix()
    found = {*matrix.roles, *matrix.platforms, *matrix.operations, *matrix.sessions, *matrix.services}
    found |= {*matrix.choices, *matrix.pairings, *matrix.caveats}
    found |= {requirement.slug for requirement in matrix.requirements} | {check.code for check in matrix.checks}
    return found | {slug for choice in matrix.choices.values() for slug in choice.slugs}


SLUGS = slugs_of_the_shipped_matrix() - set(ALLOWED)
# A slug of several words is one wherever it stands; a single word may be one of a sentence.
COMPOUND = re.compile(rf"(?<![\w-])(?:{'|'.join(re.escape(slug) for slug in sorted(SLUGS) if '-' in slug)})(?![\w-])")


def gather(look):
    """By the place of each module, what is found in it; nothing of those where nothing is."""
    found = {str(path.relative_to(ROOT)): look(path) for path in FILES}
    assert len(found) > 300
    return {place: what for place, what in found.items() if what}


def test_no_string_of_the_code_is_a_slug_of_the_shipped_matrix():
    def look(path):
        place = str(path.relative_to(ROOT))
        slugs = SLUGS.difference(*(words for room, words in WORDS_OF_ROOMS.items() if place.startswith(room)))
        return [(line, text) for line, text in texts_of(path) if text in slugs or COMPOUND.search(text)]

    assert gather(look) == {}


def test_no_string_of_the_code_names_the_shipped_product():
    product = shipped_matrix().product.casefold()
    found = gather(lambda path: [text for _, text in texts_of(path) if product in text.casefold()])
    assert found == {"ports/shipped.py": ["passwordstate.json"]}, "the file of the matrix that is shipped alone"


def test_no_number_of_the_code_is_a_port_of_the_shipped_matrix():
    well_known = {443, 80, 22}  # counts and limits of the code may be such numbers
    ports = {int(s.ports) for s in shipped_matrix().services.values() if s.ports and s.ports.isdigit()} - well_known

    def look(path):
        place = str(path.relative_to(ROOT))
        sought = ports.difference(*(some for room, some in NUMBERS_OF_ROOMS.items() if place.startswith(room)))
        return [line for line, value in constants_of(path) if value in sought]

    assert gather(look) == {}


def test_the_slugs_that_are_allowed_are_still_slugs():
    assert set(ALLOWED) <= slugs_of_the_shipped_matrix()


def test_the_made_up_matrix_shares_no_slug_with_the_shipped_one():
    """So that what works with it works because of its rows."""
    records = read_fixture(FIXTURE)
    slugs = {row.get("slug") or row.get("code") for kind, rows in records.items() if kind != "section" for row in rows}
    slugs |= {option["slug"] for row in records["choice"] for option in row["options"]} - {"yes", "no"}
    assert slugs & slugs_of_the_shipped_matrix() == set()
