"""The plan's own flows: each action by a plain form and by htmx, and what speaks against it."""

import pytest

from planner.web.forms.rows import MAX_SELECT, PER_PAGE
from tests.report.samples import HOSTILE_NAMES, contoso, hostile_lot, in_lots, sites, write_plan
from tests.web.views.pages import HTMX, Page, by_turns, document_of, store, words

both = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
NEW = {"source": "DC01", "destination": "Portal", "protocol": "tcp", "ports": "8080", "reason": "Monitoring"}


@pytest.fixture
def plan():
    return store()


def send(client, where, path, data, *, htmx=False, query="?panel=own"):
    current = f"http://testserver/plans/{where}/{query}"
    headers = HTMX | {"HX-Target": "report", "HX-Current-URL": current} if htmx else {}
    return client.post(f"/plans/{where}/flows/{path}/{query}", data, headers=headers)


def flows(row):
    return document_of(row).get("additional_flows", [])


def keys(client, where):
    """By port: the key and the revision that the page shows for a flow, as its delete form would send them."""
    page = Page(client.get(f"/plans/{where}/?panel=own"))
    found = {}
    for item in page.all("li", class_="own-flow"):
        fields = {field.get("name"): field.get("value") for form in item.iter("form") for field in form.iter("input")}
        found[fields["ports"]] = {"key": fields["key"], "base": fields["base"]}
    return found


def errors(response):
    return " | ".join(words(error) for error in Page(response).all(class_="error"))


@both
def test_a_flow_is_added_changed_and_deleted(client, plan, htmx):
    row, where = plan
    response = send(client, where, "add", NEW, htmx=htmx)
    assert response.status_code == (200 if htmx else 302)
    assert flows(row)[1] == NEW
    page = Page(client.get(f"/plans/{where}/?panel=own&view=flows"))
    assert page.text("a", id="tab-own") == "Own flows 2"
    assert any("Monitoring" in row[4] and row[2].startswith("tcp 8080") for row in page.table("flows"))
    key = keys(client, where)["8080"]
    send(client, where, "edit", key | {"protocol": "udp", "ports": "161 – 162", "reason": "Traps"}, htmx=htmx)
    assert flows(row)[1] == NEW | {"protocol": "udp", "ports": "161-162", "reason": "Traps"}
    send(client, where, "delete", keys(client, where)["53"], htmx=htmx)
    assert [flow["ports"] for flow in flows(row)] == ["161-162"]
    client.post(f"/plans/{where}/undo/")
    assert len(flows(row)) == 2


def test_an_icmp_flow_has_no_ports(client, plan):
    row, where = plan
    send(client, where, "add", NEW | {"protocol": "icmp", "ports": ""})
    assert flows(row)[1] == {key: value for key, value in NEW.items() if key != "ports"} | {"protocol": "icmp"}


