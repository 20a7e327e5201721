"""Whatever is sent to the pages, an answer comes that isn't the service's own failure."""

import io
import json
import zipfile

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction
from django.test import Client, RequestFactory
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from planner.sharing import links
from planner.store.presence import COOKIE
from planner.web.views import shared
from planner.wsgi import application
from tests.strategies import often
from tests.web.views.any_input import BYTES, PAIRS, PATTERNS, RAW, TEXTS, World
from tests.web.views.pages import BROWSERS, know, visitor_cookie

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
FUZZ = settings(
    max_examples=often(100), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture
def world(handler, monkeypatch):
    monkeypatch.setattr(shared, "WRONG_LINKS", 10_000)
    return World(handler)


def test_every_address_is_among_those_that_are_asked(world):
    found = {name: world.paths(name) for name in PATTERNS}
    assert [name for name, paths in found.items() if not paths] == []
    assert len(found) > 60


@FUZZ
@given(st.data())
def test_any_query_string_is_answered(world, data):
    name = data.draw(st.sampled_from(PATTERNS))
    path = data.draw(st.sampled_from(world.paths(name)))
    query = data.draw(st.one_of(RAW, PAIRS.map(encode)))
    method = data.draw(st.sampled_from(["GET", "GET", "GET", "HEAD", "OPTIONS", "DELETE"]))
    headers = data.draw(st.sampled_from([{}, {"HX-Request": "true", "HX-Target": "results"}, {"HX-Request": "true"}]))
    world.ask(method, path, QUERY_STRING=query, headers=headers)


def encode(pairs):
    from urllib.parse import urlencode

    return urlencode(
        [(name.encode("utf-8", "surrogatepass"), value.encode("utf-8", "surrogatepass")) for name, value in pairs]
    )


FIELDS = st.sampled_from(
    [
        "label",
        "shows",
        "revision",
        "shows_changes",
        "days",
        "passphrase",
        "most_openings",
        "offer",
        "link",
        "to",
        "name",
        "description",
        "example",
        "file",
        "text",
        "choice",
        "option",
        "service",
        "ports",
        "caveat",
        "on",
        "zone",
        "kind",
        "addresses",
        "roles",
        "source",
        "destination",
        "protocol",
        "reason",
        "operation",
        "base",
        "number",
        "seen",
        "module",
        "recipient",
        "note",
        "index",
        "endpoint",
        "count",
    ]
)
FORMS = st.dictionaries(
    FIELDS, st.one_of(TEXTS, st.sampled_from(["pinned", "newest", "30", "never", "Team"])), max_size=8
)


@FUZZ
@given(st.data())
def test_any_form_is_answered(world, data):
    path = data.draw(st.sampled_from([path for name in PATTERNS for path in world.paths(name)]))
    form = data.draw(FORMS)
    body = encode(form.items())
    headers = data.draw(st.sampled_from([{}, {"HX-Request": "true", "HX-Current-URL": "http://[/?view=flows"}]))
    world.ask("POST", path, data=body.encode(), content_type="application/x-www-form-urlencoded", headers=headers)


LINK_FORMS = st.fixed_dictionaries(
    {
        "label": TEXTS,
        "shows": st.one_of(st.sampled_from(["newest", "pinned"]), TEXTS),
        "days": st.one_of(st.sampled_from(["1", "30", "never"]), TEXTS),
    },
    optional={"revision": TEXTS, "shows_changes": TEXTS, "passphrase": TEXTS, "most_openings": TEXTS},
)


@FUZZ
@given(LINK_FORMS)
def test_any_link_that_is_asked_for_is_made_or_refused_with_words(world, form):
    form |= {"offer": links.offer_token(world.plan, "read")}
    response = world.ask(
        "POST",
        f"/plans/{world.key}/links/make/",
        data=encode(form.items()).encode(),
        content_type="application/x-www-form-urlencoded",
    )
    text = response.content.decode()
    assert ('id="made"' in text) is ('class="error"' not in text and 'role="alert"' not in text)


@settings(FUZZ, max_examples=often(40))
@given(TEXTS)
def test_any_passphrase_is_answered_and_a_wrong_one_opens_nothing(world, passphrase):
    response = world.ask(
        "POST",
        f"/shared/{world.gate}/enter/",
        data=encode([("passphrase", passphrase)]).encode(),
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 403
    assert b"Contoso" not in response.content


TYPES = st.one_of(
    st.sampled_from(
        [
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "multipart/form-data; boundary=b",
            "multipart/form-data; boundary=" + "b" * 300,
            "multipart/form-data; boundary=é",
            "application/json",
            "text/plain; charset=utf-16",
            "multipart/form-data; boundary=b; charset=hex",
            "",
            ";",
            "/",
            "application/x-www-form-urlencoded; charset=idna",
            "multipart/form-data; boundary=b; charset=zip",
        ]
    ),
    BYTES,
)
BODIES = st.one_of(
    st.binary(max_size=200),
    st.lists(
        st.sampled_from(
            [
                b"--b\r\n",
                b"--b--\r\n",
                b"\r\n",
                b'Content-Disposition: form-data; name="label"\r\n',
                b'Content-Disposition: form-data; name="file"; filename="a.zip"\r\n',
                b"\0",
                b"\xff",
                b"Content-Transfer-Encoding: base64\r\n",
                b"a%00=1",
                b"&",
                b"=",
                b"%f",
                b"x" * 500,
            ]
        ),
        max_size=12,
    ).map(b"".join),
)
WRITERS = [
    "make_link",
    "enter_link",
    "import_plan",
    "rename_plan",
    "import_endpoints",
    "revoke_link",
    "guided_preview",
]


@pytest.mark.parametrize(
    "claim", ["charset=hex", "Charset = base64", "charset*=utf-8''zip", 'charset="idna"', "charset=latin-1; x=y"]
)
def test_text_is_utf_8_whatever_a_request_says(monkeypatch, claim):
    """In the application that is served: Django fails over some of these before its own refusals begin."""
    requests = []
    monkeypatch.setattr("planner.wsgi._answer", lambda environ, _: requests.append(WSGIRequest(environ)) or [])
    body = '--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nZürich\r\n--b--\r\n'.encode()
    environ = RequestFactory()._base_environ(
        REQUEST_METHOD="POST",
        QUERY_STRING="text=%C3%BC",
        CONTENT_TYPE=f"multipart/form-data; {claim}; boundary=b",
        CONTENT_LENGTH=str(len(body)),
        **{"wsgi.input": io.BytesIO(body)},
    )
    application(environ, None)
    assert (requests[0].GET["text"], requests[0].POST["name"]) == ("ü", "Zürich")


@FUZZ
@given(st.sampled_from(WRITERS), TYPES, BODIES)
def test_any_body_is_answered(world, name, kind, body):
    for path in world.paths(name):
        world.ask("POST", path, data=body, content_type=kind)


@FUZZ
@given(st.data())
def test_any_cookie_is_answered(world, data):
    value = data.draw(
        st.one_of(
            BYTES,
            st.sampled_from(
                [
                    links.seal(world.plan.links.first()),
                    visitor_cookie(BROWSERS[1]),
                    "a:b:c",
                    ":",
                    "::",
                    "e30:1:x",
                    ".eJw:1:1",
                    "=" * 99,
                ]
            ),
        )
    )
    cut = data.draw(st.integers(0, len(value)))
    names = ["opening", COOKIE, "csrftoken", "sessionid", "messages", "edit-link"]
    cookies = "; ".join(f"{name}={value[:cut]}{data.draw(BYTES)}" for name in names)
    for path in (f"/shared/{world.gate}/", f"/plans/{world.key}/", "/plans/", f"/shared/{world.open}/report/json"):
        response = Client(headers={"Cookie": cookies}).get(path)
        assert response.status_code < 500
        assert path == f"/shared/{world.open}/report/json" or b"Contoso" not in response.content


HEADERS = st.sampled_from(
    [
        "HX-Request",
        "HX-Target",
        "HX-Current-URL",
        "HX-Current-URL-URI-AutoEncoded",
        "HX-Boosted",
        "HX-Prompt",
        "HX-Trigger",
        "HX-Triggering-Event",
        "Triggering-Event",
        "HX-History-Restore-Request",
        "Host",
        "Origin",
        "Referer",
        "Accept",
        "Range",
        "Accept-Encoding",
        "Accept-Language",
        "If-None-Match",
        "If-Modified-Since",
        "X-Forwarded-For",
        "X-Forwarded-Proto",
        "X-Forwarded-Host",
        "Forwarded",
        "X-Requested-With",
        "Content-Length",
        "Content-Encoding",
        "X-CSRFToken",
        "User-Agent",
        "X-HTTP-Method-Override",
        "Remote-User",
    ]
)


@FUZZ
@given(st.data())
@example(None)
def test_any_header_is_answered(world, data):
    if data is None:
        headers, path, method = {"HX-Request": "true", "HX-Current-URL": "http://[x"}, f"/plans/{world.key}/", "GET"
    else:
        odd = st.sampled_from(
            ["true", "http://[", "http://[x/?a", "http://a:b/", "//", "9" * 40, "-1", "bytes=0-", "é", "*"]
        )
        headers = data.draw(st.dictionaries(HEADERS, st.one_of(odd, BYTES), max_size=5))
        path = data.draw(st.sampled_from([path for name in PATTERNS for path in world.paths(name)]))
        method = data.draw(st.sampled_from(["GET", "GET", "POST", "HEAD"]))
    strict = know(Client(enforce_csrf_checks=method == "POST"))
    strict.handler = world.client.handler if method != "POST" else strict.handler
    with transaction.atomic():
        response = strict.generic(method, path, headers=headers)
        if response.streaming:
            b"".join(response.streaming_content)
            for close in response._resource_closers:
                close()
        transaction.set_rollback(True)
    assert response.status_code < 500


def squeeze(files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return data.getvalue()


JSONS = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.sampled_from([10**400, -(10**19), 2**63]), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
MEMBERS = st.tuples(
    st.sampled_from(
        ["archive.json", "plans/1/plan.json", "plans/1/revisions.jsonl", "plans/0/plan.json", "../x", "/x", "a"]
    ),
    st.one_of(
        st.binary(max_size=60),
        JSONS.map(lambda tree: json.dumps(tree).encode()),
        st.just(b"0" * 5_000_000),
        st.just(b"[" * 100_000),
        st.just(b'{"format": 1, "plans": 1}'),
    ),
)
FILES = st.one_of(
    st.binary(max_size=200),
    st.lists(MEMBERS, max_size=4, unique_by=lambda member: member[0]).map(squeeze),
    JSONS.map(lambda tree: json.dumps(tree).encode()),
    st.sampled_from(
        [
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b"- " * 5_000,
            b"a: &a [*a]",
            b"\xff\xfe" + b"a\0" * 20,
            b"\0" * 99,
            b"PK\3\4",
            b"PK\5\6" + b"\0" * 18,
            b"%YAML 9.9\n---\n",
            b"!!python/object:os.system x",
            b"? ? ? a",
            b'{"format": ' + b"9" * 100_000 + b"}",
            b"\xef\xbb\xbf{}",
            b"name,zone\n" + b",\n" * 500,
            b'"' * 999,
        ]
    ),
)


@settings(FUZZ, max_examples=often(150))
@given(FILES, st.sampled_from(["a.zip", "a.json", "a.yaml", "a.csv", "", "\0", "../../é"]), st.data())
def test_any_file_is_answered(world, content, name, data):
    if content.startswith(b"PK") and data.draw(st.booleans()):
        place = data.draw(st.integers(0, max(0, len(content) - 1)))
        content = content[:place] + data.draw(st.binary(max_size=4)) + content[place + 1 :]
    for path in ("/plans/import/", f"/plans/{world.key}/endpoints/import/"):
        with transaction.atomic():
            file = io.BytesIO(content)
            file.name = name or "x"
            response = world.client.post(path, {"file": file, "text": ""})
            transaction.set_rollback(True)
        assert response.status_code < 500
