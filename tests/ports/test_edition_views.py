"""Editions and amendments on the page of the matrix: what everybody sees, and what staff do."""

import csv
import io
import json
import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from ports.actions import load_matrix, make_amendment, revert_amendment
from ports.models import Amendment, PortMatrix
from ports.queries import SHIPPED, current_matrix, list_amendments
from tests.ports.records import fixture_text, make_records, record

pytestmark = pytest.mark.django_db
AMEND = "/matrix/amend/"


@pytest.fixture
def staff():
    client = Client()
    client.force_login(User.objects.create_user("kim", is_staff=True))
    return client


@pytest.fixture
def account():
    """Someone with an account who is not staff."""
    client = Client()
    client.force_login(User.objects.create_user("lee"))
    return client


def text(response):
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode())))


def part(response, identity):
    """The text of a row of a table."""
    found = re.search(rf'<tr id="{identity}">(.*?)</tr>', response.content.decode(), re.DOTALL)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", found[1])))


def amend_ssh(value="2222", **more):
    return make_amendment(row="service/ssh", field="ports", value=value, reason="Behind the proxy", **more)


def send(client, **values):
    """What the form of a row sends, with some values of it changed."""
    page = client.get(AMEND, {"row": "service/ssh", "field": "ports"}).content.decode()
    hidden = {
        name: unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    }
    hidden.pop("csrfmiddlewaretoken", None)
    return client.post(AMEND, hidden | {"value": "2222", "reason": "Behind the proxy"} | values)


# --- what everybody sees ---------------------------------------------------------------------------------------------


def test_everybody_sees_beside_its_row_what_is_amended(client, load):
    load("desk-a")
    made = amend_ssh()
    day = current_matrix().amendments[0].made
    words = f"amended here: 22 → 2222, Behind the proxy, {day.day} {day:%B %Y}"
    page = client.get("/matrix/")
    assert words in part(page, "service-ssh")
    assert words in part(page, "row-mail-out"), "a row that asks for the service"
    assert "amended here" not in part(page, "service-https")
    assert "amended here" not in part(page, "row-people")
    assert "tcp 2222 " in part(page, "service-ssh")
    revert_amendment(number=made.pk)
    assert words not in text(client.get("/matrix/"))


def test_what_is_amended_in_another_field_names_it(client, load):
    load("desk-a")
    make_amendment(row="requirement/people", field="name", value="People read tickets", reason="R")
    make_amendment(row="choice/mail", field="name", value="Post", reason="R")
    make_amendment(row="caveat/silent", field="title", value="Nothing said", reason="R")
    page = client.get("/matrix/")
    assert "amended here: name People open tickets → People read tickets, R" in part(page, "row-people")
    assert "amended here: name Mail → Post, R" in text(page)
    assert "amended here: title Not covered → Nothing said, R" in text(page)


def test_all_amendments_are_listed_with_their_states(client, load):
    load("desk-a")
    assert "What this site has changed" not in text(client.get("/matrix/"))
    numbers = [amend_ssh("2222", author="kim").pk, amend_ssh("2223").pk]
    numbers.append(make_amendment(row="section/1", field="title", value="Sites", reason="R").pk)
    revert_amendment(number=numbers[0])
    page = client.get("/matrix/")
    reverted, conflict, applied = (part(page, f"amendment-{number}") for number in numbers)
    assert "service/ssh, ports 22 → 2222, Behind the proxy," in reverted
    assert "reverted" in reverted
    assert 'conflict the edition has "22", not "2222".' in conflict
    assert "section/1, title Web → Sites, R," in applied
    assert applied.rstrip().endswith("applied")
    assert "Revert" not in text(page)
    assert "kim" not in text(page), "who it was is for staff to know"
    assert "Amend" not in re.findall(r"<a [^>]*>([^<]*)", page.content.decode())


def test_what_is_typed_is_text_on_the_page(client, load):
    load("desk-a")
    make_amendment(row="section/1", field="title", value="<b>bold</b>", reason="<script>")
    page = client.get("/matrix/").content.decode()
    assert "<script>" not in re.sub(r"<script [^>]*>", "", page)
    assert "<b>bold" not in page


def test_downloads_say_what_is_amended(client, load):
    load("desk-a")
    made = amend_ssh()
    rows = {
        row["row"]: row
        for row in csv.DictReader(io.StringIO(client.get("/matrix/download.csv").content.decode("utf-8-sig")))
    }
    assert rows["Mail"]["amended here"].startswith("service/ssh, ports: 22 → 2222, Behind the proxy, ")
    assert rows["People open tickets"]["amended here"] == ""
    data = client.get("/matrix/download.json").json()
    expected = {
        "number": made.pk, "row": "service/ssh", "field": "ports", "old": "22", "new": "2222",
        "reason": "Behind the proxy", "made": current_matrix().amendments[0].made.isoformat(),
    }  # fmt: skip
    assert (data["edition"], data["amendments"]) == ("desk-a", [expected])
    found = {row["slug"]: row["amendments"] for row in data["rows"]}
    assert (found["mail-out"], found["people"]) == ([expected], [])


