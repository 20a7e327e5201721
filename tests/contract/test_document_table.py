"""The vendor's document, row by row, beside the matrix: docs/document-table.md, and what is typed for it."""

from dataclasses import replace

import pytest

from ports.queries import shipped_matrix
from scripts.document_table import DOCUMENT, FILE, Said, find_differences, read_ports, write_table

from .test_tables import DISCOVERIES, RESETS, SESSIONS, VALIDATIONS

TABLES = {"9": DISCOVERIES, "10": RESETS, "11": VALIDATIONS, "13": SESSIONS}


def test_every_port_of_the_matrix_is_the_documents():
    assert find_differences(shipped_matrix()) == []


def test_the_page_is_as_the_matrix_is():
    assert FILE.read_text("utf-8") == write_table(shipped_matrix()), "run: make docs"


@pytest.mark.parametrize("section", TABLES)
def test_its_tables_are_those_of_the_other_reading_row_by_row(section):
    typed = [(said.row, read_ports(said)) for said in DOCUMENT if said.section == section]
    assert typed == [(name, group(asked)) for name, _, asked in TABLES[section]]


def group(asked):
    """What the other reading asks for: 'tcp/389 directory-port=ldap' is one of the ports that its choice decides."""
    found = {}
    for ask in asked:
        port, _, mark = ask.partition(" ")
        found.setdefault(mark.partition("=")[0] or port, set()).add(tuple(port.split("/")))
    return frozenset(map(frozenset, found.values()))


def test_the_rows_of_its_tables_have_the_documents_own_names_in_the_matrix():
    rows = {requirement.slug: requirement.name for requirement in shipped_matrix().requirements}
    for said in DOCUMENT:
        if said.section in TABLES:
            assert [rows[slug] for slug in said.rows] == [said.row]


def with_service(slug, **facts):
    matrix = shipped_matrix()
    return replace(matrix, services={**matrix.services, slug: replace(matrix.services[slug], **facts)})


@pytest.mark.parametrize(
    ("matrix", "sentence"),
    [
        (with_service("smtp", ports="587"), "§8 Email: tcp 25 in the document, tcp 587 in “email”."),
        (
            with_service("database", protocol="udp"),
            "§2 Database: tcp 1433 in the document, udp 1433 in “web-database”.",
        ),
        (
            replace(shipped_matrix(), requirements=shipped_matrix().requirements[1:]),
            "§2 Website: the matrix has no row “website-users”.",
        ),
    ],
)
def test_a_difference_is_told(matrix, sentence):
    assert sentence in find_differences(matrix)


def test_a_row_of_the_matrix_that_stands_for_nothing_is_told():
    document = [said for said in DOCUMENT if said.rows != ("email",)]
    assert find_differences(shipped_matrix(), document) == ["“email” stands for no row of the document."]
    document = [*DOCUMENT, Said("3", "LDAP, TCP", "TCP 389", ("ad-ldap-tcp",))]
    assert find_differences(shipped_matrix(), document) == [
        "“ad-ldap-tcp” is a correction and stands for a row of the document."
    ]


def test_an_alternative_is_not_the_same_as_both():
    document = [said._replace(ports="TCP 22, 443") if said.ports == "TCP 22 or 443" else said for said in DOCUMENT]
    assert len(find_differences(shipped_matrix(), document)) == 3
