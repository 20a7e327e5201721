"""What must stay closed: the forms for a row and for a table of policies, the panel, and what readers see."""

import pytest

from planner.engine import by_address
from planner.store import actions
from planner.web.forms import closed as closed_forms
from planner.web.forms.rows import PER_PAGE
from ports.queries import current_matrix
from tests.report.samples import HOSTILE_NAMES, contoso, hostile_lot, in_lots, write_plan
from tests.web.views.pages import HTMX, Page, by_turns, document_of, store, words

both = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
NEW = {"source": "zone:DMZ", "destination": "endpoint:DC01", "protocol": "tcp", "ports": "3389", "reason": "Policy 12"}
ROW = {"from": {"zone": "DMZ"}, "to": {"endpoint": "DC01"}, "protocol": "tcp", "ports": "3389", "reason": "Policy 12"}
HEAD = "from,to,service,never\n"


@pytest.fixture
def plan():
    return store()


def send(client, where, path, data, *, htmx=False, query="?panel=closed"):
    current = f"http://testserver/plans/{where}/{query}"
    headers = HTMX | {"HX-Target": "report", "HX-Current-URL": current} if htmx else {}
    return client.post(f"/plans/{where}/closed/{path}/{query}", data, headers=headers)


def never(row):
    return document_of(row).get("never", [])


def errors(response):
    return " | ".join(words(error) for error in Page(response).all(class_="error"))


def show(client, where):
    return Page(client.get(f"/plans/{where}/?panel=closed"))


def keys(client, where):
    page = show(client, where)
    return [
        item.get("id").removeprefix("never-") for item in page.all("li") if item.get("id", "").startswith("never-")
    ]


@both
def test_a_row_is_added_and_taken_back(client, plan, htmx):
    row, where = plan
    response = send(client, where, "add", NEW, htmx=htmx)
    assert response.status_code == (200 if htmx else 302)
    assert never(row) == [ROW]
    assert row.revisions.get(number=2).summary == "To stay closed: zone DMZ to DC01, tcp 3389"
    page = show(client, where)
    assert page.text("a", id="tab-closed") == "Closed 1"
    (key,) = keys(client, where)
    assert page.text("li", id=f"never-{key}").startswith("zone DMZ → DC01 tcp 3389 Policy 12 Take it back")
    send(client, where, "delete", {"key": key}, htmx=htmx)
    assert never(row) == []
    assert row.revisions.get(number=3).summary == "Need not stay closed: zone DMZ to DC01, tcp 3389"
    client.post(f"/plans/{where}/undo/")
    assert never(row) == [ROW]
    assert "no longer in the plan" in errors(send(client, where, "delete", {"key": "moon"}, htmx=htmx))


@pytest.mark.parametrize(
    ("protocol", "ports", "stored"),
    [
        ("", "", {}),
        ("icmp", "", {"protocol": "icmp"}),
        ("udp", "", {"protocol": "udp"}),
        ("tcp", "1 – 1024", {"protocol": "tcp", "ports": "1-1024"}),
    ],
)
def test_without_ports_or_protocol_it_is_all_of_them(client, plan, protocol, ports, stored):
    row, where = plan
    send(client, where, "add", NEW | {"protocol": protocol, "ports": ports})
    assert never(row) == [{"from": ROW["from"], "to": ROW["to"], **stored, "reason": "Policy 12"}]


@by_turns(
    ("changes", "field", "part"),
    [
        ({"source": ""}, "never-source", "Choose a zone or an endpoint"),
        ({"source": "DMZ"}, "never-source", "Choose a zone or an endpoint"),
        ({"source": "planet:Moon"}, "never-source", "Choose a zone or an endpoint"),
        ({"source": "zone:Moon"}, "never-source", "no zone 'Moon'"),
        ({"destination": "zone:DC01"}, "never-destination", "no zone 'DC01'"),
        ({"destination": "endpoint:DMZ"}, "never-destination", "no endpoint 'DMZ'"),
        ({"protocol": "sctp"}, "never-protocol", "allowed are tcp, udp, icmp"),
        ({"protocol": ""}, "never-ports", "Ports need their protocol"),
        ({"protocol": "icmp"}, "never-ports", "ICMP has no ports"),
        ({"ports": "9-1"}, "never-ports", "9-1"),
        ({"ports": "33 89"}, "never-ports", "“33 89” is neither a port"),
        ({"ports": "70000"}, "never-ports", "outside 1 to 65535"),
        ({"reason": " \n"}, "never-reason", "why this must stay closed"),
        ({"reason": "a\x1bb"}, "never-reason", "control characters"),
    ],
    ids=str,
)
def test_a_fault_stands_at_its_field_with_what_was_sent(client, plan, htmx, changes, field, part):
    row, where = plan
    page = Page(send(client, where, "add", NEW | changes, htmx=htmx))
    assert part in page.text(id=f"{field}-error")
    described = [item for item in page.all(aria_describedby=True) if f"{field}-error" in item.get("aria-describedby")]
    assert [item.get("id") for item in described] == [field]
    assert page.text(id="state") == "Not saved: see the form"
    if "ports" not in changes:
        assert page.one("input", id="never-ports").get("value") == "3389"
    chosen = [
        o.get("value")
        for o in page.one("select", id="never-destination").iter("option")
        if o.get("selected") is not None
    ]
    assert chosen == ([NEW["destination"]] if "destination" not in changes else [])
    assert never(row) == []
    assert row.revisions.count() == 1
    assert len(page.ids) == len(set(page.ids))


