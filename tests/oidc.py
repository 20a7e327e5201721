"""A small OpenID Connect provider on this machine: it logs in whom it is told to, without asking anybody."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "port-planner", "s3cret-of-the-client"


class Provider:
    """Whom it logs in, how it behaves, and what was asked of it."""

    def __init__(self) -> None:
        self.person = {"sub": "1", "preferred_username": "alice", "name": "Alice"}
        self.mode = "agrees"
        """Or: refuses, down, nonsense, no-id-token, and the words of `_spoil`."""
        self.seen = []
        self.codes = {}
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.address = ""

    def answer(self, method, path, query, form, headers):
        """Status, headers and JSON for a request."""
        self.seen.append((method, path, query | form))
        if self.mode == "down":
            return 503, {}, {}
        match path:
            case "/.well-known/openid-configuration":
                return 200, {}, self._describe()
            case "/authorize":
                return 302, {"Location": f"{query['redirect_uri']}?{urlencode(self._authorize(query))}"}, {}
            case "/token":
                return self._hand_out(form)
            case "/userinfo":
                known = headers.get("Authorization") == f"Bearer {self.codes.get('token')}"
                return (
                    (200, {}, self.person if self.mode != "nonsense" else {"who": "knows"}) if known else (401, {}, {})
                )
        return 404, {}, {}

    def _describe(self):
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "userinfo_endpoint": "userinfo",
                 "jwks_uri": "keys"}  # fmt: skip
        return {"issuer": self.address} | {name: f"{self.address}/{path}" for name, path in names.items()}

    def _authorize(self, query):
        if self.mode == "refuses":
            return {"error": "access_denied", "state": query["state"]}
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return {"code": code, "state": query["state"]}

    def _hand_out(self, form):
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (
            asked is None
            or (form["client_id"], form["client_secret"]) != (CLIENT, SECRET)
            or asked["code_challenge"] != base64.urlsafe_b64encode(digest).decode().rstrip("=")
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return 400, {}, {"error": "invalid_grant"}
        self.codes["token"] = secrets.token_urlsafe(16)
        claims = self._spoil(self.person | {
            "iss": self.address, "aud": CLIENT, "iat": int(time.time()), "exp": int(time.time()) + 300,
            "nonce": asked["nonce"],
        })  # fmt: skip
        signed = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "1"})
        tokens = {"access_token": self.codes["token"], "token_type": "Bearer", "id_token": signed}
        return (
            200,
            {},
            {name: token for name, token in tokens.items() if self.mode != "no-id-token" or "id" not in name},
        )

    def _spoil(self, claims):
        """The claims, with something wrong where the mode says so."""
        name, _, what = self.mode.partition(" ")
        match name:
            case "without":
                return {claim: value for claim, value in claims.items() if claim != what}
            case "other":
                return claims | {what: "https://elsewhere.example"}
            case "several":
                return claims | {"aud": [CLIENT, "somebody-else"]} | ({"azp": CLIENT} if what else {})
            case "late":
                return claims | {"exp": int(time.time()) - 300}
            case "earlier":
                self.codes.setdefault("nonce", claims["nonce"])
                return claims | {"nonce": self.codes["nonce"]}
        return claims


@contextmanager
def provide() -> Iterator[Provider]:
    """A provider on a free port, until the block ends."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self._answer({})

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            self._answer(_flat(body))

        def _answer(self, form):
            parts = urlsplit(self.path)
            status, headers, data = provider.answer(self.command, parts.path, _flat(parts.query), form, self.headers)
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(data).encode())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _flat(query):
    return {name: values[0] for name, values in parse_qs(query).items()}
