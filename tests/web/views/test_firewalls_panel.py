"""The panel of firewalls: adding, changing, deleting, one for each remote site, and what is wrong at its field."""

import pytest

from planner.store import actions
from planner.store.models import Plan
from ports.queries import current_matrix
from tests.report.samples import contoso
from tests.web.views.pages import Page, store, words

pytestmark = pytest.mark.django_db
BASE = [(zone["name"], zone["kind"]) for zone in contoso()["zones"]]
FW = {"name": "FW-HQ", "format": "nftables", "zones": {"Internal": "eth0", "DMZ": "eth1"}}


def make(**more):
    plan, key = store(contoso(**more))
    return plan, f"/plans/{key}/"


def sides(**zones):
    return {f"behind-{zone}": side for zone, side in zones.items()}


def firewalls(plan):
    return Plan.objects.get(pk=plan.pk).document.get("firewalls", [])


def form_of(page):
    """What the form of the page would send as it stands there."""
    (form,) = [form for form in page.all("form") if form.find(".//input[@id='firewall-name']") is not None]
    fields = {
        field.get("name"): field.get("value") or "" for field in form.iter("input")
        if field.get("type") != "checkbox" or field.get("checked") is not None
    }  # fmt: skip
    fields |= {area.get("name"): "".join(area.itertext()) for area in form.iter("textarea")}
    (format,) = [option for option in form.iter("option") if option.get("selected") is not None]
    return fields | {"format": format.get("value")}


def send(client, url, action, **data):
    return client.post(f"{url}firewalls/{action}/", data, follow=True)


def test_a_firewall_is_added_with_what_its_zones_are_behind(client):
    plan, url = make()
    page = Page(
        send(client, url, "add", name=" FW-HQ ", format="nftables", log="1", chain="vault", table="inet mine",
             published="PS01 = 203.0.113.10\n", **sides(Internal="eth0", DMZ="eth1"))
    )  # fmt: skip
    assert firewalls(plan) == [
        FW | {"options": {"chain": "vault", "table": "inet mine"}, "published": {"PS01": "203.0.113.10"}}
    ]
    assert "FW-HQ nftables" in words(page.one(id="panel"))
    assert Plan.objects.get(pk=plan.pk).revisions.latest("number").summary == "Firewall FW-HQ added"


def test_one_that_logs_nothing_says_so_and_can_log_again(client):
    plan, url = make()
    send(client, url, "add", name="FW-HQ", format="asa", **sides(Internal="inside"))
    assert firewalls(plan)[0]["log"] is False
    send(client, url, "edit", firewall="FW-HQ", name="FW-HQ", format="asa", log="1", **sides(Internal="inside"))
    assert "log" not in firewalls(plan)[0]
    send(client, url, "edit", firewall="FW-HQ", name="FW-HQ", format="asa", **sides(Internal="inside"))
    assert firewalls(plan)[0]["log"] is False


def test_an_edit_keeps_what_it_does_not_change(client):
    plan, url = make(firewalls=[FW | {"published": {"PS01": "203.0.113.10"}}])
    send(client, url, "edit", firewall="FW-HQ", name="FW-HQ", format="nftables", log="1",
         published="PS01 = 203.0.113.10", **sides(Internal="eth0", DMZ="eth7"))  # fmt: skip
    assert firewalls(plan) == [
        FW | {"zones": {"Internal": "eth0", "DMZ": "eth7"}, "published": {"PS01": "203.0.113.10"}}
    ]
    assert Plan.objects.get(pk=plan.pk).revisions.latest("number").summary == "Firewall FW-HQ: zone DMZ changed"


def test_two_people_change_two_sides_of_one_firewall(client):
    plan, url = make(firewalls=[FW])
    base = {"base": str(plan.revision)}
    send(client, url, "edit", firewall="FW-HQ", name="FW-HQ", format="nftables", log="1", **base,
         **sides(Internal="eth0", DMZ="eth7"))  # fmt: skip
    send(client, url, "edit", firewall="FW-HQ", name="FW-HQ", format="nftables", log="1", **base,
         **sides(Internal="eth9", DMZ="eth1"))  # fmt: skip
    assert firewalls(plan)[0]["zones"] == {"Internal": "eth9", "DMZ": "eth7"}


def test_a_form_sent_again_after_a_clash_takes_away_nothing_that_others_set(client):
    plan, url = make(firewalls=[FW | {"options": {"table": "inet mine"}, "published": {"PS01": "203.0.113.10"}}])
    typed = {"firewall": "FW-HQ", "name": "FW-HQ", "format": "nftables", "log": "1", "table": "inet mine",
             "published": "PS01 = 203.0.113.10"}  # fmt: skip
    base = {"base": str(plan.revision)}
    for edit, params in (
        ("edit-zone", {"zone": "DMZ", "name": "Edge"}),
        ("add-zone", {"name": "Branch", "kind": "internal"}),
        ("edit-firewall", {"firewall": "FW-HQ", "changes": {
            "zones": {"Internal": "eth0", "Edge": "eth9", "Internet": "eth5", "Branch": "eth7"},
            "log": False, "options": {"table": "inet theirs", "chain": "vault"},
            "published": {"PS01": "203.0.113.10", "DC01": "203.0.113.11"},
        }}),
    ):  # fmt: skip
        actions.apply_edit(plan_id=plan.pk, matrix=current_matrix(), edit=edit, params=params)
    theirs = firewalls(plan)[0]
    page = Page(send(client, url, "edit", **typed, **base, **sides(Internal="", DMZ="eth2")))
    assert firewalls(plan) == [theirs]  # he has been told that both changed DMZ
    send(client, url, "edit", **form_of(page))
    assert firewalls(plan) == [theirs | {"zones": {"Edge": "eth2", "Internet": "eth5", "Branch": "eth7"}}]