# --- editions --------------------------------------------------------------------------------------------------------


def test_the_page_names_its_edition_and_offers_the_others(client, load):
    load("desk-a")
    assert "Edition desk-a , the current one of Desk." in text(client.get("/matrix/"))
    assert 'name="edition"' not in client.get("/matrix/").content.decode(), "nothing to choose from"
    load("desk-b", ssh="2200")
    load("bench-a", product="Bench")
    page = client.get("/matrix/")
    options = re.findall(
        r'<option value="([\w-]+)"( selected)?\s*>[^<]*\((current)\)|<option value="(desk-a)"', page.content.decode()
    )
    assert [option[0] or option[3] for option in options] == ["desk-b", "desk-a", "bench-a"]
    assert options[0][1] == " selected"


def test_another_edition_is_shown_as_it_was_loaded(client, staff, load):
    load("desk-a")
    load("desk-b")
    amend_ssh()
    for browser in (client, staff):
        page = browser.get("/matrix/?edition=desk-a")
        assert "tcp 22 " in part(page, "service-ssh")
        assert "as it was loaded" in text(page)
        assert "amended here" not in text(page)
        assert AMEND not in page.content.decode()
    assert "tcp 2222 " in part(client.get("/matrix/?edition=desk-b"), "service-ssh")
    assert client.get("/matrix/?edition=desk-z").status_code == 404
    assert client.get("/matrix/download.json?edition=desk-z").status_code == 404
    assert client.get("/matrix/download.json?edition=desk-a").json()["edition"] == "desk-a"


def test_another_products_current_edition_is_shown_with_its_amendments(client, staff, load):
    load("desk-a")
    load("bench-a", product="Bench")
    amend_ssh(product="bench")
    page = client.get("/matrix/?edition=bench-a")
    assert "tcp 2222 " in part(page, "service-ssh")
    assert "amended here" not in text(client.get("/matrix/"))
    assert f"{AMEND}?row=service/ssh&amp;edition=bench-a" in staff.get("/matrix/?edition=bench-a").content.decode()


def test_a_filter_and_its_files_stay_with_the_edition(client, load):
    load("desk-a", ssh="2200")
    load("desk-b")
    page = client.get("/matrix/?edition=desk-a&port=2200").content.decode()
    assert 'href="/matrix/download.csv?edition=desk-a&amp;port=2200"' in page
    assert '<input type="hidden" name="edition" value="desk-a">' in page
    assert 'href="/matrix/?edition=desk-a">Show all' in page
    answer = client.get("/matrix/?edition=desk-a&port=2200", headers={"HX-Request": "true"})
    assert answer.headers["HX-Replace-Url"] == "/matrix/?edition=desk-a&port=2200"
    assert "row-mail-out" in answer.content.decode()


def test_two_editions_stand_side_by_side(client, load, tmp_path):
    load("desk-a")
    amend_ssh()
    records = make_records()
    records["portmatrix"][0] |= {"slug": "desk-b"}
    record(records, "service", "ssh")["ports"] = "2200"
    records["platform"].append({"slug": "bsd", "name": "BSD"})
    records["session"].clear()
    records["role"].reverse()
    path = tmp_path / "b.json"
    path.write_text(fixture_text(records), "utf-8")
    load_matrix(path=path)
    told = text(client.get("/matrix/compare/"))
    assert 'service/ssh ports "22" "2200"' in told
    assert "platform/bsd whole row not there added" in told
    assert "session/shell whole row there removed" in told
    assert "role order of the rows another order" in told
    assert "2222" not in told, "as they were loaded"
    assert 'service/ssh ports "2200" "22"' in text(client.get("/matrix/compare/?from=desk-b&to=desk-a"))
    assert "Nothing differs." in text(client.get("/matrix/compare/?from=desk-b&to=desk-b"))
    assert client.get("/matrix/compare/?from=desk-z").status_code == 404


def test_one_edition_has_nothing_to_compare_with(client, load):
    assert client.get("/matrix/compare/").status_code == 404
    load("desk-a")
    assert "Nothing differs." in text(client.get("/matrix/compare/"))


# --- what staff do ---------------------------------------------------------------------------------------------------


