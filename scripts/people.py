"""People at work on plans, for who loads the service or breaks it: they remember what was acknowledged.

An editor changes the address of one endpoint again and again, each time to one that was never there, by the form that
the page has. So the history of the plan tells of each change whether it is there, once, and in order.
"""

import io
import json
import re
import time
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from html.parser import HTMLParser
from http.client import HTTPConnection
from ipaddress import IPv4Address
from itertools import pairwise
from secrets import token_hex
from typing import Protocol
from urllib.parse import quote, unquote, urlencode, urlsplit

FIRST = IPv4Address("10.200.0.0")
"""Editors have 4,096 addresses each, from here on."""
EACH = 4_096
NOT_SAVED = "X-Not-Saved"
"""What an answer says that stored nothing (planner.web.views.plans)."""
PATIENCE = 120.0
"""Seconds until an answer counts as one that never comes."""
Form = list[tuple[str, str]]


class Reachable(Protocol):
    """A service: where it listens."""

    @property
    def host(self) -> str:
        """Its address."""

    @property
    def port(self) -> int:
        """Its port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, and how many seconds it took from the connection to the last byte."""

    status: int
    headers: Message
    body: bytes
    seconds: float

    @property
    def revision(self) -> int | None:
        """Which revision a page, or a part of one, says that it shows."""
        found = re.search(rb'data-revision="(\d+)"', self.body)
        return int(found[1]) if found else None

    @property
    def is_saved(self) -> bool:
        """Whether it acknowledges a change."""
        return self.status in (200, 302) and NOT_SAVED not in self.headers


