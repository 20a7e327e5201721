"""Sets of endpoints that a form offers: who is in them, and which are offered at all."""

from planner.plan.endpoint_sets import ALL, MOST_ZONES, SERVERS, find_members, is_set, list_sets
from ports.queries import shipped_matrix

MATRIX = shipped_matrix()
ENDS = [
    {"name": "PS01", "zone": "A", "roles": ["web-primary", "database"]},
    {"name": "Web02", "zone": "B", "roles": ["web-ha-active"]},
    {"name": "Box", "zone": "B", "platforms": ["windows"]},
]
DOCUMENT = {"zones": [{"name": "A", "kind": "internal"}, {"name": "B", "kind": "internal"}], "endpoints": ENDS}


def members_of(document):
    return {item.value: item.members for item in list_sets(document, MATRIX)}


def test_there_is_a_set_for_all_and_for_each_role_platform_and_zone_that_somebody_has():
    found = members_of(DOCUMENT)
    assert found[ALL] == ("PS01", "Web02", "Box")
    assert found[" role:database"] == found[" zone:A"] == ("PS01",)
    assert found[" platform:windows"] == ("Box",)
    assert found[" zone:B"] == ("Web02", "Box")
    assert " role:mail-server" not in found, "nobody is in it"
    assert all(map(is_set, found))


def test_servers_are_all_but_people_and_whoever_is_any_address():
    """From “all endpoints” one click opened the internet, too."""
    more = [
        {"name": "Staff", "zone": "A", "group": True, "roles": ["website-user"], "platforms": ["windows"]},
        {"name": "World", "zone": "A", "group": True, "addresses": ["any"]},
        {"name": "Desk", "zone": "A", "roles": ["website-user", "mail-server"]},
    ]
    assert members_of(DOCUMENT | {"endpoints": ENDS + more})[SERVERS] == ("PS01", "Web02", "Box", "Desk")
    assert SERVERS not in members_of(DOCUMENT | {"endpoints": more[:2]})


def test_whoever_may_be_people_is_no_server():
    """A preset for all servers made flows of a network of the internet, and of one of clients."""
    zones = [*DOCUMENT["zones"], {"name": "Out", "kind": "internet"}]
    may_be = [
        {"name": "World", "zone": "Out", "addresses": ["0.0.0.0/0"]},
        {"name": "Partner", "zone": "Out", "addresses": ["192.0.2.7"]},
        {"name": "Clients", "zone": "A", "addresses": ["10.5.0.0/16"]},
        {"name": "Branch", "zone": "A", "group": True},
    ]
    are = [
        {"name": "Name server", "zone": "A", "addresses": ["10.0.0.53/32", "dns.example.com"]},
        {"name": "Routers", "zone": "Out", "group": True, "addresses": ["192.0.2.0/28"], "platforms": ["cisco-ios"]},
        {"name": "Shown", "zone": "Out", "roles": ["self-destruct-site"]},
        {"name": "Jump hosts", "zone": "A", "group": True, "addresses": ["10.0.5.0/24"], "sessions": ["rdp", "ssh"]},
        {"name": "Hosts", "zone": "A", "addresses": ["10.0.6.0/24"], "operations": ["host-heartbeat"]},
    ]
    found = members_of({"zones": zones, "endpoints": [*may_be, *are]})
    assert found[SERVERS] == ("Name server", "Routers", "Shown", "Jump hosts", "Hosts")


def test_who_holds_a_role_is_in_the_sets_of_all_roles_that_stand_for_it():
    wider = [slug for slug in MATRIX.roles if slug != "web-primary" and "web-primary" in MATRIX.holders[slug]]
    found = members_of(DOCUMENT)
    assert wider
    for slug in wider:
        assert "PS01" in found[f" role:{slug}"]


def test_zones_of_a_kind_are_a_set_where_several_of_them_have_endpoints():
    assert members_of(DOCUMENT)[" kind:internal"] == ("PS01", "Web02", "Box")
    assert " kind:internal" not in members_of(DOCUMENT | {"endpoints": ENDS[:1]})


def test_more_zones_than_anybody_would_choose_from_are_offered_by_their_kinds_alone():
    zones = [{"name": f"Z{number}", "kind": "remote-site"} for number in range(MOST_ZONES + 1)]
    ends = [{"name": f"E{number}", "zone": zone["name"]} for number, zone in enumerate(zones)]
    found = members_of({"zones": zones, "endpoints": ends})
    assert set(found) == {ALL, SERVERS, " kind:remote-site"}
    assert len(found[" kind:remote-site"]) == MOST_ZONES + 1
    assert " zone:Z0" in members_of({"zones": zones, "endpoints": ends[:-1]})


def test_a_set_says_its_name_and_how_many_there_are():
    assert list_sets(DOCUMENT, MATRIX)[0].label == "All endpoints (3)"


def test_names_and_sets_come_to_each_endpoint_once_and_what_is_no_set_is_named():
    sets = list_sets(DOCUMENT, MATRIX)
    assert find_members(["Box", " zone:B", "Other", " zone:C"], sets) == (["Box", "Web02", "Other"], [" zone:C"])
