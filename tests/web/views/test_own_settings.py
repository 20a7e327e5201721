"""Choices, ports and networks of zones and endpoints: changed in their editors, shown where they differ."""

from itertools import product

import pytest

from planner.store import actions
from ports.queries import current_matrix
from tests.report.samples import HOSTILE_NAMES, contoso, hostile
from tests.web.views.pages import HTMX, Page, by_lots, by_turns, document_of, seen, store, words

both = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
AS_SHOWN = object()


@pytest.fixture
def plan():
    return store(contoso(choices={"esxi": "ssh"}))


def read_form(page, path):
    """What a browser sends of the editor as it stands: by name, the values of its controls."""
    (form,) = [form for form in page.all("form") if form.get("action", "").partition("?")[0].endswith(path)]
    data = {}
    for control in form.iter():
        name, kind = control.get("name"), control.get("type")
        if control.tag == "input" and name and (kind != "checkbox" or control.get("checked") is not None):
            data.setdefault(name, []).append(control.get("value", ""))
        elif control.tag == "textarea":
            data[name] = ["".join(control.itertext()).removeprefix("\n")]
        elif control.tag == "select":
            options = list(control.iter("option"))
            chosen = [option for option in options if option.get("selected") is not None] or options[:1]
            data[name] = [option.get("value", words(option)) for option in chosen]
    return data


def open_editor(client, where, part, name):
    query = {"endpoints": "edit", "zones": "zone"}[part]
    page = Page(client.get(f"/plans/{where}/", {query: name}))
    return page, read_form(page, f"/{part}/edit/")


def save(client, where, part, name, changes, *, htmx=False):
    _, data = open_editor(client, where, part, name)
    query = f"?{'edit' if part == 'endpoints' else 'zone'}={name}"
    current = f"http://testserver/plans/{where}/{query}"
    headers = HTMX | {"HX-Target": "report", "HX-Current-URL": current} if htmx else {}
    return client.post(f"/plans/{where}/{part}/edit/{query}", data | changes, headers=headers)


def row_of(plan, part, name):
    return next(row for row in document_of(plan)[part] if row["name"] == name)


def errors(response):
    return " | ".join(words(error) for error in Page(response).all(class_="error"))


TARGETS = [("endpoints", "ESX01"), ("zones", "DMZ")]


@both
@pytest.mark.parametrize(("part", "name"), TARGETS)
def test_choices_and_ports_are_set_and_taken_back_and_all_else_stays(client, plan, htmx, part, name):
    row, where = plan
    before = row_of(row, part, name)
    changes = {"choices.esxi": "powercli", "choices.active-directory": ["-", "ldaps"], "ports.ssh": " 2222 "}
    response = save(client, where, part, name, changes, htmx=htmx)
    assert response.status_code == (200 if htmx else 302), errors(response)
    own = {"choices": {"active-directory": ["ldaps"], "esxi": "powercli"}, "ports": {"ssh": "2222"}}
    assert row_of(row, part, name) == before | own
    summary = row.revisions.get(number=2).summary
    assert "Domain protocols" in summary or "choices of its own" in summary
    page, data = open_editor(client, where, part, name)
    assert data["choices.esxi"] == ["powercli"]
    assert data["choices.active-directory"] == ["-", "ldaps"]
    assert data["ports.ssh"] == ["2222"]
    assert page.text("summary", id=f"{part[:-1]}-own-summary").endswith("3")
    save(client, where, part, name, {}, htmx=htmx)
    assert row.revisions.count() == 2, "the form as it stands changes nothing"
    save(client, where, part, name, {"choices.active-directory": "-", "ports.rdp": "3390"}, htmx=htmx)
    now = row_of(row, part, name)
    assert now["choices"] == {"active-directory": [], "esxi": "powercli"}, "none of them is an answer, too"
    assert now["ports"] == {"rdp": "3390", "ssh": "2222"}
    back = {"choices.active-directory": ["-", ""], "choices.esxi": "", "ports.ssh": "", "ports.rdp": ""}
    save(client, where, part, name, back, htmx=htmx)
    assert row_of(row, part, name) == before
    client.post(f"/plans/{where}/undo/")
    assert row_of(row, part, name)["ports"] == {"rdp": "3390", "ssh": "2222"}


