"""Our own spider fills in every form that it finds with hostile text, and looks at every page for what came of it.

Whatever is typed stays text: no element, attribute, script or address on any page comes from it, and no answer is a
failure of the service.
"""

import re
from collections import defaultdict
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import resolve

from planner.store.models import Plan
from tests.report.samples import contoso
from tests.strategies import HOSTILE_NAMES, rounds
from tests.web.views.pages import Page, know, store

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
PAYLOADS = (
    *HOSTILE_NAMES,
    '" autofocus onfocus="alert(1)',
    "'-alert(1)-'",
    "</textarea><script>alert(1)</script>",
    "</title></style></script><svg onload=alert(1)>",
    "javascript:alert(1)",
    "\r\nSet-Cookie: evil=1",
    "' OR 1=1 --",
    "'; DROP TABLE planner_plan; --",
    "../../../../etc/passwd",
    "${7*7}#{7*7}{{7*7}}<%= 7*7 %>",
    "|| sleep 60 ||",
    "http://169.254.169.254/",
)
BREAKS_OUT = "\"'><b onx=1>"
"""Short, and behind each of them, so that whatever is no text anywhere is seen."""
ENDS = {"delete_plan", "archive_plan", "log_out", "duplicate_plan", "remove_member", "import_plan", "give_to_git"}
"""Forms that would end the walk, keep what follows from being stored, or make plans that nobody looks at."""
TEXT = {"text", "search", "password", "email", "url", "number", ""}
ADDRESSES = {"href", "src", "action", "formaction", "hx-get", "hx-post"}
ROUNDS = rounds(1)
"""How many payloads each field gets; they take turns, so that all are tried."""


def links_of(page, here):
    """Addresses of this site that a page leads to, without those of files."""
    for element in page.all("a"):
        address = urlsplit(urljoin(here, element.get("href") or ""))
        if not address.netloc and "download" not in element.attrib:
            yield address._replace(fragment="").geturl()


def shapes_of(address):
    """What of an address is worth a look: each view, each panel with each editor; not each view with each panel.

    Of a file it is the file alone.
    """
    parts = urlsplit(address)
    if not parts.path.endswith("/"):
        return {parts.path}
    query = parse_qs(parts.query)
    editors = tuple(name for name in ("endpoint", "zone", "edit", "add") if name in query)
    view, panel = (query.get(name, [""])[0] for name in ("view", "panel"))
    return {(parts.path, "view", view), (parts.path, "panel", panel, editors)}


def walk(client, *starts, within, seen):
    """Every page that can be reached, once for each shape of its address, and without those that were seen."""
    left = list(starts)
    while left:
        address = left.pop()
        if shapes_of(address) <= seen or not address.startswith(within):
            continue
        seen |= shapes_of(address)
        answer = client.get(address, follow=True)
        assert answer.status_code < 500, address
        if not answer.headers["Content-Type"].startswith("text/html") or answer.streaming or (
            "attachment" in answer.headers.get("Content-Disposition", "")
        ):  # fmt: skip
            continue
        page = Page(answer)
        yield address, page
        left += sorted(links_of(page, address))


def forms_of(address, page):
    """What the forms of a page that write send as they stand: where, fields with values, how much text fields take."""
    for form in page.all("form"):
        if form.get("method", "get").lower() != "post":
            continue
        fields, typed = defaultdict(list), {}
        for field in form.iter():
            name = field.get("name")
            if not name or field.get("type") in ("file", "submit", "button"):
                continue
            if field.tag == "textarea":
                fields[name].append("".join(field.itertext()))
                typed[name] = int(field.get("maxlength", 300))
            elif field.tag == "select":
                options = [option.get("value", "") for option in field.iter("option")]
                chosen = [option.get("value", "") for option in field.iter("option") if "selected" in option.attrib]
                fields[name] += chosen or options[:1]
            elif field.tag == "input" and field.get("type", "") in TEXT:
                fields[name].append(field.get("value", ""))
                typed[name] = int(field.get("maxlength", 300))
            elif field.tag == "input" and (
                field.get("type") not in ("checkbox", "radio") or "checked" in field.attrib
            ):
                fields[name].append(field.get("value", ""))
        yield urljoin(address, form.get("action") or address), dict(fields), typed


def list_unlike(names):
    """Of fields that are there for each row of a table, or for each service, those of the first and the last one."""
    alike = defaultdict(list)
    for name in names:
        alike[re.sub(r"-\d+$|\..*", "", name)].append(name)
    return [name for found in alike.values() for name in dict.fromkeys((found[0], found[-1]))]


def made_of(page):
    """Which elements of a page have addresses that lead out of the service, and to where."""
    for tag, attributes in page.tags():
        for name in ADDRESSES & attributes.keys():
            address = urlsplit(attributes[name])
            if address.scheme or address.netloc:
                yield tag, f"{name} of {address.scheme}://{address.netloc}"


def test_whatever_is_typed_into_any_form_stays_text_everywhere(handler):
    User.objects.create_superuser("staff")
    client = know(Client(raise_request_exception=False))
    client.handler = handler
    client.force_login(User.objects.get())
    plan, key = store(contoso())
    places = (f"/plans/{key}/", "/matrix/", "/plans/", "/start/")
    ours, forms, seen = set(), {}, set()
    for place in places:
        for address, page in walk(client, place, within=place, seen=seen):
            ours |= set(made_of(page))
            for action, fields, typed in forms_of(address, page):
                if typed and resolve(urlsplit(action).path).url_name not in ENDS:
                    forms.setdefault((urlsplit(action).path, *sorted(fields)), (action, fields, typed))
    assert len(forms) >= 25, "the spider finds the forms"
    turn = 0
    for action, fields, typed in forms.values():
        for name in list_unlike(typed) * ROUNDS:  # one at a time: what else a form needs is as it stands there
            text = PAYLOADS[turn % len(PAYLOADS)][: typed[name] - len(BREAKS_OUT)] + BREAKS_OUT
            sent = fields | {name: [text]}
            turn += 1
            answer = client.post(action, sent)
            assert answer.status_code < 500, (action, sent)
            assert "evil" not in answer.cookies
            if answer.headers["Content-Type"].startswith("text/html"):
                assert_ours(Page(answer), ours, (action, sent))
    assert turn >= len(PAYLOADS), "each is tried"
    plan.refresh_from_db()
    assert plan.revision > 8, "much of it is stored"
    looked, seen = 0, set()
    for place in (*places, "/admin/planner/plan/", "/admin/planner/event/"):
        for address, page in walk(client, place, within=place, seen=seen):
            if not place.startswith("/admin/"):
                assert_ours(page, ours, address)
            assert not any(name.startswith("on") for _, attributes in page.tags() for name in attributes), address
            looked += 1
    assert looked > 40
    assert Plan.objects.filter(pk=plan.pk).exists()


def assert_ours(page, ours, where):
    """That nothing on a page but text is new, beside what our own pages have in other states."""
    for tag, attributes in page.tags():
        assert tag not in ("img", "iframe", "object", "embed", "base", "b"), where
        assert tag != "script" or attributes.get("src", "").startswith("/static/"), where
        assert not any(name.startswith("on") for name in attributes), where
    assert set(made_of(page)) <= ours, where