@by_turns(
    ("changes", "field", "part"),
    [
        ({"source": ""}, "own-source-error", "opens the connection"),
        ({"destination": ""}, "own-destination-error", "accepts the connection"),
        ({"source": "Moon"}, "own-source-error", "no endpoint 'Moon'"),
        ({"destination": "dc01"}, "own-destination-error", "no endpoint 'dc01'"),
        ({"destination": "a\x07"}, "own-destination-error", "no endpoint"),
        ({"protocol": "sctp"}, "own-new-protocol-error", "allowed are tcp, udp, icmp"),
        ({"protocol": ""}, "own-new-protocol-error", "Choose a protocol"),
        ({"ports": ""}, "own-new-ports-error", "A port or range is needed"),
        ({"ports": "0"}, "own-new-ports-error", "0"),
        ({"ports": "70000"}, "own-new-ports-error", "outside 1 to 65535"),
        ({"ports": "9-1"}, "own-new-ports-error", "9-1"),
        ({"ports": "80 81"}, "own-new-ports-error", "“80 81” is neither a port"),
        ({"ports": "443, 44 3"}, "own-new-ports-error", "“44 3” is neither a port"),
        ({"ports": "22,x"}, "own-new-ports-error", "“x”"),
        ({"ports": "22;23"}, "own-new-ports-error", "22;23"),
        ({"ports": "sctp/23"}, "own-new-ports-error", "sctp/23"),
        ({"ports": ","}, "own-new-ports-error", "A port or range is needed"),
        ({"source": " zone:Moon"}, "own-source-error", "Nothing in the plan is in this set"),
        ({"ports": "٢٢"}, "own-new-ports-error", "٢٢"),
        ({"protocol": "icmp"}, "own-new-ports-error", "ICMP has no ports"),
        ({"reason": " \n"}, "own-new-reason-error", "what this flow is for"),
        ({"reason": "a\x1bb"}, "own-new-reason-error", "control characters"),
    ],
    ids=str,
)
def test_a_fault_stands_at_its_field_with_what_was_sent(client, plan, htmx, changes, field, part):
    row, where = plan
    response = send(client, where, "add", NEW | changes, htmx=htmx)
    page = Page(response)
    assert part in page.text(id=field)
    assert page.text(id="state") == "Not saved: see the form"
    described = [item for item in page.all(aria_describedby=True) if field in item.get("aria-describedby").split()]
    assert [item.get("aria-invalid") for item in described] == ["true"]
    if "ports" not in changes:
        assert page.one("input", id="own-new-ports").get("value") == "8080"
    for end in ("source", "destination"):
        chosen = [
            o.get("value") for o in page.one("select", id=f"own-{end}").iter("option") if o.get("selected") is not None
        ]
        wanted = (NEW | changes)[end]
        assert chosen == ([wanted] if wanted else [])
    assert len(flows(row)) == row.revisions.count() == 1
    assert len(page.ids) == len(set(page.ids))


def test_a_fault_of_a_change_stands_in_the_flow_that_was_meant(client, plan):
    row, where = plan
    send(client, where, "add", NEW)
    key = keys(client, where)["8080"]
    page = Page(send(client, where, "edit", key | {"protocol": "icmp", "ports": "8080", "reason": "New"}))
    name = key["key"]
    assert "ICMP has no ports" in page.text(id=f"own-{name}-ports-error")
    assert page.one("details", id=f"own-{name}-more").get("open") is not None
    assert words(page.one("textarea", id=f"own-{name}-reason")) == "New"
    assert words(page.one("textarea", id="own-new-reason")) == ""
    assert flows(row)[1] == NEW


@both
def test_a_stale_page_deletes_no_other_flow_than_it_showed(client, plan, htmx):
    row, where = plan
    send(client, where, "add", NEW)
    stale = keys(client, where)["53"]
    send(client, where, "delete", stale)
    send(client, where, "add", NEW | {"ports": "9090"})
    response = send(client, where, "delete", stale, htmx=htmx)
    assert "no longer in the plan" in errors(response)
    assert [flow["ports"] for flow in flows(row)] == ["8080", "9090"]
    response = send(client, where, "edit", stale | {"protocol": "tcp", "ports": "1", "reason": "R"}, htmx=htmx)
    assert "no longer in the plan" in errors(response)


def test_a_stale_page_deletes_its_flow_under_the_names_of_today(client, plan):
    row, where = plan
    stale = keys(client, where)["53"]
    client.post(f"/plans/{where}/endpoints/edit/", {"target": "DC01", "name": "DC09", "zone": "Internal",
                "addresses": "10.0.0.20", "roles": ["domain-controller"]})  # fmt: skip
    assert flows(row)[0]["destination"] == "DC09"
    assert send(client, where, "delete", stale).status_code == 302
    assert flows(row) == []


@pytest.mark.parametrize("key", ["", "0" * 32, "0", "<b>"])
def test_a_key_of_no_flow_deletes_nothing(client, plan, key):
    row, where = plan
    assert "no longer in the plan" in errors(send(client, where, "delete", {"key": key}))
    assert row.revisions.count() == 1