@pytest.mark.parametrize(("part", "name"), TARGETS)
def test_what_is_ticked_beside_as_the_plan_is_meant_and_the_other_way_round(client, plan, part, name):
    row, where = plan
    save(client, where, part, name, {"choices.active-directory": ["-", "", "ldaps", "kerberos"]})
    assert row_of(row, part, name)["choices"] == {"active-directory": ["ldaps", "kerberos"]}
    save(client, where, part, name, {"choices.active-directory": ["-", "", "ldaps", "kerberos"]})
    assert "choices" not in row_of(row, part, name)


@pytest.mark.parametrize(("part", "name"), TARGETS)
def test_a_form_without_these_fields_leaves_them(client, part, name):
    own = {"choices": {"esxi": "ssh"}, "ports": {"ssh": "2222"}, "networks": ["192.0.2.0/24"]}
    document = contoso()
    target = next(item for item in document[part] if item["name"] == name)
    target |= own if part == "zones" else {key: own[key] for key in ("choices", "ports")}
    row, where = store(document)
    data = {"target": name, "name": "New", "kind": "dmz", "zone": "DMZ", "platforms": "vmware-esxi"}
    client.post(f"/plans/{where}/{part}/edit/", data)
    now = row_of(row, part, "New")
    assert {key: now[key] for key in target if key in own} == {key: target[key] for key in target if key in own}


WRONG = [
    ({"ports.ssh": "70000"}, "“70000” is outside 1 to 65535"),
    ({"ports.ssh": "84 43"}, "“84 43” is neither a port"),
    ({"ports.ssh": "<b>"}, "“<b>”"),
    ({"ports.ssh": "9-1"}, "9-1"),
    ({"choices.esxi": "telepathy"}, "'telepathy' is not known here"),
    ({"choices.active-directory": ["-", "nis"]}, "'nis' is not known here"),
    ({"choices.moon": "x"}, "This key is not known here"),
    ({"ports.ldap": "390"}, "ldap"),
]


@by_turns(
    ("part", "name", "changes", "said"),
    [(*target, *wrong) for target, wrong in product(TARGETS, WRONG)],
    ids=str,
)
def test_what_cant_be_is_said_and_what_was_sent_stands_there(client, plan, htmx, part, name, changes, said):
    row, where = plan
    before = row_of(row, part, name)
    response = save(client, where, part, name, changes | {"ports.rdp": "3390"}, htmx=htmx)
    assert said in errors(response)
    page = Page(response)
    assert page.text(id="state") == "Not saved: see the form"
    assert page.one("details", id=f"{part[:-1]}-own").get("open") is not None
    assert page.one("input", id=f"{part[:-1]}-port-rdp").get("value") == "3390"
    if "ports.ssh" in changes:
        field = page.one("input", id=f"{part[:-1]}-port-ssh")
        assert (field.get("value"), field.get("aria-invalid")) == (changes["ports.ssh"], "true")
        assert field.get("aria-describedby") == f"{part[:-1]}-port-ssh-error"
    assert row_of(row, part, name) == before
    assert row.revisions.count() == 1
    assert len(page.ids) == len(set(page.ids))


def test_networks_of_a_zone_are_set_and_refused(client, plan):
    row, where = plan
    save(client, where, "zones", "DMZ", {"networks": "192.0.2.0/24, 2001:db8::/32\n192.0.2.0/24"})
    assert row_of(row, "zones", "DMZ")["networks"] == ["192.0.2.0/24", "2001:db8::/32"]
    assert "192.0.2.0/24, 2001:db8::/32" in Page(client.get(f"/plans/{where}/")).text(id="panel")
    save(client, where, "zones", "DMZ", {"kind": "cloud"})
    assert row_of(row, "zones", "DMZ")["networks"] == ["192.0.2.0/24", "2001:db8::/32"]
    response = save(client, where, "zones", "DMZ", {"networks": "192.0.2.1\nhost"})
    assert "'192.0.2.1' is no network" in Page(response).text(id="zone-networks-error")
    response = save(client, where, "zones", "DMZ", {"networks": "x" * 1_000_001})
    assert Page(response).text(id="zone-networks-error").endswith("1,000,000 characters here; this text is longer.")
    client.post(f"/plans/{where}/zones/add/", {"name": "New", "kind": "internal", "networks": "10.0.0.0/8"})
    assert row_of(row, "zones", "New") == {"name": "New", "kind": "internal", "networks": ["10.0.0.0/8"]}


