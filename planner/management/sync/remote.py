"""Plans of a service that is reached by its API, with a token that the environment has."""

import hashlib
import http.client
import json
import os
import re
import secrets
import socket
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit, urlunsplit
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError

from planner.management.sync.stored import Document, Moved, Pushed, Refused, State
from planner.plan.rows import Renames, join_renames
from planner.store.git import COMMIT, Source
from ports.text import read_number, short, show_line

TOKEN = "PLANNER_TOKEN"  # noqa: S105 - where the token is, not the token
TIMEOUT = 120
"""Seconds that a service may be silent."""
MOST_BYTES = 64 * 2**20
"""How much of an answer is read."""
PAGES = 100
"""How many pages of a list are read at most."""
_PLAN = re.compile(r"(?P<prefix>.*?)(?:/api/v1)?(?:/plans(?:/(?P<key>[0-9a-f-]{36}))?)?/?", re.ASCII)
_AGAIN = "Idempotent-Replayed"
_SHARED = re.compile(r"(?!file:)[^/:\\]{2,}:")
"""What begins the address of a repository that is the same from every machine."""
_HERE = ("localhost", "127.0.0.1", "::1")
_TOKEN = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A service, and the plan there that an address names; None for none."""

    api: str
    plan: UUID | None


def read_address(text: str) -> Address:
    """The service that an address leads to, be it the service's, a plan's page, or a plan in the API. Raises Refused.

    Only https is taken, since a token is sent there; http where it stays on this machine.
    """
    try:
        parts = urlsplit(text)
        found = _PLAN.fullmatch(parts.path)
        plan = UUID(found["key"]) if found and found["key"] else None
        port = parts.port
    except ValueError:
        raise Refused(f"“{short(text)}” is no address of a service or a plan.") from None
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    if found is None or not parts.hostname or not safe:
        raise Refused(
            f"“{short(text)}” is no address of a service or a plan: name it as https://planner.example.com/ or as a "
            "plan’s page there, since a token is sent to it."
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise Refused("The address has a login, a query or a fragment; leave that away.")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    where = f"{host}:{port}" if port else host
    return Address(api=urlunsplit((parts.scheme, where, f"{found['prefix']}/api/v1", "", "")), plan=plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service said: its status, its headers, and the JSON of its body, None for none."""

    status: int
    tag: str
    body: Any
    again: bool = False
    """Whether it says that the request came before."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A token goes where it was told to, and nowhere else."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """None: what is answered is the redirect itself."""


class Service:
    """A service, asked with the token that PLANNER_TOKEN has."""

    def __init__(self, api: str) -> None:
        self.api = api
        self._token = os.environ.get(TOKEN, "").strip()
        if not self._token:
            raise Refused(f"No token is there: put it into the environment as {TOKEN}.")
        if not _TOKEN.fullmatch(self._token):
            raise Refused(f"{TOKEN} has no token, but something else.")
        self._opener = urllib.request.build_opener(_NoRedirects)

    def ask(
        self, method: str, path: str, document: Document | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """What the service answers. Raises Refused where it can't be reached or doesn't answer as its API does."""
        data = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(f"{self.api}{path}", data=data, method=method)  # noqa: S310 - https, or here
        request.add_unredirected_header("Authorization", f"Bearer {self._token}")
        for name, value in {"Accept": "application/json", "User-Agent": "port-planner", **(headers or {})}.items():
            request.add_header(name, value)
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            try:
                response = self._opener.open(request, timeout=TIMEOUT)
            except urllib.error.HTTPError as error:
                response = error
            with response:
                body = response.read(MOST_BYTES + 1)
                status, headers_back = response.status, response.headers
                tag, again = headers_back.get("ETag", ""), headers_back.get(_AGAIN) == "true"
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise Refused(f"{self.api} can't be reached: {show_line(str(reason))}.") from None
        if len(body) > MOST_BYTES:
            raise Refused(f"{self.api} answered more than {MOST_BYTES // 2**20} MiB, which is the most that is read.")
        if status == 204:
            return Answer(status=status, tag=tag, body=None)
        try:
            if not headers_back.get_content_type().endswith("json"):
                raise ValueError
            return Answer(status=status, tag=tag, body=json.loads(body), again=again)
        except (ValueError, RecursionError):
            raise Refused(f"{self.api} answers with status {status} and not as a planner does.") from None


def refuse(answer: Answer) -> Refused:
    """What a service says that it doesn't do."""
    said = answer.body if isinstance(answer.body, dict) else {}
    faults = said.get("faults")
    more = [
        f"{one.get('where')}: {one.get('message')}" for one in (faults if isinstance(faults, list) else [])[:5]
        if isinstance(one, dict)
    ]  # fmt: skip
    detail = said.get("detail")
    sentence = " ".join([detail if isinstance(detail, str) else "It doesn't say why.", *more])
    return Refused(f"The service refuses with status {answer.status}: {show_line(sentence)[:2000]}")


