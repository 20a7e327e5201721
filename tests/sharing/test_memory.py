"""What is made to be a burden takes little of the memory of the process that answers it.

Each is as large as the limits admit, or larger. The service runs as it is served, and what its worker took at most is
read from the kernel after each request.
"""

import io
import json
import urllib.parse
import uuid
import zipfile
from pathlib import Path

import pytest

from scripts.served import start_by_script
from tests.databases import serve
from tests.sharing.test_processes import Browser, Sharing

pytestmark = pytest.mark.slow

MEBIBYTE = 2**20
MOST = 300 * MEBIBYTE


def squeeze(**files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            with archive.open(name, "w") as member:
                for part in content:
                    member.write(part)
    return data.getvalue()


HEAD = [b'{"format": 1, "plans": 1}']
NEW_YEAR = b'"2026-01-01T00:00:00+00:00"'
FACTS = b'{"revision": 1, "created": %b, "updated": %b, "deleted": null, ' % (NEW_YEAR, NEW_YEAR)
FILES = {
    "zeros.zip": lambda: squeeze(**{"archive.json": [b"0" * MEBIBYTE] * 200}),
    "one-line.zip": lambda: squeeze(**{
        "archive.json": HEAD, "plans/1/plan.json": [FACTS, b'"handovers": []}'],
        "plans/1/revisions.jsonl": [b"[" * MEBIBYTE] * 60,
    }),
    "handovers.zip": lambda: squeeze(**{
        "archive.json": HEAD, "plans/1/plan.json": [FACTS, b'"handovers": [', b"{}," * (7 * MEBIBYTE // 3), b"{}]}"],
        "plans/1/revisions.jsonl": [b""],
    }),
    "lines.zip": lambda: squeeze(**{
        "archive.json": HEAD, "plans/1/plan.json": [FACTS, b'"handovers": []}'],
        "plans/1/revisions.jsonl": [b"{}\n" * (MEBIBYTE // 3)] * 50,
    }),
    "names.zip": lambda: squeeze(**{f"plans/{number}/plan.json": [b"x"] for number in range(1, 3_000)}),
    "mappings.json": lambda: b"[" + b"{}," * (8 * MEBIBYTE // 3 - 3) + b"{}]",
    "lists.yaml": lambda: b"- []\n" * (8 * MEBIBYTE // 5),
    "key.json": lambda: b"{" + b'"":0,' * (8 * MEBIBYTE // 5 - 3) + b'"":0}',
    "zones.json": lambda: json.dumps(
        {"format": 1, "name": "x", "endpoints": [], "zones": [{"name": "", "kind": "x"}] * 50_000}
    ).encode(),
    "number.json": lambda: b'{"format": ' + b"9" * 8_000_000 + b"}",
    "too-large.json": lambda: b" " * (12 * MEBIBYTE),
    "table.csv": lambda: b"name,zone,addresses\n" + b"x,,\n" * 500_000,
    "lines.csv": lambda: b"name,zone,addresses\n" + b"".join(b"x,%x,!\n" % number for number in range(19_990)),
    "cells.csv": lambda: b"," * (2 * MEBIBYTE),
    "quote.csv": lambda: b'name\n"' + b'"",' * 600_000,
}  # fmt: skip


class Worker:
    """The one process of a service that answers, as the kernel sees it."""

    def __init__(self, service):
        [self.number] = Path(f"/proc/{service.process}/task/{service.process}/children").read_text().split()

    def forget(self):
        """Have the peak begin anew from what is in memory now."""
        Path(f"/proc/{self.number}/clear_refs").write_text("5")

    @property
    def peak(self):
        """The most memory that it had, in bytes."""
        lines = Path(f"/proc/{self.number}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024


@pytest.fixture(scope="module")
def sharing():
    with serve(start=start_by_script, PLANNER_WORKERS="1") as service:
        yield Sharing(service)


@pytest.fixture
def worker(sharing):
    worker = Worker(sharing.service)
    worker.forget()
    return worker


def upload(browser, path, token, **files):
    """Send files, and the token of the forms of a page, as browsers do."""
    edge = uuid.uuid4().hex
    parts = [f'--{edge}\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n{token}\r\n'.encode()]
    for field, (name, content) in files.items():
        about = f'--{edge}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
        parts += [about.encode(), content, b"\r\n"]
    body = b"".join([*parts, f"--{edge}--\r\n".encode()])
    return browser.post(path, body, f"multipart/form-data; boundary={edge}")


@pytest.mark.parametrize("name", FILES)
def test_a_file_made_to_be_a_burden_is_refused_within_300_mebibytes(sharing, worker, name):
    content = FILES[name]()
    for path in ("/plans/import/", f"{sharing.plan}endpoints/import/"):
        token = Sharing._token(sharing.owner.page("/plans/import/"))["csrfmiddlewaretoken"]
        status, _, body = upload(sharing.owner, path, token, file=(name, content))
        assert status in (200, 413), "an answer with words, and nothing made"
        assert b'class="error"' in body or b"notice-error" in body or status == 413
        assert worker.peak < MOST, f"{path}: {worker.peak // MEBIBYTE} MiB"


FORMS = (
    lambda: "&".join(
        f"{name}={'x' * 1_800_000}" for name in ("name", "description", "label", "passphrase", "reason", "addresses")
    ),
    lambda: "&".join(f"field{number}=x" for number in range(200_000)),
    lambda: "name=" + "%2C" * 11_000_000,
    lambda: "addresses=" + "1.1.1.1%0A" * 1_300_000 + "&name=x",
)
"""As browsers write them; `urlencode` takes seconds."""


@pytest.mark.parametrize(
    ("action", "make"), [*zip(["endpoints/add/", "links/make/", "flows/add/", "name/"], FORMS, strict=True)]
)
def test_a_form_made_to_be_a_burden_is_refused_within_300_mebibytes(sharing, worker, action, make):
    """They are read before any action sees them."""
    token = urllib.parse.urlencode(Sharing._token(sharing.owner.page(sharing.links)))
    form = f"{token}&{make()}".encode()
    status, _, _ = sharing.owner.post(f"{sharing.plan}{action}", form, "application/x-www-form-urlencoded")
    assert status in (200, 302, 413)
    assert worker.peak < MOST, f"{worker.peak // MEBIBYTE} MiB"


def test_a_door_takes_no_more_however_long_the_passphrase_is(sharing, worker):
    path = sharing.make("a gate", passphrase="correct horse")
    reader = Browser(sharing.service)
    assert sharing.enter(reader, path, "x" * 11_000_000) == 403
    assert sharing.enter(reader, path, "x" * 13_000_000) == 413
    assert worker.peak < MOST


def test_who_sends_too_much_gets_the_page_that_says_what_to_do(sharing):
    """And isn't hung up on in the middle, of which a browser would make an error of its own."""
    for size in (13 * MEBIBYTE, 40 * MEBIBYTE):
        status, _, body = sharing.owner.post("/plans/import/", b"x" * size, "application/x-www-form-urlencoded")
        assert status == 413
        assert "That is more than this form takes" in body.decode()
