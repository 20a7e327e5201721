"""What is to be done, at the head of a plan: where it leads, what its buttons do, and when it is gone."""

import re
from urllib.parse import urlsplit

import pytest

from planner.store.models import Plan, Revision
from tests.report.samples import hostile, write_plan
from tests.web.views.pages import HTMX, Page, document_of, store, words
from tests.web.views.test_cures import CASES

WEB = {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10"], "roles": ["web-primary", "database"]}
PEOPLE = {"name": "People", "zone": "DMZ", "addresses": ["192.0.2.9"], "roles": ["website-user"]}
DONE = write_plan(WEB, PEOPLE)
LACKING = write_plan(WEB, PEOPLE, {"name": "Mail", "zone": "DMZ", "addresses": [], "roles": ["mail-server"]})
MANY = write_plan(
    WEB | {"roles": ["web-primary"]},
    PEOPLE,
    {"name": "ESX", "zone": "DMZ", "addresses": [], "platforms": ["vmware-esxi"], "operations": ["reset"]},
    {"name": "AD", "zone": "DMZ", "platforms": ["active-directory"], "operations": ["discovery"]},
    {"name": "Win", "zone": "DMZ", "platforms": ["windows"], "operations": ["discovery", "validation"]},
    {"name": "APP", "zone": "DMZ", "roles": ["app-server"]},
    {"name": "DC", "zone": "DMZ", "roles": ["domain-controller"]},
)
"""With an error, a server that nobody uses, three choices, caveats, and addresses that are missing."""
CLOSED = write_plan(
    WEB,
    PEOPLE,
    never=[{"from": {"zone": "DMZ"}, "to": {"zone": "Internal"}, "reason": "Policy 12"}],
)


def read(client, where, query=""):
    return Page(client.get(f"/plans/{where}/{query}"))


def items(page):
    return list(page.one(id="todo").iter("li"))


def send(client, where, form, **headers):
    """What a browser sends when the button of a form is clicked."""
    fields = {field.get("name"): field.get("value") for field in form.iter("input")}
    return client.post(form.get("action"), fields, headers=headers)


def form_of(page, button):
    (form,) = [form for form in page.all("form") if any(b.get("id") == button for b in form.iter("button"))]
    return form


def test_it_counts_what_is_there_in_words_and_as_a_bar(client):
    page = read(client, store(LACKING)[1])
    assert page.text(id="todo-words") == "2 of 3 addresses"
    bar = page.one("progress", id="todo-bar")
    assert (bar.get("value"), bar.get("max"), words(bar)) == ("2", "3", "2 of 3")
    assert (bar.get("aria-labelledby"), bar.get("aria-describedby")) == ("todo-title", "todo-words")


def test_a_missing_address_leads_to_its_very_field(client):
    where = store(LACKING)[1]
    (item,) = items(read(client, where))
    link = next(link for link in item.iter("a") if words(link) == "Addresses of Mail")
    target = urlsplit(link.get("href"))
    assert read(client, where, f"?{target.query}").one(id=target.fragment).get("name") == "addresses"


def test_many_missing_addresses_are_filled_in_as_a_table(client):
    where = store(LACKING)[1]
    (item,) = items(read(client, where))
    link = next(link for link in item.iter("a") if "task-way" in link.get("class", ""))
    assert "Addresses of Mail" in Page(client.get(link.get("href"))).html


@pytest.mark.parametrize("code", sorted(CASES))
def test_every_task_is_a_link_that_opens_a_field_which_is_there(client, code):
    where = store(CASES[code])[1]
    for item in items(read(client, where)) if read(client, where).all(id="todo-fold") else ():
        links = [link for link in item.iter("a") if urlsplit(link.get("href")).path == f"/plans/{where}/"]
        assert links
        for link in links:
            target = urlsplit(link.get("href"))
            assert target.fragment in read(client, where, f"?{target.query}").ids


def test_it_keeps_the_view_and_the_filter_that_one_looks_at(client):
    page = read(client, store(LACKING)[1], "?view=flows&protocol=tcp")
    links = [link.get("href") for item in items(page) for link in item.iter("a")]
    table = [href for href in links if href.endswith("/endpoints/?without=addresses")]
    assert all(re.search("view=flows.*protocol=tcp", href) for href in links if href not in table)
    assert len(table) == 1


def test_a_plan_with_nothing_to_do_shows_nothing_of_it(client):
    section = read(client, store(DONE)[1]).one(id="todo")
    assert "hidden" in section.attrib
    assert "data-empty" in section.attrib


def test_a_few_are_shown_and_the_rest_is_folded(client):
    page = read(client, store(MANY)[1])
    rest = page.one("details", id="todo-rest")
    assert "open" not in rest.attrib
    assert len(items(page)) - len(list(rest.iter("li"))) == 4


def test_many_errors_are_no_long_page_and_the_findings_have_the_others(client):
    rows = [{"from": {"zone": "DMZ"}, "to": {"zone": "Internal"}, "reason": f"No {n}"} for n in range(120)]
    page = read(client, store(write_plan(WEB, PEOPLE, never=rows))[1])
    assert len(items(page)) == 50
    assert "70 others, among the findings" in page.text(id="todo")


@pytest.mark.parametrize("is_htmx", [True, False])
def test_an_option_is_chosen_with_one_click_and_the_page_stays_where_it_is(client, is_htmx):
    where = store(MANY)[1]
    form = form_of(read(client, where, "?view=findings"), "todo-esxi-ssh")
    response = send(client, where, form, **(HTMX if is_htmx else {}))
    assert document_of(Plan.objects.get())["choices"]["esxi"] == "ssh"
    if is_htmx:
        page = Page(response)
        assert page.one(id="todo").get("hx-swap-oob") == "true"
        assert "todo-choice-undecided-esxi" not in page.ids
    else:
        assert response["Location"] == f"/plans/{where}/?view=findings"


def test_practice_is_followed_with_one_click(client):
    where = store(MANY)[1]
    page = read(client, where)
    button = next(b for b in page.ids if b.startswith("todo-") and b.endswith("-practice"))
    send(client, where, form_of(page, button))
    assert document_of(Plan.objects.get())["corrections"] == [button.removeprefix("todo-").removesuffix("-practice")]


def test_what_must_stay_closed_is_excluded_with_one_click_for_the_reason_of_the_plan(client):
    where = store(CLOSED)[1]
    form = form_of(read(client, where), "todo-never-broken-never-0-exclude")
    send(client, where, form)
    assert document_of(Plan.objects.get())["exclusions"] == [
        {
            "source": "People", "destination": "PS01", "protocol": "tcp", "ports": "443",
            "reason": "Must stay closed: Policy 12",
        }
    ]  # fmt: skip
    assert "What must stay closed is needed" not in read(client, where).text()


def test_an_own_flow_cannot_be_excluded_so_no_button_says_so(client):
    where = store(CASES["never-broken"])[1]
    assert not [one for one in read(client, where).ids if one.endswith("-exclude")]


def test_an_exclusion_without_effect_is_taken_back_from_its_finding(client):
    where = store(CASES["exclusion-without-effect"])[1]
    page = read(client, where, "?view=findings")
    button = next(one for one in page.ids if one.startswith("cure-exclusion-"))
    send(client, where, form_of(page, button))
    assert "exclusions" not in document_of(Plan.objects.get())


def test_findings_have_the_same_buttons(client):
    page = read(client, store(MANY)[1], "?view=findings")
    both = {one.removeprefix("cure-") for one in page.ids if one.startswith("cure-")}
    assert {"esxi-ssh", "esxi-powercli"} <= both & {one.removeprefix("todo-") for one in page.ids}


def test_a_button_that_is_sent_twice_counts_once(client):
    where = store(MANY)[1]
    form = form_of(read(client, where), "todo-esxi-ssh")
    for _ in range(2):
        send(client, where, form)
    assert Revision.objects.count() == 2


def test_what_others_did_comes_with_the_pulse(client):
    where = store(LACKING)[1]
    response = client.get(f"/plans/{where}/", headers=HTMX | {"X-Pulse": "panel"})
    assert Page(response).one(id="todo").get("hx-swap-oob") == "true"


def test_hostile_names_are_text(client):
    name = '<img src=x onerror="alert(1)">'
    where = store(hostile(name))[1]
    assert Plan.objects.get().document["endpoints"][0]["name"] == name
    assert "<img" not in read(client, where).html