class There:
    """A plan of a service."""

    def __init__(self, service: Service, plan: UUID) -> None:
        self.plan = plan
        self._service = service

    def read(self) -> State:
        """The newest revision."""
        answer = self._ask("GET", "")
        revision = read_number(answer.tag.strip('"'))
        if not isinstance(answer.body, dict) or revision is None:
            raise Refused(f"{self._service.api} doesn't answer as a planner does.")
        return State(document=answer.body, revision=revision)

    def read_revision(self, number: int) -> Document | None:
        """An earlier one."""
        answer = self._service.ask("GET", f"/plans/{self.plan}/revisions/{number}")
        if answer.status == 404:
            return None
        if answer.status != 200 or not isinstance(answer.body, dict):
            raise refuse(answer)
        return answer.body

    def list_renames(self, since: int) -> Renames:
        """What has been renamed after a revision."""
        newest_first = self._list("/revisions", _Revisions, lambda one: one.number > since)
        return join_renames(reversed([one.renames for one in newest_first if one.number > since]))

    def list_pushes(self) -> Sequence[Pushed]:
        """The newest first."""
        found = self._list("/pushes", _Pushes, lambda _: True)
        return [Pushed(commit=one.commit, path=one.path, revision=one.revision) for one in found]

    def write(self, document: Document, base: int, source: Source) -> int:
        """A revision by whom the token acts for."""
        said = {name: getattr(source, name) for name in ("commit", "path", "repository") if getattr(source, name)}
        query = f"?{urlencode(said, quote_via=quote)}" if said else ""
        answer = self._service.ask("PUT", f"/plans/{self.plan}{query}", document, {"If-Match": f'"{base}"'})
        if answer.status == 412:
            raise Moved
        if answer.status != 200:
            raise refuse(answer)
        return _read(_Head, answer, self._service).revision

    def own(self, repository: str, path: str) -> None:
        """Have git own the plan, and this token write it."""
        answer = self._service.ask("PUT", f"/plans/{self.plan}/git", {"repository": repository, "path": path})
        if answer.status != 204:
            raise refuse(answer)

    def _ask(self, method: str, path: str) -> Answer:
        answer = self._service.ask(method, f"/plans/{self.plan}{path}")
        if answer.status != 200:
            raise refuse(answer)
        return answer

    def _list[Item](self, path: str, kind: "type[_List[Item]]", goes_on: Callable[[Item], bool]) -> list[Item]:
        """The items of a list, page by page, as long as the last one of a page says to go on."""
        found: list[Item] = []
        after = ""
        for _ in range(PAGES):
            page = _read(kind, self._ask("GET", f"{path}?limit=200{after}"), self._service)
            found += page.items
            if not page.next or not page.items or not goes_on(found[-1]):
                break
            after = f"&after={quote(page.next, safe='')}"
        return found


class _Push(BaseModel):
    commit: str = Field(pattern=f"^{COMMIT.pattern}$")  # it becomes a word of a git command
    path: str
    revision: int


class _Revision(BaseModel):
    number: int
    renames: dict[Literal["zones", "endpoints"], dict[str, str]]


class _List[Item](BaseModel):
    items: list[Item]
    next: str | None


class _Head(BaseModel):
    id: UUID
    revision: int


_Pushes, _Revisions = _List[_Push], _List[_Revision]


def _read[Read: BaseModel](kind: type[Read], answer: Answer, service: Service) -> Read:
    """An answer as the API has it, of which nobody vouches that it comes from one."""
    try:
        return kind.model_validate(answer.body)
    except ValidationError:
        raise Refused(f"{service.api} doesn't answer as a planner does.") from None


def name_origin(file: Path, repository: str, path: str) -> list[str]:
    """Which file it is among those that a token may send: by its repository, or by the machine that it is on.

    `path` is that within the repository, whose address is empty where there is none.
    """
    if _SHARED.match(repository):
        return [repository, path]
    return [socket.gethostname(), repository, str(file.resolve())]


def make_there(service: Service, document: Document, origin: Sequence[str]) -> tuple[UUID, bool]:
    """Store a new plan, which whoever the token acts for owns; whether that was done before. Raises Refused.

    `origin` is that of its file: within a day the same document from there is the same plan, while that is there, so
    that it can be sent again where the answer was lost or the key of the plan couldn't be kept.
    """
    key = hashlib.sha256(json.dumps([*origin, document]).encode()).hexdigest()
    answer = service.ask("POST", "/plans", document, {"Idempotency-Key": key})
    if answer.status in (404, 422):  # that plan is gone since, or the matrix is another: what comes now is new
        answer = service.ask("POST", "/plans", document, {"Idempotency-Key": secrets.token_hex(32)})
    if answer.status != 201:
        raise refuse(answer)
    return _read(_Head, answer, service).id, answer.again