class Browser:
    """One with its cookies. It follows no redirect."""

    def __init__(self, service: Reachable) -> None:
        self.service, self.cookies = service, dict[str, str]()

    def ask(self, path: str, form: Form | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a page, or send a form. Raises OSError or HTTPException where there is no answer, or half of one."""
        headers = dict(headers or {})
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        connection = HTTPConnection(self.service.host, self.service.port, timeout=PATIENCE)
        try:
            connection.request("GET" if form is None else "POST", path, urlencode(form) if form else None, headers)
            reply = connection.getresponse()
            body = reply.read()
        finally:
            connection.close()
        for cookie in reply.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(status=reply.status, headers=reply.headers, body=body, seconds=time.perf_counter() - began)

    def enter(self, link: str) -> str:
        """Open an edit link, by the button of its door: the plan's own path. Raises ValueError where it is closed."""
        token = read_token(self.ask(link).body)
        answer = self.ask(link, [("csrfmiddlewaretoken", token)])
        if answer.status != 302:
            raise ValueError(f"The edit link was answered with {answer.status}.")
        return urlsplit(answer.headers["Location"]).path


class Editor(Browser):
    """One who changes the address of one endpoint; `sent` and `acknowledged` are the addresses, in order."""

    def __init__(self, service: Reachable, number: int) -> None:
        super().__init__(service)
        self.number, self.path, self.endpoint, self.form, self.base = number, "", "", Form(), 0
        self.sent, self.acknowledged = list[str](), list[str]()

    def begin(self, link: str, endpoint: str) -> None:
        """Open the plan by its edit link, and the editor of the endpoint."""
        self.path, self.endpoint = self.enter(link), endpoint
        page = self.ask(f"{self.path}?edit={quote(endpoint)}")
        self.form, self.base = read_form(page.body), page.revision or 0

    def prepare(self) -> Form:
        """The form with the next address, under an id of its own, as it is sent, and sent again."""
        address = str(FIRST + self.number * EACH + len(self.sent))
        self.sent.append(address)
        own = {"addresses": address, "base": str(self.base), "operation": token_hex(16)}
        return [(name, own.get(name, value)) for name, value in self.form]

    def send(self, form: Form) -> Answer:
        """Send a form as htmx does, and remember what is acknowledged. Raises as `ask` does."""
        headers = {
            "HX-Request": "true",
            "HX-Target": "report",
            "HX-Current-URL": f"http://{self.service.host}{self.path}?edit={quote(self.endpoint)}",
        }
        answer = self.ask(f"{self.path}endpoints/edit/", form, headers)
        if answer.is_saved:
            self.acknowledged.append(dict(form)["addresses"])
            self.base = answer.revision or self.base
        return answer


def list_endpoints(browser: Browser, path: str) -> Iterator[str]:
    """The endpoints of a plan that have one address each."""
    page = browser.ask(path).body.decode()
    for name in dict.fromkeys(re.findall(r'href="[^"]*\?edit=([^"&]+)"', page)):
        form = dict(read_form(browser.ask(f"{path}?edit={name}").body))
        if re.fullmatch(r"\d+\.\d+\.\d+\.\d+", form.get("addresses", "").strip()):
            yield unquote(name)


def find_faults(browser: Browser, path: str, editors: Iterable[Editor]) -> list[str]:
    """What of a plan's history contradicts what its editors were told: a sentence each; nothing where all is well.

    Each acknowledged address is there once, in order; none is there twice, and none that wasn't sent. The history is
    read from the archive that the service writes of the plan.
    """
    answer = browser.ask(f"{path}export.zip")
    if answer.status != 200:
        return [f"The archive of {path} was answered with {answer.status}."]
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        lines = archive.read("plans/1/revisions.jsonl").splitlines()
    revisions = [json.loads(line) for line in lines]
    faults = []
    if [each["number"] for each in revisions] != list(range(1, len(revisions) + 1)):
        faults.append(f"{path}: a revision is missing.")
    documents = [{each["name"]: each for each in revision["document"]["endpoints"]} for revision in revisions]
    for editor in editors:
        there = [document[editor.endpoint]["addresses"] for document in documents]
        faults += _compare(editor, [now for before, now in pairwise(there) if now != before])
    return faults


def _compare(editor: Editor, changes: list[list[str]]) -> list[str]:
    who = f"{editor.path}, {editor.endpoint}"
    found = [address for addresses in changes for address in addresses]
    faults = [f"{who}: {address} is there {found.count(address)} times." for address in sorted(set(found))
              if found.count(address) > 1]  # fmt: skip
    faults += [f"{who}: {address} was acknowledged and is lost." for address in editor.acknowledged
               if address not in found]  # fmt: skip
    faults += [f"{who}: nobody sent {address}." for address in found if address not in editor.sent]
    order = [address for address in found if address in set(editor.acknowledged)]
    if not faults and order != editor.acknowledged:
        faults.append(f"{who}: the changes are there in another order.")
    return faults


def read_token(body: bytes) -> str:
    """The token of the first form of a page; empty where there is none."""
    found = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', body)
    return found[1].decode() if found else ""


def read_form(body: bytes) -> Form:
    """What the editor of an endpoint would send as it stands on a page; nothing where it isn't open.

    The form alone is parsed: a page is fifty times as long.
    """
    form = re.search(rb'<form\b[^>]*action="[^"]*/endpoints/edit/.*?</form>', body, re.DOTALL)
    reader = _FormReader()
    reader.feed(form[0].decode() if form else "")
    return reader.fields


class _FormReader(HTMLParser):
    """Reads the fields of a form, as browsers do."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: Form = []
        self._name, self._chosen = "", list[tuple[bool, str]]()
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take what a field holds."""
        given = dict(attrs)
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "input" and name and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self.fields.append((name, value))
        elif tag == "select":
            self._name, self._chosen = name, []
        elif tag == "option":
            self._chosen.append(("selected" in given, value))
        elif tag == "textarea":
            self._name, self._text = name, []

    def handle_endtag(self, tag: str) -> None:
        """End a field."""
        if tag == "select" and self._chosen:
            chosen = [value for selected, value in self._chosen if selected] or [self._chosen[0][1]]
            self.fields.append((self._name, chosen[-1]))
        elif tag == "textarea" and self._text is not None:
            self.fields.append((self._name, "".join(self._text)))
            self._text = None

    def handle_data(self, data: str) -> None:
        """Take the text of a field."""
        if self._text is not None:
            self._text.append(data)
