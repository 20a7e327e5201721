"""A clone with a plan file, a stored plan, and both ways to it: the database, and a service behind an address."""

import io
import subprocess
import urllib.error
from email.message import Message
from pathlib import Path

from django.core.management import call_command
from django.test import Client

from planner.plan.document import check_plan, dump_plan
from planner.plan.syntax import to_yaml
from planner.store import actions
from planner.store.models import Hold, Plan
from ports.queries import shipped_matrix
from tests.api.programs import ME, make  # noqa: F401 - for the tests here

DOCUMENT = {
    "format": 1,
    "name": "Site",
    "zones": [{"name": "Inside", "kind": "internal"}, {"name": "Border", "kind": "dmz"}],
    "endpoints": [
        {"name": "PS01", "zone": "Inside", "addresses": ["10.0.0.1"], "roles": ["web-primary", "database"]},
        {"name": "GW01", "zone": "Border", "addresses": ["192.0.2.1"], "roles": ["browser-gateway"]},
    ],
    "ports": {"website": "8443"},
}
COMMENTED = """\
# Our site
format: 1
name: Site
zones:
  - name: Inside  # behind FW01
    kind: internal
  - name: Border
    kind: dmz
endpoints:
  # the only one
  - name: PS01
    zone: Inside
    addresses:
      - 10.0.0.1
    roles:
      - web-primary
      - database
  - name: GW01
    zone: Border
    addresses:
      - 192.0.2.1
    roles:
      - browser-gateway
ports:
  website: '8443'
# the end
"""
FILE = Path("site.yaml")
SITE = "https://planner.test/sub/"


def git(*words):
    """What git says in the folder."""
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *identity, *words], check=True, capture_output=True, text=True).stdout.strip()


def commit(message="A change"):
    git("add", "-A")
    git("commit", "-qm", message)
    return git("rev-parse", "HEAD")


def store(document=DOCUMENT):
    """A stored plan that the browser of the tokens owns."""
    matrix = shipped_matrix()
    row = actions.create_plan(plan=check_plan(document, matrix=matrix), matrix=matrix, summary="Start")
    ME.give(row, Hold.Role.OWN)
    return row


def edit(row, what, **params):
    """Somebody's edit on the page."""
    sender = actions.Sender(author="Kim", who="Kim")
    actions.apply_edit(plan_id=row.pk, matrix=shipped_matrix(), edit=what, params=params, sender=sender)


def change_endpoint(row, endpoint, /, **changes):
    edit(row, "edit-endpoint", endpoint=endpoint, changes=changes)


def stored(row):
    return Plan.objects.get(pk=row.pk)


def write(text):
    FILE.write_text(text, "utf-8")


def replace(old, new):
    """Change the file by hand."""
    text = FILE.read_text("utf-8")
    assert text.count(old) == 1
    write(text.replace(old, new))


def said():
    return FILE.read_text("utf-8")


def run(*words):
    """The exit status of a command."""
    try:
        call_command(*words)
    except SystemExit as leaving:
        return leaving.code
    return 0


def tracked(row, revision=1, text=COMMENTED):
    return f"# port-planner: plan={row.key} revision={revision}\n{text}"


def without_line(text):
    return text.partition("\n")[2] if text.startswith("# port-planner") else text


def dumped(document):
    return to_yaml(dump_plan(check_plan(document, matrix=shipped_matrix())))


class Opener:
    """What opens addresses of https://planner.test/ without a network: the service answers in this process."""

    def __init__(self, handler):
        self.client = Client()
        self.client.handler = handler
        self.asked = []

    def open(self, request, timeout):
        self.asked.append((request.get_method(), request.selector))
        assert request.full_url.startswith("https://planner.test/sub/api/v1/")
        path = request.selector.removeprefix("/sub")
        headers = dict(request.header_items())
        answer = self.client.generic(
            request.get_method(), path, request.data or b"", headers.get("Content-type", ""), headers=headers
        )
        message = Message()
        for name, value in answer.headers.items():
            message[name] = value
        response = urllib.error.HTTPError(
            request.full_url, answer.status_code, "", message, io.BytesIO(answer.content)
        )
        if answer.status_code >= 400:
            raise response
        return response