def test_the_same_row_isnt_added_twice(client, plan):
    row, where = plan
    send(client, where, "add", NEW)
    assert "in the plan already" in errors(send(client, where, "add", NEW))
    for _ in range(2):
        send(client, where, "add", NEW | {"reason": "Another", "operation": "a" * 32})
    assert [item["reason"] for item in never(row)] == ["Policy 12", "Another"]


def test_what_breaks_a_row_stands_with_it_and_is_counted(client, plan):
    _, where = plan
    send(
        client, where, "add", NEW | {"source": "zone:Internet", "destination": "zone:DMZ", "protocol": "", "ports": ""}
    )
    send(client, where, "add", NEW)
    page = show(client, where)
    assert page.text("a", id="tab-closed") == "Closed 1 broken"
    first, second = (page.text("li", id=f"never-{key}") for key in keys(client, where))
    assert "broken" in first
    assert "Broken by: Public → Portal tcp 443" in first
    assert "roken" not in second


SITE = (
    {"name": "PS01", "zone": "Internal", "roles": ["web-primary", "database"]},
    {"name": "Site", "zone": "DMZ", "roles": ["self-destruct-site"]},
)


def test_what_the_document_forbids_stands_after_the_plans_own(client):
    never_row = {"from": {"zone": "DMZ"}, "to": {"zone": "Internal"}, "reason": "Mine"}
    _, where = store(write_plan(*SITE, choices={"self-destruct": "push-pull"}, never=[never_row]))
    page = show(client, where)
    items = [words(item) for item in page.all("li", class_="own-flow")]
    assert len(items) == 2
    assert "Mine" in items[0]
    assert items[1].startswith("Site → PS01 everything")
    assert items[1].endswith("§6")
    assert "Take it back" not in items[1]
    reader = Page(client.get(f"/plans/{where}/read/?view=closed"))
    assert [words(item)[:20] for item in reader.all("li", class_="own-flow")] == [
        "zone DMZ → zone Inte",
        items[1][:20],
    ]
    assert reader.all("form", method="post") == []
    assert "Take it back" not in reader.html
    assert reader.text("a", id="view-closed") == "Closed 2"


def test_a_plan_has_a_panel_for_it_and_no_view(client, plan):
    _, where = plan
    page = Page(client.get(f"/plans/{where}/?view=closed"))
    assert page.all(id="view-closed") == []
    assert page.table("rules")


def test_rows_come_page_by_page(client):
    many = [ROW | {"ports": str(number)} for number in range(1, PER_PAGE + 2)]
    _, where = store(contoso(never=many))
    assert len(keys(client, where)) == PER_PAGE
    page = show(client, where)
    second = Page(client.get(page.one("a", id="own-next").get("href")))
    assert [words(item)[:24] for item in second.all("li", class_="own-flow")] == ["zone DMZ → DC01 tcp 101 P"[:24]]


def test_where_there_are_too_many_names_they_are_typed(client, plan, monkeypatch):
    row, where = plan
    monkeypatch.setattr(closed_forms, "MAX_SELECT", 3)
    page = show(client, where)
    assert page.one("input", id="never-source").get("list") == "never-names"
    typed = {"source": "DMZ", "source_kind": "zone", "destination": "DC01", "destination_kind": "endpoint"}
    send(client, where, "add", NEW | typed)
    assert never(row) == [ROW]
    wrong = Page(send(client, where, "add", NEW | typed | {"source": "Moon"}))
    assert "no zone 'Moon'" in wrong.text(id="never-source-error")
    assert wrong.one("input", id="never-source").get("value") == "Moon"
    empty = Page(send(client, where, "add", NEW | typed | {"source": " "}))
    assert "Choose a zone" in empty.text(id="never-source-error")