def test_the_same_form_sent_twice_counts_once(client, plan):
    row, where = plan
    data = NEW | {"operation": "b" * 32, "base": "1"}
    for _ in range(2):
        assert send(client, where, "add", data).status_code == 302
    assert len(flows(row)) == 2
    data = keys(client, where)["53"] | {"operation": "c" * 32}
    for _ in range(2):
        assert send(client, where, "delete", data).status_code == 302
    assert len(flows(row)) == 1


def test_a_flow_that_is_there_is_not_added_again(client, plan):
    row, where = plan
    response = send(client, where, "add", NEW | {"source": "PS01", "destination": "DC01", "protocol": "udp",
                    "ports": "053", "reason": " Name resolution "})  # fmt: skip
    assert "in the plan already" in errors(response)
    assert len(flows(row)) == 1


def test_flows_that_say_the_same_stand_once_with_their_number(client):
    flow = contoso()["additional_flows"][0]
    row, where = store(contoso(additional_flows=[flow, flow]))
    page = Page(client.get(f"/plans/{where}/?panel=own"))
    assert "2 times" in words(page.one("li", class_="own-flow"))
    assert len(page.ids) == len(set(page.ids))
    send(client, where, "delete", keys(client, where)["53"])
    assert flows(row) == [flow]


EVERY_NAME = (*HOSTILE_NAMES, "</option></select><script>x</script>", '" autofocus x="')


@pytest.mark.parametrize("names", in_lots(EVERY_NAME), ids=ascii)
def test_hostile_names_are_text(client, names):
    _, where = store(hostile_lot(names))
    page = Page(client.get(f"/plans/{where}/?panel=own"))
    assert {*names} <= {option.get("value") for option in page.one("select", id="own-source").iter("option")}
    said = [words(item) for item in page.all("li", class_="own-flow")]
    assert not [name for name in names if not any(f"{name} →" in text for text in said)]
    assert not page.all("b")
    assert not page.all("r")
    assert not page.all("script", src=None)


@pytest.mark.slow
def test_many_flows_come_in_pages(client):
    many = [NEW | {"ports": str(number)} for number in range(1, PER_PAGE * 2 + 2)]
    row, where = store(contoso(additional_flows=many))
    page = Page(client.get(f"/plans/{where}/?panel=own&own=3"))
    assert [words(item.find("p")) for item in page.all("li", class_="own-flow")] == ["DC01 → Portal tcp 201"]
    page = Page(client.get(page.one("a", id="own-previous").get("href")))
    assert len(page.all("li", class_="own-flow")) == PER_PAGE
    for odd in ("0", "-1", "x", "9" * 9, "99"):
        assert client.get(f"/plans/{where}/?panel=own&own={odd}").status_code == 200
    assert len(flows(row)) == 201


def test_of_many_endpoints_the_names_are_typed(client):
    row, where = store(sites(MAX_SELECT // 3 + 1))
    page = Page(client.get(f"/plans/{where}/?panel=own"))
    assert page.one("input", id="own-source").get("list") == page.one("datalist", id="own-names").get("id")
    assert len(list(page.one("datalist", id="own-names").iter("option"))) == len(row.document["endpoints"])
    send(client, where, "add", NEW | {"source": "A7", "destination": "PS01"})
    assert flows(row)[0]["source"] == "A7"
    page = Page(send(client, where, "add", NEW | {"source": 'X"><b>', "destination": "PS01"}))
    assert page.one("input", id="own-source").get("value") == 'X"><b>'
    assert "no endpoint" in page.text(id="own-source-error")


def test_a_plan_without_endpoints_says_what_is_missing(client):
    _, where = store(write_plan())
    page = Page(client.get(f"/plans/{where}/?panel=own"))
    assert "has none yet" in words(page.one(id="panel"))
    assert not page.all(id="own-add")