def test_a_firewall_that_another_has_added_leaves_what_was_typed_with_its_zones(client):
    plan, url = make()
    base = {"base": str(plan.revision)}
    for edit, params in (
        ("edit-zone", {"zone": "DMZ", "name": "Edge"}),
        ("add-firewalls", {"rows": [FW | {"zones": {"Edge": "eth1"}}]}),
    ):
        actions.apply_edit(plan_id=plan.pk, matrix=current_matrix(), edit=edit, params=params)
    typed = {"name": "FW-HQ", "format": "asa", **base, **sides(Internal="inside", DMZ="dmz")}
    page = Page(send(client, url, "add", **typed))
    send(client, url, "add", **form_of(page) | {"name": "FW-2"})
    added = {"name": "FW-2", "format": "asa", "log": False, "zones": {"Internal": "inside", "Edge": "dmz"}}
    assert firewalls(plan)[1:] == [added]


@pytest.mark.parametrize("based", [True, False])
def test_what_was_typed_for_a_zone_stays_with_it_when_another_has_gone_in_between(client, based):
    plan, url = make(zones=[("Old", "internal"), *BASE])
    base = {"base": str(plan.revision)} if based else {}
    actions.apply_edit(plan_id=plan.pk, matrix=current_matrix(), edit="delete-zone", params={"zone": "Old"})
    typed = sides(Internal="inside", DMZ="dmz", Internet="outside")
    page = Page(send(client, url, "add", name="", format="asa", log="1", **base, **typed))
    assert page.one("input", name="behind-DMZ").get("value") == "dmz"
    assert words(page.one("label", for_=page.one("input", name="behind-DMZ").get("id"))) == "DMZ"
    send(client, url, "add", name="FW-HQ", format="asa", log="1", **base, **typed)
    assert firewalls(plan)[0]["zones"] == {"Internal": "inside", "DMZ": "dmz", "Internet": "outside"}


def test_a_side_of_a_zone_that_has_gone_is_said_and_can_be_taken_out(client):
    plan, url = make(zones=[("Old", "internal"), *BASE])
    base = {"base": str(plan.revision)}
    actions.apply_edit(plan_id=plan.pk, matrix=current_matrix(), edit="delete-zone", params={"zone": "Old"})
    typed = {"name": "FW-HQ", "format": "asa", "log": "1", **base}
    page = Page(send(client, url, "add", **typed, **sides(Old="old", DMZ="dmz")))
    assert firewalls(plan) == []
    assert "Old" in " ".join(map(words, page.all("p", class_="error", role="alert")))
    assert page.one("input", name="behind-Old").get("value") == "old"
    send(client, url, "add", **typed, **sides(Old="", DMZ="dmz"))
    assert firewalls(plan)[0]["zones"] == {"DMZ": "dmz"}


def test_a_side_of_a_zone_that_was_renamed_in_between_is_that_of_its_new_name(client):
    plan, url = make()
    base = {"base": str(plan.revision)}
    renamed = {"zone": "DMZ", "name": "Outer"}
    actions.apply_edit(plan_id=plan.pk, matrix=current_matrix(), edit="edit-zone", params=renamed)
    send(client, url, "add", name="FW-HQ", format="asa", log="1", **base, **sides(Internal="inside", DMZ="dmz"))
    assert firewalls(plan)[0]["zones"] == {"Internal": "inside", "Outer": "dmz"}


def test_a_firewall_is_renamed_and_comes_back_by_undo(client):
    plan, url = make(firewalls=[FW, FW | {"name": "Other"}])
    send(client, url, "edit", firewall="FW-HQ", name="Edge", format="nftables", log="1",
         **sides(Internal="eth0", DMZ="eth1"))  # fmt: skip
    assert [one["name"] for one in firewalls(plan)] == ["Edge", "Other"]
    assert Plan.objects.get(pk=plan.pk).revisions.latest("number").summary == "Firewall FW-HQ renamed to Edge"
    client.post(f"{url}undo/")
    assert firewalls(plan) == [FW, FW | {"name": "Other"}]


def test_a_firewall_is_deleted_and_comes_back_by_undo(client):
    plan, url = make(firewalls=[FW])
    send(client, url, "delete", firewall="FW-HQ")
    assert firewalls(plan) == []
    response = send(client, url, "delete", firewall="FW-HQ")
    assert "There is no firewall “FW-HQ” any more" in response.content.decode()
    client.post(f"{url}undo/")
    assert firewalls(plan) == [FW]