def test_rows_follow_renames_and_go_with_what_they_name(client, plan):
    row, where = plan
    send(client, where, "add", NEW)

    def edit(what, **params):
        actions.apply_edit(plan_id=row.pk, matrix=current_matrix(), edit=what, params=params)

    edit("edit-zone", zone="DMZ", name="Border")
    edit("edit-endpoint", endpoint="DC01", changes={"name": "AD01"})
    assert never(row) == [ROW | {"from": {"zone": "Border"}, "to": {"endpoint": "AD01"}}]
    edit("delete-endpoint", endpoint="AD01")
    assert never(row) == []


# ---- tables of policies ----


@both
def test_policies_are_pasted(client, plan, htmx):
    row, where = plan
    text = "From; To; Service; Never\nDMZ; Internal; tcp/3389 tcp/22; Policy 12\n"
    text += "Internet; Internal; any; yes\nDMZ; Internet; icmp; no\n"
    assert send(client, where, "import", {"text": text}, htmx=htmx).status_code == (200 if htmx else 302)
    inside = {"from": {"zone": "DMZ"}, "to": {"zone": "Internal"}, "protocol": "tcp"}
    assert never(row) == [
        inside | {"ports": "3389", "reason": "Policy 12"},
        inside | {"ports": "22", "reason": "Policy 12"},
        {"from": {"zone": "Internet"}, "to": {"zone": "Internal"}, "reason": "Zone policy"},
    ]
    assert row.revisions.get(number=2).summary == "To stay closed: zone DMZ to zone Internal, tcp 3389, and 2 more"
    more = HEAD + "DMZ,Internal,tcp/22,Policy 12\nDMZ,Internal,udp/53,yes\nDMZ,Internal,udp/53,yes\n"
    send(client, where, "import", {"text": more}, htmx=htmx)
    assert len(never(row)) == 4, "what is there already, in the plan or in the table, isn't added again"
    client.post(f"/plans/{where}/undo/")
    client.post(f"/plans/{where}/undo/")
    assert never(row) == []


def test_a_table_that_is_sent_twice_counts_once(client, plan):
    row, where = plan
    data = {"text": HEAD + "DMZ,Internal,any,yes\n", "operation": "c" * 32}
    for _ in range(2):
        assert send(client, where, "import", data).status_code == 302
    assert len(never(row)) == 1


