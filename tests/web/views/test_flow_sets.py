"""New flows by the dozen: from sets to sets, several services at once, started from presets, counted before."""

import pytest

from planner.plan import limits
from planner.plan.presets import PRESETS
from tests.report.samples import contoso, sites, write_plan
from tests.web.views.pages import HTMX, Page, document_of, store, words
from tests.web.views.test_own_flows import NEW, both, errors, flows, send


@pytest.fixture
def plan():
    return store()


def sets(client, where, end="source"):
    """What can be named at once, by its label, with what the form sends for it."""
    select = Page(client.get(f"/plans/{where}/?panel=own")).one("select", id=f"own-{end}")
    return {
        words(option): option.get("value") for option in select.iter("option") if option.get("value", "")[:1] == " "
    }


def ends(rows):
    return [(flow["source"], flow["destination"], flow["protocol"], flow.get("ports")) for flow in rows]


@both
def test_sets_of_endpoints_become_a_flow_for_each_pair_and_service_in_one_step(client, htmx):
    row, where = store(sites(2))
    named = sets(client, where)
    agents = named["All: Remote site agent (2)"]
    data = NEW | {"source": [agents, "PS01"], "destination": "SQL", "protocol": "tcp+udp", "ports": "53, tcp/853"}
    send(client, where, "add", data, htmx=htmx)
    services = [("tcp", "53"), ("udp", "53"), ("tcp", "853")]
    assert ends(flows(row)) == [(end, "SQL", *service) for end in ("A0", "A1", "PS01") for service in services]
    assert {flow["reason"] for flow in flows(row)} == {"Monitoring"}
    assert row.revisions.count() == 2
    assert row.revisions.get(number=2).summary == "9 flows added: A0 to SQL, tcp 53, and 8 more"
    client.post(f"/plans/{where}/undo/")
    assert flows(row) == []


def test_a_role_a_platform_a_zone_and_a_kind_of_zones_are_sets(client):
    _, where = store(sites(2))
    named = sets(client, where)
    wanted = {
        "All endpoints (10)",
        "All: Passwordstate web server (1)",
        "All: Remote site agent (2)",
        "All with Windows (2)",
    }
    assert wanted | {"All in Internal (3)", "All in Site 0 (3)", "All in remote sites (6)"} <= set(named)
    assert not [label for label in named if label.endswith("(0)")]
    assert sets(client, where, "destination") == named


def test_nothing_flows_from_an_endpoint_to_itself_unless_that_alone_is_asked_for(client, plan):
    row, where = plan
    everybody = sets(client, where)
    zone = next(value for label, value in everybody.items() if label.startswith("All in DMZ"))
    members = [end["name"] for end in row.document["endpoints"] if end["zone"] == "DMZ"]
    send(client, where, "add", NEW | {"source": zone, "destination": zone})
    made = [(flow["source"], flow["destination"]) for flow in flows(row)[1:]]
    assert made == [(one, other) for one in members for other in members if one != other]
    send(client, where, "add", NEW | {"source": "PS01", "destination": "PS01"})
    assert flows(row)[-1]["destination"] == "PS01"


def test_an_endpoint_that_is_called_like_a_set_is_none(client):
    ends_there = [{"name": name, "zone": "DMZ"} for name in ("zone:DMZ", "other", "third")]
    row, where = store(write_plan(*ends_there))
    send(client, where, "add", NEW | {"source": "zone:DMZ", "destination": "other"})
    assert ends(flows(row)) == [("zone:DMZ", "other", "tcp", "8080")]
    send(client, where, "add", NEW | {"source": " zone:DMZ", "destination": "other", "ports": "9090"})
    assert [flow["source"] for flow in flows(row)[1:]] == ["zone:DMZ", "third"]


def test_a_set_means_those_whom_its_sender_saw_under_their_names_of_today(client):
    row, where = store(sites(2))
    agents = sets(client, where)["All: Remote site agent (2)"]
    client.post(f"/plans/{where}/endpoints/edit/", {"target": "A0", "name": "Agent", "zone": "Site 0",
                "roles": ["remote-site-agent"]})  # fmt: skip
    late = {"name": "A9", "zone": "Internal", "roles": ["remote-site-agent"]}
    client.post(f"/plans/{where}/endpoints/add/", late)
    names = {end["name"] for end in document_of(row)["endpoints"]}
    assert {"Agent", "A9"} <= names
    send(client, where, "add", NEW | {"source": agents, "destination": "PS01", "base": "1", "operation": "d" * 32})
    assert [flow["source"] for flow in flows(row)] == ["Agent", "A1"]


def test_of_several_flows_those_that_are_there_are_left_out(client, plan):
    row, where = plan
    there = flows(row)[0]
    data = NEW | {
        "source": "PS01",
        "destination": "DC01",
        "protocol": "udp",
        "ports": "53, 54",
        "reason": there["reason"],
    }
    send(client, where, "add", data)
    assert [flow["ports"] for flow in flows(row)] == ["53", "54"]
    assert "All of these flows are in the plan already" in errors(send(client, where, "add", data))


@pytest.mark.parametrize(
    ("limit", "most", "said"),
    [("ROWS", 6, "and a plan has at most 6 of its own; it has 1."), ("DOCUMENT", 40, "each with its reason.")],
)
def test_more_flows_than_a_plan_may_have_are_refused_before_they_are_made(
    client, plan, monkeypatch, limit, most, said
):
    row, where = plan
    monkeypatch.setattr(limits, limit, most)
    data = NEW | {"source": " all", "destination": ["DC01", "Portal"]}
    response = send(client, where, "add", data)
    assert said in errors(response)
    assert Page(response).one("textarea", id="own-new-reason").text.strip() == "Monitoring"
    assert len(flows(row)) == 1