def test_the_form_says_what_holds_without_an_own_answer(client, plan):
    _, where = plan
    save(client, where, "zones", "DMZ", {"choices.winrm": "https", "ports.ssh": "2222"})
    page, _ = open_editor(client, where, "endpoints", "ESX01")
    first = {
        name: words(page.one("select", id=f"endpoint-choice-{name}").find("option")) for name in ("winrm", "esxi")
    }
    assert first["winrm"].startswith("As the zone: HTTPS")
    assert first["esxi"].startswith("As the plan: SSH")
    ports = {name: page.one("input", id=f"endpoint-port-{name}").get("placeholder") for name in ("ssh", "website")}
    assert ports == {"ssh": "2222", "website": "8443"}


def test_what_differs_from_the_plan_is_shown_in_outline_flows_and_rules(client, plan):
    _, where = plan
    save(client, where, "endpoints", "ESX01", {"choices.esxi": "powercli", "ports.rdp": "3390"})
    save(client, where, "endpoints", "DC01", {"choices.esxi": "ssh"})
    page = Page(client.get(f"/plans/{where}/"))
    chips = [words(chip) for chip in page.one(id="panel").iter() if "own-setting" in chip.get("class", "")]
    assert len(chips) == 2, "an own answer that is the plan's differs in nothing"
    assert any("PowerCLI" in chip for chip in chips)
    assert any(chip.endswith("3390") for chip in chips)
    for view in ("rules", "flows"):
        shown = Page(client.get(f"/plans/{where}/?view={view}")).one(id="results")
        rows = [words(row) for row in shown.iter("tr") if any("own-setting" in c.get("class", "") for c in row.iter())]
        assert rows
        assert all("ESX01" in row and "PowerCLI" in row and "3390" not in row for row in rows)


def test_two_people_set_different_ones_and_meet_in_the_same(client, plan):
    row, where = plan
    _, mine = open_editor(client, where, "endpoints", "ESX01")
    params = {"endpoint": "ESX01", "changes": {"ports": {"ssh": "2222"}}}
    actions.apply_edit(plan_id=row.pk, matrix=current_matrix(), edit="edit-endpoint", params=params)
    client.post(f"/plans/{where}/endpoints/edit/", mine | {"ports.rdp": "3390"})
    assert row_of(row, "endpoints", "ESX01")["ports"] == {"rdp": "3390", "ssh": "2222"}
    response = client.post(f"/plans/{where}/endpoints/edit/", mine | {"ports.ssh": "2200"})
    assert "Someone changed the same thing" in errors(response)
    assert "In the plan now: ssh: 2222." in errors(response)
    assert row_of(row, "endpoints", "ESX01")["ports"]["ssh"] == "2222"


@by_lots(HOSTILE_NAMES)
def test_hostile_names_stay_text(client, name):
    row, where = store(hostile(name))
    save(client, where, "zones", name, {"choices.esxi": "ssh"})
    save(client, where, "endpoints", name, {"ports.website": "8443"})
    assert row_of(row, "zones", name)["choices"] == {"esxi": "ssh"}
    assert row_of(row, "endpoints", name)["ports"] == {"website": "8443"}
    for query in ("", "?view=flows"):
        page = Page(client.get(f"/plans/{where}/{query}"))
        assert page.all(class_="own-setting")
        assert seen(name) in [words(element) for element in page.one(id="panel").iter("bdi")]
        assert len(page.ids) == len(set(page.ids))