@by_turns(
    ("text", "place", "part"),
    [
        ("", "", "Paste a table"),
        ("a,b\n1,2\n", "Line 1", "names the columns"),
        (HEAD, "Line 1", "nothing to add"),
        (HEAD + "DMZ,Internal,any,no\n", "Line 1", "stays closed"),
        (HEAD + "Moon,Internal,any,yes\n", "Line 2, from", "no zone “Moon”; the zones are"),
        (HEAD + "DMZ,DC01,any,yes\n", "Line 2, to", "no zone “DC01”"),
        (HEAD + "DMZ,,any,yes\n", "Line 2, to", "A zone is needed"),
        (HEAD + "DMZ,Internal,rdp,yes\n", "Line 2, service", "found “rdp”"),
        (HEAD + "DMZ,Internal,,yes\n", "Line 2, service", "A service is written"),
        (HEAD + "DMZ,Internal,icmp/8,yes\n", "Line 2, service", "icmp"),
        (HEAD + "DMZ,Internal,tcp/99999,yes\n", "Line 2, service", "outside 1 to 65535"),
        (HEAD + "DMZ,Internal,tcp/9-1,no\n", "Line 2, service", "9-1"),
        (HEAD + "DMZ,Internal,any,a\x07b\n", "Line 2, never", "control characters"),
        (HEAD + "DMZ,Internal,any,yes,more\n", "Line 2", "5 cells"),
        (HEAD + 'DMZ,Internal,any,"yes\n', "Line 2", "can't be read as CSV"),
        (HEAD + "\nDMZ,Internal,any,yes\nX,Y,any,yes\n", "Line 4, from", "no zone “X”"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_bad_line_has_a_sentence_and_nothing_is_stored(client, plan, htmx, text, place, part):
    row, where = plan
    page = Page(send(client, where, "import", {"text": text}, htmx=htmx))
    faults = [words(item) for item in page.one(id="policies-errors").iter("li")]
    said = " | ".join(faults) or page.text(id="policies-errors")
    assert part in said
    assert not place or any(fault.startswith(f"{place}:") for fault in faults), faults
    assert words(page.one("textarea", id="policies-text")) == " ".join(text.split())
    assert page.one("details", id="policies").get("open") is not None
    assert never(row) == []
    assert row.revisions.count() == 1


def test_every_bad_line_is_told_at_once(client, plan):
    _, where = plan
    text = HEAD + "Moon,Internal,any,yes\nDMZ,Internal,rdp,yes\nDMZ,Internal,any,yes\nDMZ,Mars,tcp/0,yes\n"
    page = Page(send(client, where, "import", {"text": text}))
    faults = [words(item).split(":")[0] for item in page.one(id="policies-errors").iter("li")]
    assert faults == ["Line 2, from", "Line 3, service", "Line 5, to", "Line 5, service"]
    assert "The table has 4 faults; nothing was added." in page.text(id="policies-errors")


@pytest.mark.parametrize("names", in_lots(HOSTILE_NAMES), ids=ascii)
def test_hostile_names_and_reasons_stay_text(client, names):
    row, where = store(hostile_lot(names))
    for name in names:
        sent = {"source": f"zone:{name}", "destination": f"endpoint:{name}", "reason": f"<i>{name}"}
        send(client, where, "add", NEW | sent)
    zones = [{"zone": name} for name in names]
    assert [side["from"] for side in never(row)] == zones
    page = show(client, where)
    said = [words(item) for item in page.all("li", class_="own-flow")]
    assert len(said) == len(names)
    assert not [name for name, text in zip(names, said, strict=True) if f"<i>{name}" not in text]
    assert len(page.ids) == len(set(page.ids))
    text = HEAD
    for name in names:
        quoted = '"' + name.replace('"', '""') + '"'
        before = "'" if name[0] in "=+-@" else ""  # as a download writes it
        text += f'"{before}{quoted[1:]},DMZ,tcp/1,{quoted}\n'
    send(client, where, "import", {"text": text})
    assert [side["from"] for side in never(row)] == zones * 2


def test_a_row_that_is_kept_by_name_only_says_by_whose_address_it_is_open(client, monkeypatch):
    ends = [{"name": "Kiosk", "zone": "Internet", "addresses": ["10.5.0.7"]},
            {"name": "Net", "zone": "Internet", "addresses": ["10.5.0.0/16"], "group": True},
            {"name": "Web", "zone": "DMZ", "addresses": ["192.0.2.1"]}]  # fmt: skip
    flows = [{"source": "Net", "destination": "Web", "protocol": "tcp", "ports": "443", "reason": "R"}]
    rows = [{"from": {"endpoint": name}, "to": {"endpoint": "Web"}, "reason": "No"} for name in ("Kiosk", "Net")]
    _, where = store(write_plan(*ends, additional_flows=flows, never=rows))
    said = show(client, where).text(id="panel")
    assert "by name only No Net → Web tcp 443 is needed, and Net has an address of Kiosk." in said
    assert said.count("by name only") == 1
    assert "and Net has an address of Kiosk." in words(Page(client.get(f"/plans/{where}/read/?view=closed")).root)
    monkeypatch.setattr(by_address, "MOST_TRIED", 0)
    said = "So many endpoints have these addresses that the flows of some were not looked at."
    _, where = store(write_plan(*ends, additional_flows=flows, never=rows))
    assert f"by name, as far as looked at No {said}" in show(client, where).text(id="panel")
    assert words(Page(client.get(f"/plans/{where}/read/?view=closed")).root).count(said) == 1


def test_a_rule_that_breaks_what_must_stay_closed_is_marked_in_the_list_and_on_its_page(client):
    never = [{"from": {"zone": "Internal"}, "to": {"zone": "DMZ"}, "reason": "Policy <12>"}]
    _, key = store(contoso() | {"never": never})
    said = "Forbidden the plan keeps everything closed from zone Internal to zone DMZ: Policy <12>"
    rules = client.get(f"/plans/{key}/report/json").json()["rules"]
    broken = {rule["id"] for rule in rules if rule["id"].startswith("INT-DMZ-")}
    assert broken
    page = Page(client.get(f"/plans/{key}/", {"view": "rules"}))
    marked = {row[0].split()[0] for row in page.table("rules") if said in " ".join(" ".join(row).split())}
    assert marked == broken
    assert said in Page(client.get(f"/plans/{key}/rule/", {"rule": min(broken)})).text("main")
