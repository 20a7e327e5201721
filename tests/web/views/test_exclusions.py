"""What a plan doesn't need of what the document asks for: excluding a flow, the lists, and taking it back."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from planner.store import actions
from ports.queries import current_matrix
from tests.report.samples import HOSTILE_NAMES, contoso, hostile
from tests.web.views.pages import HTMX, Page, by_lots, by_turns, document_of, store, words

both = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])
LDAPS = {"source": "PS01", "destination": "DC01", "protocol": "tcp", "ports": "636"}
REASON = "Nobody binds by it"


@pytest.fixture
def plan():
    return store()


def send(client, where, path, data, *, htmx=False, query="?panel=excluded"):
    current = f"http://testserver/plans/{where}/{query}"
    headers = HTMX | {"HX-Target": "report", "HX-Current-URL": current} if htmx else {}
    return client.post(f"/plans/{where}/exclusions/{path}/{query}", data, headers=headers)


def exclusions(row):
    return document_of(row).get("exclusions", [])


def errors(response):
    return " | ".join(words(error) for error in Page(response).all(class_="error"))


def fields_of(form):
    return {field.get("name"): field.get("value") for field in form.iter("input") if field.get("type") == "hidden"}


def form_to(page, end):
    """The fields of the one form that is sent to this address."""
    (form,) = [form for form in page.all("form") if form.get("action", "").partition("?")[0].endswith(end)]
    return fields_of(form)


def form_for(client, where, flow):
    """The form that the link beside a flow leads to: its page and its hidden fields."""
    page = Page(client.get(f"/plans/{where}/?view=flows"))
    for link in page.all("a", class_="exclude-link"):
        query = dict(parse_qsl(urlsplit(link.get("href")).query))
        if (query["from"], query["to"], query["service"]) == flow:
            opened = Page(client.get(link.get("href")))
            return opened, form_to(opened, "/exclusions/add/") | {"address": link.get("href")}
    raise AssertionError(f"no flow {flow}")


@both
def test_a_flow_is_excluded_by_the_link_beside_it_and_taken_back(client, plan, htmx):
    row, where = plan
    opened, data = form_for(client, where, ("PS01", "DC01", "tcp/636"))
    address = data.pop("address")
    assert {name: data[name] for name in LDAPS} == LDAPS
    assert opened.one("textarea", id="exclude-reason").get("autofocus") is not None
    response = send(client, where, "add", data | {"reason": REASON}, htmx=htmx, query=f"?{urlsplit(address).query}")
    assert response.status_code == (200 if htmx else 302)
    assert exclusions(row) == [LDAPS | {"reason": REASON}]
    assert row.revisions.get(number=2).summary == "Not needed here: PS01 to DC01, tcp 636"
    after = response.headers["HX-Replace-Url"] if htmx else response.headers["Location"]
    assert "from=" not in after, after
    assert "view=flows" in after, "the form is done with, and the view is as it was"
    page = Page(client.get(after))
    assert page.text("a", id="tab-excluded") == "Excluded 1"
    assert "tcp 636" not in [line[2] for line in page.table("flows")]
    assert page.table("excluded") == [["PS01 10.0.0.10, fd00::10", "DC01 10.0.0.20", "tcp 636", REASON, "3"]]
    (item,) = page.all("li", class_="own-flow")
    assert words(item).startswith("Not needed here: PS01 → DC01 tcp 636 " + REASON)
    (form,) = item.iter("form")
    send(client, where, "delete", fields_of(form), htmx=htmx)
    assert exclusions(row) == []
    assert row.revisions.get(number=3).summary == "Needed again: PS01 to DC01, tcp 636"
    client.post(f"/plans/{where}/undo/")
    assert exclusions(row) == [LDAPS | {"reason": REASON}]


def test_every_flow_between_the_two_goes_at_once(client, plan):
    row, where = plan
    pair = "view=flows&source_endpoint=PS01&destination_endpoint=DC01"
    assert len(Page(client.get(f"/plans/{where}/?{pair}")).table("flows")) > 2
    _, data = form_for(client, where, ("PS01", "DC01", "tcp/88"))
    data.pop("address")
    send(client, where, "add", data | {"reason": "No domain", "pair": "1"})
    assert exclusions(row) == [{"source": "PS01", "destination": "DC01", "reason": "No domain"}]
    page = Page(client.get(f"/plans/{where}/?panel=excluded&{pair}"))
    assert [line for line in page.table("flows") if "Name resolution" not in line[4]] == []
    assert "everything" in words(page.all("li", class_="own-flow")[0])


@by_turns(
    ("changes", "part"),
    [
        ({"reason": " \n"}, "why this isn't needed"),
        ({"reason": "a\x1bb"}, "control characters"),
        ({"reason": "x" * 20_001}, "at most 20,000"),
        ({"source": ""}, "in the flows view"),
        ({"source": "Moon"}, "no endpoint 'Moon'"),
        ({"destination": "dc01"}, "no endpoint 'dc01'"),
        ({"protocol": "sctp"}, "allowed are tcp, udp, icmp"),
        ({"ports": "70000"}, "outside 1 to 65535"),
        ({"protocol": "icmp"}, "ICMP has no ports"),
        ({"protocol": ""}, "Ports need their protocol"),
    ],
    ids=str,
)
def test_a_fault_is_said_with_what_was_sent_and_nothing_is_stored(client, plan, htmx, changes, part):
    row, where = plan
    sent = LDAPS | {"reason": REASON} | changes
    response = send(client, where, "add", sent, htmx=htmx)
    assert part in errors(response)
    page = Page(response)
    assert page.text(id="state") == "Not saved: see the form"
    assert words(page.one("textarea", id="exclude-reason")) == " ".join(sent["reason"].split())
    assert len(page.ids) == len(set(page.ids))
    assert exclusions(row) == []
    assert row.revisions.count() == 1


def test_the_same_exclusion_isnt_added_twice(client, plan):
    row, where = plan
    sent = LDAPS | {"reason": REASON}
    send(client, where, "add", sent)
    assert "in the plan already" in errors(send(client, where, "add", sent))
    sent |= {"operation": "a" * 32, "reason": "Another"}
    for _ in range(2):
        send(client, where, "add", sent)
    assert [item["reason"] for item in exclusions(row)] == [REASON, "Another"]


def test_a_flow_that_is_gone_offers_no_form(client, plan):
    _, where = plan
    for query in (
        "from=PS01&to=Moon&service=tcp/1",
        "from=%00&to=%22%3E&service=%E2%80%AE",
        "from=PS01&to=DC01&service=",
    ):
        page = Page(client.get(f"/plans/{where}/?panel=excluded&{query}"))
        assert "not in the report any more" in page.text(id="panel")
        assert page.all("textarea", id="exclude-reason") == []
    page = Page(client.get(f"/plans/{where}/?panel=own&from=PS01&to=Moon&service=x"))
    assert "not in the report any more" not in page.text()


def test_an_exclusion_without_effect_is_marked(client):
    idle = LDAPS | {"ports": "637", "reason": "Nothing asks for it"}
    _, where = store(contoso(exclusions=[LDAPS | {"reason": REASON}, idle]))
    items = [words(item) for item in Page(client.get(f"/plans/{where}/?panel=excluded")).all("li", class_="own-flow")]
    assert [("without effect" in item) for item in items] == [False, True]


def test_own_flows_offer_no_exclusion_as_they_would_stay(client, plan):
    _, where = plan
    page = Page(client.get(f"/plans/{where}/?view=flows"))
    own = [r for r in page.all("tr") if r.find("td") is not None and "Name resolution" in words(r)]
    assert own
    assert all("Not needed here" not in words(r) for r in own)


def test_what_has_been_taken_back_already_is_said(client, plan):
    row, where = plan
    send(client, where, "add", LDAPS | {"reason": REASON})
    (item,) = Page(client.get(f"/plans/{where}/?panel=excluded")).all("li", class_="own-flow")
    data = fields_of(next(item.iter("form")))
    send(client, where, "delete", data)
    assert "no longer in the plan" in errors(send(client, where, "delete", data | {"operation": "b" * 32}))
    assert "no longer in the plan" in errors(send(client, where, "delete", {"key": "moon"}))
    assert row.revisions.count() == 3


def test_an_exclusion_is_taken_back_under_the_name_that_it_has_by_now(client, plan):
    row, where = plan
    send(client, where, "add", LDAPS | {"reason": REASON})
    (item,) = Page(client.get(f"/plans/{where}/?panel=excluded")).all("li", class_="own-flow")
    data = fields_of(next(item.iter("form")))
    params = {"endpoint": "DC01", "changes": {"name": "AD"}}
    actions.apply_edit(plan_id=row.pk, matrix=current_matrix(), edit="edit-endpoint", params=params)
    assert exclusions(row)[0]["destination"] == "AD"
    send(client, where, "delete", data)
    assert exclusions(row) == []


def test_readers_see_the_list_without_buttons(client):
    _, where = store(contoso(exclusions=[LDAPS | {"reason": REASON}]))
    page = Page(client.get(f"/plans/{where}/read/?view=flows"))
    assert page.table("excluded") == [["PS01 10.0.0.10, fd00::10", "DC01 10.0.0.20", "tcp 636", REASON, "3"]]
    assert page.all("a", class_="exclude-link") == []
    assert page.all("form", method="post") == []
    assert "Take" not in page.text("section", id="excluded")
    filtered = Page(client.get(f"/plans/{where}/read/?view=flows&port=9999"))
    assert filtered.table("excluded") == [], "it is filtered with the flows"


@by_lots(HOSTILE_NAMES)
def test_hostile_names_and_reasons_stay_text(client, name):
    _, where = store(hostile(name))
    page = Page(client.get(f"/plans/{where}/?view=flows"))
    link = page.all("a", class_="exclude-link")[0].get("href")
    opened = Page(client.get(link))
    send(client, where, "add", form_to(opened, "/exclusions/add/") | {"reason": name + " <script>alert(1)</script>"})
    page = Page(client.get(f"/plans/{where}/?panel=excluded&view=flows"))
    (item,) = page.all("li", class_="own-flow")
    assert "<script>alert(1)</script>" in words(item)
    assert not any("alert(1)" in words(script) for script in page.all("script"))
    assert len(page.ids) == len(set(page.ids))


def test_a_rule_leads_to_its_flows(client, plan):
    _, where = plan
    page = Page(client.get(f"/plans/{where}/"))
    lines = [line for line in page.all("tr") if line.get("id", "").startswith("rule-")]
    links = {line.get("id"): [a.get("href") for a in line.iter("a") if "one by one" in words(a)] for line in lines}
    assert lines
    assert all(links.values()), "each of its services has one"
    for address in {address for found in links.values() for address in found}:
        assert Page(client.get(address)).table("flows"), address
