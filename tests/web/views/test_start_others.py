"""The guided start asks who else comes from a network of their own, and their addresses in its last step."""

from planner.store.models import Plan
from tests.web.views.pages import HTMX, Page
from tests.web.views.test_start import PREVIEW, START, form

NAMES = "/plans/guided/names/"


def ends(plan):
    return {end["name"]: end for end in plan.document["endpoints"]}


def test_vpn_users_become_a_zone_of_the_plan_with_what_is_ticked_for_them(client):
    asked = form(**{"who-else": ["", "vpn"], "uses-vpn": ["", "website-user"], "who-else-names": "Contractors\r\n"})
    assert client.post(START, asked).status_code == 302
    made = ends(Plan.objects.get())
    assert made["VPN users"] == {"name": "VPN users", "zone": "VPN", "group": True, "roles": ["website-user"]}
    assert made["Contractors users"]["roles"] == made["Staff"]["roles"]


def test_what_they_would_open_stands_beside_them(client):
    page = Page(client.post(PREVIEW, form(), headers=HTMX))
    assert "1 rule more" in page.text(id="weight-who-else-partners")


def test_a_name_that_is_taken_is_said_at_its_field_and_nothing_is_made(client):
    response = client.post(START, form(**{"who-else-names": "Internal"}))
    page = Page(response)
    assert not Plan.objects.exists()
    assert "a zone “Internal” already" in page.text(id="error-who-else-names")
    assert page.one("textarea", name="who-else-names").text.strip() == "Internal"
    assert "Others, by name" in page.text(role="alert")


def test_a_name_is_text_wherever_it_stands(client):
    name = "<b>x</b>=1+1"
    response = client.post(PREVIEW, form(**{"who-else-names": name}))
    assert b"<b>x</b>" not in response.content
    assert f"{name} users" in Page(response).text(id="preview")


def test_their_addresses_are_asked_in_the_last_step(client):
    asked = form(**{"who-else": ["", "vpn"]})
    page = Page(client.post(NAMES, asked))
    places = [field.get("name") for field in page.all("input") if field.get("value") == "VPN users"]
    prefix = next(name for name in places if name.endswith("-of")).removesuffix("of")
    named = {f"{prefix}of": "VPN users", f"{prefix}name": "Home office", f"{prefix}addresses": "10.8.0.0/24"}
    assert client.post(NAMES, asked | named | {"make": "1"}).status_code == 302
    assert ends(Plan.objects.get())["Home office"]["addresses"] == ["10.8.0.0/24"]


def test_answers_go_along_to_the_last_step_and_back(client):
    asked = form(**{"who-else": ["", "partners"], "uses-partners": ["", "website-user"]})
    page = Page(client.post(NAMES, asked))
    carried = [(field.get("name"), field.get("value")) for field in page.all("input")]
    assert ("who-else", "partners") in carried
    assert ("uses-partners", "website-user") in carried
    back = Page(client.post(PREVIEW, asked))
    ticked = [
        field.get("value") for field in back.all("input", name="uses-partners") if field.get("checked") is not None
    ]
    assert ticked == ["website-user"]
