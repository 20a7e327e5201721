"""Programs as they ask: by a token, without cookies, and what they read of answers."""

import json

from django.test import Client

from planner.sharing import tokens
from planner.store.holders import Holder
from planner.store.models import hash_token, make_token
from tests.web.views.pages import BROWSERS

ROOT = "/api/v1"
ME = Holder(browser=hash_token(BROWSERS[0]), name="Me")


def make(scope="own", holder=ME, plan=None, days=30, label="Pipeline"):
    """A new token, as the program has it."""
    token = tokens.PREFIX + make_token()
    tokens.make_api_token(holder=holder, token=token, label=label, scope=scope, days=days, plan=plan)
    return token


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
        return self.client.generic(method, ROOT + path, sent, kind, headers=known | named)

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