@both
def test_how_many_flows_it_makes_is_said_before(client, plan, htmx):
    row, where = plan
    data = NEW | {"source": ["PS01", "Portal"], "destination": "DC01", "ports": "1, 2, 3", "reason": ""}
    address = f"/plans/{where}/flows/prepare/?panel=own"
    response = client.get(address, data, headers=HTMX) if htmx else client.post(address, data)
    page = Page(response)
    assert page.text(id="own-made-words") == "Makes 6 flows: PS01 and Portal to DC01, tcp 1, tcp 2, tcp 3."
    assert page.is_whole != htmx
    assert errors(response) == ""
    chosen = [box.get("value") for box in page.all("input", name="source", type="checkbox", checked=True)]
    assert chosen == ["Portal"]
    assert row.revisions.count() == 1


@pytest.mark.parametrize("slug", PRESETS)
def test_a_preset_fills_the_form_and_keeps_who(client, plan, slug):
    preset = PRESETS[slug]
    _, where = plan
    data = NEW | {"ports": "9", "preset": slug}
    for page in (
        Page(client.post(f"/plans/{where}/flows/prepare/?panel=own", data)),
        Page(client.get(f"/plans/{where}/?panel=own&preset={slug}&from=DC01&to=Portal")),
    ):
        assert page.one("input", id="own-new-ports").get("value") == preset.ports
        assert words(page.one("textarea", id="own-new-reason")) == preset.reason
        options = page.one("select", id="own-new-protocol").iter("option")
        chosen = [option.get("value") for option in options if option.get("selected") is not None]
        assert chosen == [preset.protocol]
        for end, name in (("source", "DC01"), ("destination", "Portal")):
            select = page.one("select", id=f"own-{end}")
            assert [o.get("value") for o in select.iter("option") if o.get("selected") is not None] == [name]
        assert page.one(id=f"own-preset-{slug}").get("aria-current") == "true"
        assert page.text(id="own-hint") == preset.hint
        assert bool(page.text(id="own-made-words")) == bool(preset.ports)


@pytest.mark.parametrize("slug", [slug for slug, preset in PRESETS.items() if preset.ports])
def test_a_preset_can_be_added_as_it_is(client, plan, slug):
    row, where = plan
    preset = PRESETS[slug]
    data = {"source": "PS01", "destination": "DC01", "protocol": preset.protocol, "ports": preset.ports}
    send(client, where, "add", data | {"reason": preset.reason})
    assert len(flows(row)) > 1
    assert row.revisions.count() == 2


def test_the_ports_of_presets_are_those_of_the_registry():
    """As https://www.iana.org/assignments/service-names-port-numbers has them, and by custom syslog over tcp 514."""
    assert {slug: (preset.protocol, preset.ports) for slug, preset in PRESETS.items()} == {
        "dns": ("tcp+udp", "53"),
        "ntp": ("udp", "123"),
        "syslog": ("tcp+udp", "514, tcp/6514"),
        "monitor": ("tcp", ""),
        "backup": ("tcp", ""),
        "radius": ("udp", "1812, 1813"),
        "saml": ("tcp", "443"),
        "catalog": ("tcp", "3268, 3269"),
        "updates": ("tcp", "80, 443"),
    }


@pytest.mark.parametrize("query", ["?view=findings", "?panel=caveats"])
def test_what_the_document_does_not_cover_leads_to_each_preset(client, plan, query):
    _, where = plan
    page = Page(client.get(f"/plans/{where}/{query}"))
    leading = [link for link in page.all("a") if "preset=" in link.get("href") and not link.get("id")]
    assert [words(link) for link in leading] == [preset.name for preset in PRESETS.values()]
    opened = Page(client.get(leading[0].get("href").partition("#")[0]))
    assert opened.one("input", id="own-new-ports").get("value") == "53"
    assert opened.one("select", id="own-destination").get("autofocus") is not None


def test_readers_have_no_presets(client, plan):
    row, _ = plan
    page = Page(client.get(f"/plans/{row.key}/report/?view=findings"))
    assert not [link for link in page.all("a") if "preset=" in link.get("href", "")]


def test_the_form_is_empty_again_after_what_an_address_proposed_is_added(client, plan):
    _, where = plan
    query = "?panel=own&preset=dns&from=PS01"
    response = send(client, where, "add", NEW, htmx=True, query=query)
    assert response.headers["HX-Replace-Url"].endswith("?panel=own")
    assert Page(response).one("input", id="own-new-ports").get("value") == ""


def test_what_every_server_needs_starts_from_all_servers_and_never_from_the_internet(client):
    """“All endpoints” opened the internet's way to the log collector with the same click."""
    _, where = store(contoso())
    page = Page(client.get(f"/plans/{where}/?panel=own&preset=syslog"))
    [chosen] = page.all("option", selected=True, value=" servers")
    assert words(chosen).startswith("All servers (")
    # People alone: there is nobody to start from, which is no error before anything was said.
    _, where = store(write_plan({"name": "Staff", "zone": "Internal", "group": True, "roles": ["website-user"]}))
    page = Page(client.get(f"/plans/{where}/?panel=own&preset=syslog"))
    assert page.all("option", value=" servers") == []
    assert not page.text(id="own-made-words")