def test_staff_amend_a_row_with_a_reason(staff, load):
    load("desk-a")
    assert f'href="{AMEND}?row=service/ssh"' in staff.get("/matrix/").content.decode()
    page = staff.get(AMEND, {"row": "service/ssh"})
    assert "Amend “ SSH ”" in text(page)
    assert 'value="22"' in page.content.decode()
    answer = send(staff)
    assert answer.status_code == 302
    assert answer.url == "/matrix/#amendments"
    (judged,) = list_amendments()
    assert (judged.facts.row, judged.facts.field, judged.facts.new) == ("service/ssh", "ports", "2222")
    assert (judged.state, judged.amendment.author) == ("applied", "kim")
    page = staff.get(answer.url)
    assert f"Amendment {judged.facts.number} is made" in text(page)
    assert "by kim" in part(page, f"amendment-{judged.facts.number}")


@pytest.mark.parametrize(
    ("row", "field", "value", "wanted"),
    [
        ("choice/mail", "default", '["yes"]', ["yes"]),
        ("service/ssh", "configurable", "false", False),
        ("caveat/silent", "text", "DNS.\r\nNTP.", "DNS.\nNTP."),
        ("role/agent", "icon", "host", "host"),
        ("portmatrix", "received", "June", "June"),
    ],
)
def test_each_sort_of_field_has_its_control(staff, load, row, field, value, wanted):
    load("desk-a")
    page = staff.get(AMEND, {"row": row, "field": field}).content.decode()
    control = re.search(r'<(input|select|textarea) [^>]*name="value"', page)
    assert control[1] == {"default": "textarea", "configurable": "select", "text": "textarea", "icon": "select",
                          "received": "input"}[field]  # fmt: skip
    staff.post(AMEND, {"row": row, "field": field, "value": value, "reason": "R"})
    assert Amendment.objects.get().new == wanted


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"value": "0"}, "service 'ssh': the port '0' is outside 1 to 65535."),
        ({"value": "22"}, "service/ssh: the field 'ports' is \"22\" already."),
        ({"reason": " "}, "An amendment needs a reason"),
        ({"seen": '"2200"'}, 'was "2200" when this was begun and is "22" now; look at it again.'),
    ],
)
def test_what_cant_be_amended_is_told_on_the_form_with_what_was_typed(staff, load, values, sentence):
    load("desk-a")
    answer = send(staff, **values)
    assert answer.status_code == 200
    assert "Nothing was amended:" in text(answer)
    assert sentence in text(answer)
    assert f'value="{values.get("value", "2222")}"' in answer.content.decode()
    assert not Amendment.objects.exists()


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, "There is no row ''. A row is KIND/NAME"),
        ({"row": "service/z"}, "There is no service 'z'; there are https, ssh"),
        ({"row": "gadget/z"}, "There is no row 'gadget/z'."),
        ({"row": "service/ssh", "field": "slug"}, "service/ssh: 'slug' names the row and can't be amended"),
    ],
)
def test_rows_and_fields_that_are_none_are_told(staff, load, query, sentence):
    load("desk-a")
    assert 'id="amend-row"' in staff.get("/matrix/").content.decode()
    for send_it in (staff.get, staff.post):
        answer = send_it(AMEND, query)
        assert answer.url == "/matrix/#amendments"
        assert sentence in text(staff.get("/matrix/"))


def test_only_the_current_edition_is_amended(staff, load):
    load("desk-a")
    load("desk-b")
    assert staff.get(AMEND, {"row": "service/ssh", "edition": "desk-a"}).status_code == 404, "not the current one"


def test_what_was_typed_while_another_edition_became_current_is_on_the_form_of_that(staff, load):
    load("desk-a")
    load("desk-b", ssh="2200", activate=False)
    page = staff.get(AMEND, {"row": "service/ssh"}).content.decode()
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', page)
    staff.post("/matrix/activate/", {"edition": "desk-b"})
    sent = {"edition": "desk-a", "row": "service/ssh", "field": "ports", "seen": unescape(seen)}
    answer = staff.post(AMEND, sent | {"value": "2222", "reason": "Behind the proxy"})
    assert "desk-a, under which this was begun, isn’t the current edition any more; desk-b is." in text(answer)
    body = answer.content.decode()
    assert 'value="2222"' in body
    assert 'value="Behind the proxy"' in body
    assert "Now: 2200" in text(answer)
    assert not Amendment.objects.exists()
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', body))
    assert form["edition"] == "desk-b"
    staff.post(AMEND, {name: unescape(value) for name, value in form.items()} | {"value": "2222", "reason": "R"})
    assert (Amendment.objects.get().old, Amendment.objects.get().new) == ("2200", "2222")
    assert staff.post(AMEND, sent | {"edition": "desk-z"}).status_code == 404


def test_a_form_that_is_sent_twice_is_answered_as_the_first_time(staff, load):
    load("desk-a")
    for value in ("2222", " 02222"):
        answer = send(staff, value=value, seen='"22"')
        assert answer.url == "/matrix/#amendments"
    assert f"Amendment {Amendment.objects.get().pk} is made" in text(staff.get("/matrix/"))
    assert "Nothing was amended:" in text(send(staff, seen='"22"', reason="Another one")), "with another reason"
    assert Amendment.objects.count() == 1


