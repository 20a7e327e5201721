"""Where the caveats of a matrix stand."""

from ports.matrix import build_matrix
from ports.placed_caveats import place_caveats
from ports.queries import shipped_matrix
from tests.ports.records import record


def test_a_caveat_stands_beside_what_it_concerns(small_matrix):
    places = place_caveats(small_matrix)
    assert {slug: [caveat.slug for caveat in found] for slug, found in places.rows.items()} == {
        "upload": ["upload-missing"],
        "mail-out": ["ssh-port"],
        "linux": ["ssh-port"],
    }
    assert places.sections == {}
    assert [caveat.slug for caveat in places.others] == ["silent"]


def test_a_caveat_about_sections_stands_beside_their_headings(records):
    record(records, "caveat", "silent")["about"] = {"sections": ["2"]}
    places = place_caveats(build_matrix(records))
    assert [caveat.slug for caveat in places.sections["2"]] == ["silent"]
    assert places.others == ()


def test_a_caveat_beside_no_row_stands_beside_its_own_sections(records):
    record(records, "caveat", "silent")["sections"] = ["1"]
    assert [caveat.slug for caveat in place_caveats(build_matrix(records)).sections["1"]] == ["silent"]


def test_every_shipped_caveat_stands_somewhere():
    places = place_caveats(shipped_matrix())
    shown = {c.slug for found in [*places.rows.values(), *places.sections.values(), places.others] for c in found}
    assert shown == set(shipped_matrix().caveats)
    assert [c.slug for c in places.rows["launcher-telnet"]] == ["telnet-port"]
    assert [c.slug for c in places.rows["ad-ldap"]] == ["ldap-tcp"]
    assert "ldap-tcp" not in {c.slug for c in places.rows.get("ad-ldaps", ())}
    assert [c.slug for c in places.others] == ["not-covered"]
