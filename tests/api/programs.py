"""Programs as they ask: by a token, without cookies. Each answer has to be one that the OpenAPI document tells of."""

import json
import re
from functools import cache

import jsonschema_rs
from django.test import Client

from planner.api.service import describe_service
from planner.sharing import tokens
from planner.store.holders import Holder
from planner.store.models import hash_token, make_token
from ports.queries import shipped_matrix
from tests.web.views.pages import BROWSERS

ROOT = "/api/v1"
ME = Holder(browser=hash_token(BROWSERS[0]), name="Me")


def make(scope="own", holder=ME, plan=None, days=30, label="Pipeline"):
    """A new token, as the program has it."""
    token = tokens.PREFIX + make_token()
    tokens.make_api_token(holder=holder, token=token, label=label, scope=scope, days=days, plan=plan)
    return token


@cache
def describe():
    return describe_service(shipped_matrix())


@cache
def make_validator(schema):
    """What validates by a schema of the document, which is given as text."""
    return jsonschema_rs.validator_for(json.loads(schema) | {"components": describe()["components"]})


def check_documented(method, response):
    """That the OpenAPI document tells of this answer: its status, its type, and what is in it."""
    match = response.wsgi_request.resolver_match
    if match is None or "ninja" not in match.app_names:
        return
    path = "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", match.route)
    operation = describe()["paths"][path].get("get" if method == "HEAD" else method.lower())
    if operation is None:
        assert response.status_code == 405
        return
    where = f"{method} {path}: {response.status_code}"
    assert str(response.status_code) in operation["responses"], where
    content = operation["responses"][str(response.status_code)].get("content", {})
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if method == "HEAD" or response.status_code in (204, 304) or "*/*" in content:
        return
    assert kind in content, f"{where}: {kind}"
    schema = content[kind].get("schema")
    if schema and "json" in kind:
        make_validator(json.dumps(schema)).validate(json.loads(response.content))


class Program:
    """What asks the API with a token; None for without."""

    def __init__(self, handler, token=""):
        self.client = Client()
        self.client.handler = handler
        self.token = make() if token == "" else token

    def ask(self, method, path, data=b"", *, kind="application/json", **headers):
        text = data if isinstance(data, (bytes, str)) else json.dumps(data)
        sent = text if isinstance(text, bytes) else text.encode()
        known = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = self.client.generic(method, ROOT + path, sent, kind, headers=known | named)
        check_documented(method, response)
        if response.streaming:
            response.whole = b"".join(response.streaming_content)  # which closes the file, too
        return response

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, data=b"", **more):
        return self.ask("POST", path, data, **more)

    def put(self, path, data=b"", **more):
        return self.ask("PUT", path, data, **more)

    def delete(self, path, **more):
        return self.ask("DELETE", path, **more)


def problem(response):
    """The status and the code of what went wrong."""
    assert response.headers["Content-Type"] == "application/problem+json", response.content[:300]
    found = response.json()
    assert found["status"] == response.status_code
    assert found["detail"].strip()
    return response.status_code, found["type"].rpartition(":")[2]