def test_staff_revert_an_amendment(staff, load):
    load("desk-a")
    number = amend_ssh().pk
    page = staff.get("/matrix/").content.decode()
    path = f"/matrix/amendments/{number}/revert/"
    assert f'action="{path}"' in page
    assert staff.post(path).url == "/matrix/#amendments"
    assert (list_amendments()[0].state, Amendment.objects.get().reverted_by) == ("reverted", "kim")
    page = staff.get("/matrix/")
    assert f"Amendment {number} is reverted" in text(page)
    assert path not in page.content.decode()
    staff.post(path)
    assert f"Amendment {number} is reverted already." in text(staff.get("/matrix/"))
    assert staff.post("/matrix/amendments/999/revert/").status_code == 404
    assert staff.get(path).status_code == 405


def test_staff_make_another_edition_the_current_one_and_see_what_is_held_back(client, staff, load):
    load("desk-a")
    amend_ssh()
    load("desk-c", ssh="2200", activate=False)
    assert "Make it the current edition" not in text(staff.get("/matrix/"))
    assert "Make it the current edition" not in text(client.get("/matrix/?edition=desk-c"))
    assert "Make it the current edition" in text(staff.get("/matrix/?edition=desk-c"))
    assert staff.post("/matrix/activate/", {"edition": "desk-c"}).url == "/matrix/#amendments"
    page = staff.get("/matrix/")
    assert "desk-c is the current edition of Desk. 1 amendment is held back." in text(page)
    told = text(page).partition("What this site has changed")[0]
    assert "Amendments that this edition doesn’t fit" in told
    assert (
        "Reports of plans that are still on an earlier edition have each as far as it fits there, and lose it" in told
    )
    assert 'service/ssh, ports : the edition has "2200", not "22".' in told
    assert "Amendments that this edition doesn’t fit" not in text(client.get("/matrix/"))
    staff.post("/matrix/activate/", {"edition": "desk-a"})
    assert "Amendments that this edition doesn’t fit" not in text(staff.get("/matrix/"))
    assert current_matrix().edition == "desk-a"
    assert staff.post("/matrix/activate/", {"edition": "desk-z"}).status_code == 404


def test_nobody_else_changes_anything(client, account, load):
    load("desk-a")
    load("desk-b", activate=False)
    number = amend_ssh().pk
    for browser in (client, account):
        answer = browser.get(AMEND, {"row": "service/ssh"})
        assert (answer.status_code, answer.url.partition("?")[0]) == (302, "/admin/login/")
        values = {"row": "service/ssh", "field": "ports", "value": "1", "reason": "R"}
        assert browser.post(AMEND, values).status_code == 403
        assert browser.post(f"/matrix/amendments/{number}/revert/").status_code == 403
        assert browser.post("/matrix/activate/", {"edition": "desk-b"}).status_code == 403
    assert (list_amendments()[0].state, Amendment.objects.count()) == ("applied", 1)
    assert current_matrix().edition == "desk-a"


def test_a_form_without_its_token_is_refused(load):
    load("desk-a")
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("kim", is_staff=True))
    assert client.post(AMEND, {"row": "service/ssh", "value": "1", "reason": "R"}).status_code == 403
    assert not Amendment.objects.exists()


def test_the_page_of_the_shipped_matrix_has_a_link_for_each_row(staff):
    load_matrix(path=SHIPPED)
    page = staff.get("/matrix/").content.decode()
    matrix = current_matrix()
    rows = set(re.findall(rf'href="{AMEND}\?row=([\w/.-]+)"', page))
    assert rows == {
        *(f"requirement/{one.slug}" for one in matrix.requirements),
        *(f"service/{slug}" for slug in matrix.services),
        *(f"choice/{slug}" for slug in matrix.choices),
        *(f"caveat/{slug}" for slug in matrix.caveats),
    }
    for row in sorted(rows)[::25]:
        assert staff.get(AMEND, {"row": row}).status_code == 200


def test_values_that_are_none_are_kept_as_json(staff, load):
    load("desk-a")
    page = staff.get(AMEND, {"row": "choice/transport", "field": "default"}).content.decode()
    (seen,) = re.findall(r'name="seen" value="([^"]*)"', page)
    assert json.loads(seen) is None
    staff.post(AMEND, {"row": "choice/transport", "field": "default", "value": '["ssh"]', "reason": "R", "seen": seen})
    assert Amendment.objects.get().old is None
    assert current_matrix().choices["transport"].default == ("ssh",)
    assert PortMatrix.objects.get().current
