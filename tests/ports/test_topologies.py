"""Ready-made topologies are part of a matrix: what no plan could have has its sentence."""

import pytest

from ports.matrix import ZONE_KINDS, Topology, build_matrix, digest_records, find_faults
from ports.queries import SHIPPED, read_fixture
from tests.ports.records import make_records

TOPOLOGY = {
    "slug": "office",
    "name": "Office",
    "description": "One server, and people.",
    "zones": [{"name": "Office", "kind": "internal"}, {"name": "Outside", "kind": "internet"}],
    "endpoints": [
        {"name": "D1", "zone": "Office", "addresses": ["10.0.0.1"], "roles": ["desk-main"]},
        {"name": "All", "zone": "Outside", "addresses": ["any"], "group": True, "roles": ["user"]},
        {"name": "L1", "zone": "Office", "platforms": ["linux"], "operations": ["inventory"], "managed_by": ["D1"]},
    ],
    "choices": {"transport": "ssh", "sign-in": ["card"]},
}


@pytest.fixture
def records():
    """A small matrix with a topology, and a caveat that can be answered beside one that can't."""
    found = make_records()
    found["topology"] = [TOPOLOGY]
    return found


def caveats(records, *, corrected):
    return [caveat["slug"] for caveat in records["caveat"] if bool(caveat["correction"]) is corrected]


def faults_with(records, **fields):
    records["topology"] = [TOPOLOGY | fields]
    return find_faults(records)


def endpoint(**fields):
    return [*TOPOLOGY["endpoints"], {"name": "New", "zone": "Office"} | fields]


def test_a_topology_is_read_with_all_that_it_says(records):
    topology = build_matrix(records).topologies["office"]
    assert isinstance(topology, Topology)
    assert [zone.kind for zone in topology.zones] == ["internal", "internet"]
    assert topology.endpoints[1].addresses == ("any",)
    assert dict(topology.choices) == {"transport": "ssh", "sign-in": ("card",)}
    assert (topology.corrections, topology.as_documented) == ((), ())


def test_a_matrix_without_topologies_keeps_its_digest(records):
    with_one = digest_records(records)
    del records["topology"]
    without = digest_records(records)
    records["topology"] = []
    assert digest_records(records) == without != with_one


def test_the_shipped_ones_come_simplest_first():
    slugs = [row["slug"] for row in read_fixture(SHIPPED)["topology"]]
    assert slugs == ["one-server", "web-and-sql", "dmz", "high-availability", "remote-sites", "everything"]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"zones": []}, "topology 'office' has no zone; a plan has one or more."),
        (
            {"zones": [*TOPOLOGY["zones"], {"name": "OFFICE", "kind": "dmz"}]},
            "topology 'office' has 2 zones named 'office'.",
        ),
        (
            {"zones": [{"name": "Office", "kind": "moon"}, TOPOLOGY["zones"][1]]},
            f"topology 'office', zone 'Office': 'moon' is no kind of zone; allowed are {', '.join(ZONE_KINDS)}.",
        ),
        ({"endpoints": endpoint(name="d1")}, "topology 'office' has 2 endpoints named 'd1'."),
        (
            {"endpoints": endpoint(zone="Cellar")},
            "topology 'office', endpoint 'New': there is no zone 'Cellar'; allowed are Office, Outside.",
        ),
        (
            {"endpoints": endpoint(roles=["ghost"])},
            "topology 'office', endpoint 'New': there is no role 'ghost'.",
        ),
        (
            {"endpoints": endpoint(roles=["desk"])},
            "topology 'office', endpoint 'New': 'desk' is a group; give it one of its roles.",
        ),
        (
            {"endpoints": endpoint(addresses=["any"])},
            "topology 'office', endpoint 'New': the address any stands alone, for a group in a zone of kind internet.",
        ),
        (
            {"endpoints": endpoint(zone="Outside", group=True, addresses=["any", "192.0.2.1"])},
            "topology 'office', endpoint 'New': the address any stands alone, for a group in a zone of kind internet.",
        ),
        (
            {"endpoints": endpoint(managed_by=["D9"])},
            "topology 'office', endpoint 'New': it is managed by 'D9', which is no endpoint of the topology.",
        ),
        (
            {"choices": {"transport": "pigeon"}},
            "topology 'office': 'pigeon' is no option of 'transport'; allowed are ssh, dynamic.",
        ),
        ({"corrections": ["ghost"]}, "topology 'office': there is no caveat 'ghost'."),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value[:60],
)
def test_what_no_plan_could_have_has_its_sentence(records, fields, fault):
    assert faults_with(records, **fields)[0] == fault


def test_only_a_caveat_with_a_correction_is_answered_and_once(records):
    (answerable, *_), (silent, *_) = caveats(records, corrected=True), caveats(records, corrected=False)
    assert faults_with(records, corrections=[answerable]) == []
    assert faults_with(records, as_documented=[answerable]) == []
    assert faults_with(records, as_documented=[silent]) == [
        f"topology 'office': the caveat '{silent}' has no correction, so there is nothing to answer."
    ]
    assert faults_with(records, corrections=[answerable], as_documented=[answerable]) == [
        f"topology 'office': the caveat '{answerable}' has two answers; practice is followed, or it is as documented."
    ]