def test_each_remote_site_gets_one_by_a_pattern(client):
    plan, url = make(
        zones=[
            *BASE, ("Oslo", "remote-site"), ("Bergen", "remote-site"),
        ]
    )  # fmt: skip
    send(client, url, "add", name="FW-{zone}", format="fortigate", log="1", inside="lan",
         **sides(Internal="wan1", DMZ="wan1", Oslo="ignored"))  # fmt: skip
    assert firewalls(plan) == [
        {"name": f"FW-{site}", "format": "fortigate", "zones": {"Internal": "wan1", "DMZ": "wan1", site: "lan"}}
        for site in ("Oslo", "Bergen")
    ]
    summary = Plan.objects.get(pk=plan.pk).revisions.latest("number").summary
    assert summary == "2 firewalls added: FW-Oslo and FW-Bergen"


@pytest.mark.parametrize(
    ("data", "field", "sentence"),
    [
        ({"name": ""}, "firewall-name", "Give the firewall a name."),
        ({"name": "fw-hq"}, "firewall-name", "is there already"),
        ({"name": "FW-{zone}"}, "firewall-name", "the plan has none"),
        ({"chain": "a b"}, "firewall-chain", "allowed is"),
        ({"format": "asa", "chain": "vault"}, "firewall-chain", "Cisco ASA has no option"),
        ({"published": "PS01: 203.0.113.10"}, "firewall-published", "Line 1: write an endpoint and the address"),
        ({"published": "PS01 = nowhere"}, "firewall-published", "no address that a firewall shows"),
        ({"published": "Nobody = 203.0.113.10"}, "firewall-published", "Nobody"),
        ({"published": "PS01 = 10.1.1.1\nPS01 = 10.1.1.2"}, "firewall-published", "stands twice"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(client, data, field, sentence):
    plan, url = make(firewalls=[FW])
    sent = {"name": "New", "format": "nftables", "log": "1", **sides(DMZ="eth3")} | data
    page = Page(send(client, url, "add", **sent))
    assert firewalls(plan) == [FW]
    assert sentence in words(page.one(id=f"{field}-error"))
    assert page.one(id=field).get("aria-invalid") == "true"
    shown = page.one("input", name="behind-DMZ")
    assert shown.get("value") == "eth3"


def test_many_zones_are_written_as_lines(client):
    zones = [*BASE, *((f"Site {number}", "remote-site") for number in range(70))]
    plan, url = make(zones=zones)
    page = Page(client.get(f"{url}?panel=firewalls"))
    assert page.one(id="firewall-sides").tag == "textarea"
    lines = "Internal = eth0\nSite 3 = eth1\nSite 4 =\n"
    send(client, url, "add", name="Many", format="nftables", log="1", sides=lines)
    assert firewalls(plan) == [{"name": "Many", "format": "nftables", "zones": {"Internal": "eth0", "Site 3": "eth1"}}]
    page = Page(send(client, url, "add", name="More", format="nftables", log="1", sides="Nowhere = eth0"))
    assert "Nowhere" in words(page.one(id="firewall-sides-error"))


def test_the_panel_says_what_passes_each_and_what_none_sees(client):
    _, url = make(firewalls=[FW, FW | {"name": "Blind", "zones": {"DMZ": "a"}}])
    page = Page(client.get(f"{url}?panel=firewalls"))
    said = words(page.one(id="panel"))
    assert "no rule" in said
    assert "no firewall of the plan has both zones behind different interfaces" in said
    assert "eth0" in said
    changing = Page(client.get(f"{url}?panel=firewalls&firewall=FW-HQ"))
    assert changing.one(id="firewall-name").get("value") == "FW-HQ"
    assert words(changing.one(id="firewall-form-title")) == "Change FW-HQ"


def test_a_plan_that_was_stored_with_a_chain_of_the_device_s_own_opens_is_edited_and_gets_no_file(client):
    plan, url = make(firewalls=[FW | {"options": {"chain": "vault"}}])
    document = plan.document | {"firewalls": [FW | {"options": {"chain": "forward"}}]}
    Plan.objects.filter(pk=plan.pk).update(document=document)
    refused = send(client, url, "add", name="FW-2", format="nftables", chain="input", **sides(Internal="eth0"))
    assert "can't stand here; allowed is a name of letters" in words(Page(refused).root)
    assert client.get(url).status_code == 200
    said = client.get(f"{url}report/firewalls")
    assert said.status_code == 422
    assert "it would empty forward" in words(Page(said).root)
    send(client, url, "edit", firewall="FW-HQ", name="FW-1", format="nftables", log="1", chain="forward",
         **sides(Internal="eth0", DMZ="eth1"))  # fmt: skip
    assert [one["name"] for one in firewalls(plan)] == ["FW-1"]
    send(client, url, "edit", firewall="FW-1", name="FW-1", format="nftables", log="1", chain="vault",
         **sides(Internal="eth0", DMZ="eth1"))  # fmt: skip
    assert client.get(f"{url}report/firewalls").status_code == 200
