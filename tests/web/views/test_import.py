import json
from datetime import date

import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from planner.plan.document import dump_plan
from planner.report.paper.prints import render_pdf
from planner.report.said.edition import Edition
from planner.store.models import Plan, Revision
from ports.models import PortMatrix
from tests.report.samples import contoso, evaluate
from tests.web.views.pages import Page, words

MIB = 2**20
YAML = yaml.safe_dump(contoso(), allow_unicode=True)
JSON = json.dumps(contoso(), ensure_ascii=False)


def minimal(**more):
    return {
        "format": 1,
        "name": "N",
        "zones": [{"name": "Z", "kind": "internal"}],
        "endpoints": [{"name": "E", "zone": "Z"}],
    } | more


def upload(client, content, name="plan.yaml"):
    return client.post("/plans/import/", {"file": SimpleUploadedFile(name, content), "text": ""})


def paste(client, text):
    return client.post("/plans/import/", {"text": text})


def faults(response):
    """Where -> what, as the page lists them in sight; fails unless it is the form again and nothing was stored."""
    assert response.status_code == 200
    assert not Plan.objects.exists()
    assert not Revision.objects.exists()
    page = Page(response)
    listed = page.one("ul", class_="faults").iter("li")
    return {words(item.find("code")): words(item.find("bdi")) for item in listed if item.find("code") is not None}


def complaint(response):
    """The sentences of a form that wasn't even read; fails unless nothing was stored."""
    assert response.status_code == 200
    assert not Plan.objects.exists()
    page = Page(response)
    return [words(error) for error in page.one(class_="notice-error").iter("p")]


def kept(response):
    """What stands in the text field. A browser drops one line break at its start."""
    return "".join(Page(response).one("textarea", name="text").itertext()).replace("\r\n", "\n")


def test_the_page_offers_a_file_and_a_text_and_names_the_limit_and_the_vocabulary(client):
    page = Page(client.get("/plans/import/"))
    assert page.one("input", type="file").get("name") == "file"
    assert page.one("form", enctype="multipart/form-data").get("method") == "post"
    assert "8 MiB" in page.text()
    assert "/schemas/plan.json" in {link.get("href") for link in page.all("a")}
    assert kept(client.get("/plans/import/")) == ""


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plan.yaml", YAML),
        ("plan.yml", YAML),
        ("PLAN.YAML", YAML),
        ("plan.json", JSON),
        ("plan", JSON),
        ("plan.txt", YAML),
        ("bom.yaml", "\ufeff" + YAML),
        ("bom.json", "\ufeff" + JSON),
        ("dos.yaml", YAML.replace("\n", "\r\n")),
    ],
)
def test_a_file_is_imported_and_its_page_opened(client, name, content):
    response = upload(client, content.encode(), name)
    assert response.status_code == 302
    plan = Plan.objects.get()
    assert plan.name == "Contoso"
    assert [row["name"] for row in plan.document["endpoints"]] == ["PS01", "DC01", "Portal", "ESX01", "Public"]
    assert plan.revisions.get().document == plan.document
    assert Page(client.get(response.url)).text("h1") == "Contoso"


@pytest.mark.parametrize("text", [YAML, JSON, "\n\n  " + JSON, YAML.replace("\n", "\r\n")])
def test_a_pasted_document_is_imported_and_its_page_opened(client, text):
    response = paste(client, text)
    assert response.status_code == 302
    assert Page(client.get(response.url)).text("h1") == Plan.objects.get().name == "Contoso"


def test_a_file_and_the_same_text_give_the_same_document(client):
    upload(client, YAML.encode())
    paste(client, JSON)
    first, second = Plan.objects.all()
    assert first.document == second.document


# Every kind of fault that the contract names: a document, and the places that are named.
BROKEN = {
    "an unknown key": (minimal(endpoint=[]), {"endpoint"}),
    "no format": ({k: v for k, v in minimal().items() if k != "format"}, {"format"}),
    "another format": (minimal(format=2), {"format"}),
    "a format as text": (minimal(format="1"), {"format"}),
    "no name": ({k: v for k, v in minimal().items() if k != "name"}, {"name"}),
    "an empty name": (minimal(name=""), {"name"}),
    "a name of 256 characters": (minimal(name="n" * 256), {"name"}),
    "a name with a control character": (minimal(name="a\u0007b"), {"name"}),
    "a name with a line break": (minimal(name="a\nb"), {"name"}),
    "a name with white space at its end": (minimal(name="a "), {"name"}),
    "a name with a lone surrogate": (minimal(name="a\ud800"), {"name"}),
    "a name with a null character": (minimal(name="a\x00b"), {"name"}),
    "no zone at all": (minimal(zones=[], endpoints=[]), {"zones"}),
    "an unknown kind of zone": (minimal(zones=[{"name": "Z", "kind": "lan"}]), {"zones[0].kind"}),
    "zones that differ in case alone": (
        minimal(zones=[{"name": "Z", "kind": "dmz"}, {"name": "z", "kind": "dmz"}]),
        {"zones[1].name"},
    ),
    "an unknown zone": (minimal(endpoints=[{"name": "E", "zone": "Nowhere"}]), {"endpoints[0].zone"}),
    "endpoints of one name": (
        minimal(endpoints=[{"name": "E", "zone": "Z"}, {"name": "e", "zone": "Z"}]),
        {"endpoints[1].name"},
    ),
    "an unknown role": (minimal(endpoints=[{"name": "E", "zone": "Z", "roles": ["chef"]}]), {"endpoints[0].roles[0]"}),
    "an unknown platform": (
        minimal(endpoints=[{"name": "E", "zone": "Z", "platforms": ["amiga"]}]),
        {"endpoints[0].platforms[0]"},
    ),
    "an unknown operation": (
        minimal(endpoints=[{"name": "E", "zone": "Z", "operations": ["dance"]}]),
        {"endpoints[0].operations[0]"},
    ),
    "an unknown session": (
        minimal(endpoints=[{"name": "E", "zone": "Z", "sessions": ["gopher"]}]),
        {"endpoints[0].sessions[0]"},
    ),
    "two roles of a web server": (
        minimal(endpoints=[{"name": "E", "zone": "Z", "roles": ["web-primary", "web-passive"]}]),
        {"endpoints[0].roles"},
    ),
    "a manager that is none": (
        minimal(endpoints=[{"name": "E", "zone": "Z", "managed_by": ["E"]}]),
        {"endpoints[0].managed_by[0]"},
    ),
    "a manager that isn't there": (
        minimal(endpoints=[{"name": "E", "zone": "Z", "managed_by": ["F"]}]),
        {"endpoints[0].managed_by[0]"},
    ),
    "an address that is none": (
        minimal(endpoints=[{"name": "E", "zone": "Z", "addresses": ["10.0.0.999"]}]),
        {"endpoints[0].addresses[0]"},
    ),
    "a network with host bits": (
        minimal(endpoints=[{"name": "E", "zone": "Z", "addresses": ["10.0.0.1/24"]}]),
        {"endpoints[0].addresses[0]"},
    ),
    "any for a single machine": (
        minimal(endpoints=[{"name": "E", "zone": "Z", "addresses": ["any"]}]),
        {"endpoints[0].addresses"},
    ),
    "a group that is neither true nor false": (
        minimal(endpoints=[{"name": "E", "zone": "Z", "group": "maybe"}]),
        {"endpoints[0].group"},
    ),
    "an unknown choice": (minimal(choices={"colour": "red"}), {"choices.colour"}),
    "an unknown option": (minimal(choices={"esxi": "telepathy"}), {"choices.esxi"}),
    "an unknown option of many": (minimal(choices={"active-directory": ["ntlm"]}), {"choices.active-directory[0]"}),
    "an unknown service": (minimal(ports={"gopher": 70}), {"ports.gopher"}),
    "a fixed service": (minimal(ports={"ldap": 390}), {"ports.ldap"}),
    "port 0": (minimal(ports={"website": 0}), {"ports.website"}),
    "port 65536": (minimal(ports={"website": 65536}), {"ports.website"}),
    "a port of thousands of digits": ('{"format": 1, "ports": {"website": ' + "9" * 5000 + "}}", {"ports.website"}),
    "a port that is no number": ('{"format": 1, "ports": {"website": NaN}}', {"ports.website"}),
    "a range from high to low": (minimal(ports={"website": "20-10"}), {"ports.website"}),
    "a port that is true": (minimal(ports={"website": True}), {"ports.website"}),
    "a correction for information only": (minimal(corrections=["ha-silent"]), {"corrections[0]"}),
    "an unknown correction": (minimal(corrections=["typo"]), {"corrections[0]"}),
    "a flow without a reason": (
        minimal(additional_flows=[{"source": "E", "destination": "E", "protocol": "icmp"}]),
        {"additional_flows[0].reason"},
    ),
    "a flow from nowhere": (
        minimal(additional_flows=[{"source": "X", "destination": "E", "protocol": "icmp", "reason": "r"}]),
        {"additional_flows[0].source"},
    ),
    "a flow of an unknown protocol": (
        minimal(additional_flows=[{"source": "E", "destination": "E", "protocol": "sctp", "reason": "r"}]),
        {"additional_flows[0].protocol"},
    ),
    "ports for icmp": (
        minimal(additional_flows=[{"source": "E", "destination": "E", "protocol": "icmp", "ports": 1, "reason": "r"}]),
        {"additional_flows[0].ports"},
    ),
    "tcp without ports": (
        minimal(additional_flows=[{"source": "E", "destination": "E", "protocol": "tcp", "reason": "r"}]),
        {"additional_flows[0].ports"},
    ),
    "lists where mappings belong": (minimal(choices=[], ports=[]), {"choices", "ports"}),
    "text where a list belongs": (minimal(zones="Z"), {"zones"}),
    "a duplicate key in JSON": (
        '{"format": 1, "name": "N", "name": "M", "zones": [{"name": "Z", "kind": "dmz"}], "endpoints": []}',
        {"name"},
    ),
    "a duplicate key in YAML": (
        "format: 1\nname: N\nzones:\n  - {name: Z, kind: dmz, kind: dmz}\nendpoints: []\n",
        {"zones[0].kind"},
    ),
    "an empty mapping": ("{}", {"format", "name", "zones", "endpoints"}),
    "a list": ("[]", {"document"}),
    "a text": ("hello", {"document"}),
    "no JSON": ('{"format": 1,', {"line 1, column 14"}),
    "no YAML": ("format: 1\n\tname: x", {"line 2, column 1"}),
    "a YAML alias": ("format: &a 1\nname: *a\n", {"line 1, column 9"}),
    "a YAML tag": ("format: !!python/object:os.system 1\n", {"line 1, column 9"}),
    "two YAML documents": ("format: 1\n---\nformat: 1\n", {"document"}),
    "JSON nested without end": ('{"a":' + "[" * 100_000, {"document"}),
    "YAML nested without end": ("a: " + "[" * 5_000, {"line 1, column 35"}),
    "several faults at once": (
        minimal(format=2, name="", ports={"website": 0}, corrections=["typo"], choices={"esxi": "telepathy"}),
        {"format", "name", "ports.website", "corrections[0]", "choices.esxi"},
    ),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_document_lists_all_faults_with_their_places_stores_nothing_and_is_kept(client, kind):
    document, places = BROKEN[kind]
    text = document if isinstance(document, str) else json.dumps(document, indent=1)
    response = paste(client, text)
    found = faults(response)
    assert places <= set(found), found
    assert all(message.strip() for message in found.values())
    assert kept(response) == text


@pytest.mark.parametrize("kind", [kind for kind, (document, _) in BROKEN.items() if isinstance(document, str)])
def test_a_broken_file_is_refused_as_well(client, kind):
    text, places = BROKEN[kind]
    assert places <= set(faults(upload(client, text.encode(), "plan")))


def test_several_faults_of_a_file_are_told_at_their_places(client):
    document, places = BROKEN["several faults at once"]
    assert places <= set(faults(upload(client, json.dumps(document).encode(), "plan")))


def test_a_fault_says_what_was_found_and_what_is_allowed(client):
    message = faults(paste(client, json.dumps(minimal(zones=[{"name": "Z", "kind": "lan"}]))))["zones[0].kind"]
    assert "lan" in message
    assert "internal, dmz, internet, cloud, remote-site" in message


def test_what_a_document_says_is_shown_as_text_among_its_faults(client):
    name = "<script>alert(1)</script>"
    response = paste(client, json.dumps(minimal(endpoints=[{"name": name, "zone": name, name: 1}])))
    assert "<script>alert" not in response.content.decode()
    assert name in Page(response).text()


def test_two_hundred_faults_are_listed_and_the_others_unfold(client):
    response = paste(client, json.dumps(minimal(endpoints=[{"name": f"E{n}", "zone": "X"} for n in range(250)])))
    assert len(faults(response)) == 200
    page = Page(response)
    assert "and 50 more" in page.text()
    assert len(page.one("ul", class_="folded").findall("li")) == 50


def test_a_file_that_is_not_utf_8_is_refused_with_the_place(client):
    found = faults(upload(client, b"format: 1\nname: Z\xfcrich\n"))
    assert "UTF-8" in found["document"]
    assert "17" in found["document"]


def test_a_file_of_binary_rubbish_is_refused(client):
    assert faults(upload(client, bytes(range(256)) * 10, "plan.yaml"))
    assert faults(upload(client, bytes(range(256)) * 10, "plan.json"))


def test_a_pasted_text_that_is_not_utf_8_is_refused_without_a_traceback(client):
    body = b"text=format%3A+1%0Aname%3A+%FF%00%ED%A0%80"
    response = client.post("/plans/import/", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200
    assert not Plan.objects.exists()


def test_null_characters_in_a_pasted_text_are_refused_with_one_sentence(client):
    response = paste(client, "format: 1\nname: a\x00b\n")
    assert len(complaint(response)) == 1
    assert "ull" in complaint(response)[0]


def test_null_characters_in_a_file_are_refused(client):
    assert faults(upload(client, b"format: 1\nname: a\x00b\n"))


def test_neither_a_file_nor_a_text_is_a_sentence(client):
    for response in (paste(client, ""), paste(client, " \n "), client.post("/plans/import/")):
        assert complaint(response) == ["Choose a file or paste a plan. Nothing was stored."]


@pytest.mark.parametrize("name", ["plan.yaml", "plan.json", "plan"])
def test_an_empty_file_is_refused_with_a_sentence(client, name):
    assert list(faults(upload(client, b"", name))) == ["line 1, column 1" if name == "plan.json" else "document"]


def test_a_broken_text_that_starts_with_empty_lines_keeps_them(client):
    assert kept(paste(client, "\n\nformat: 2\n")) == "\n\nformat: 2\n"


def test_a_file_and_a_text_together_are_a_sentence_and_the_text_is_kept(client):
    data = {"file": SimpleUploadedFile("plan.yaml", YAML.encode()), "text": YAML}
    response = client.post("/plans/import/", data)
    assert "give one of them" in complaint(response)[0]
    assert kept(response) == YAML


def test_the_pdf_of_a_report_is_imported_as_the_plan_that_it_was_made_from(client):
    report = evaluate(contoso())
    pdf = render_pdf(report, Edition(date=date(2024, 2, 29), with_plan=True))
    assert upload(client, pdf, "contoso-revision-3.pdf").status_code == 302
    assert Plan.objects.get().document == dump_plan(report.plan)


@pytest.mark.parametrize(("size", "says"), [(9, "damaged"), (33, "at most 32 MiB")])
@pytest.mark.slow
def test_a_pdf_that_holds_no_plan_is_a_sentence(client, size, says):
    [sentence] = complaint(upload(client, b"%PDF-1.7\n" + b"0" * size * MIB, "report.pdf"))
    assert says in sentence


@pytest.mark.parametrize("size", [9 * MIB, 20 * MIB])
def test_a_file_over_the_limit_is_a_sentence_with_both_sizes(client, size):
    [sentence] = complaint(upload(client, b"[" * size, "plan.json"))
    assert f"{size // MIB}.0 MiB" in sentence
    assert "8 MiB" in sentence


def test_a_pasted_text_over_the_limit_is_a_sentence_with_both_sizes(client):
    found = faults(paste(client, "[" * (9 * MIB)))
    assert "9.0 MiB" in found["document"]
    assert "8 MiB" in found["document"]


@pytest.mark.parametrize("checks", [False, True])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", None])
@pytest.mark.slow
def test_a_body_of_20_mb_is_answered_with_a_413_page(checks, kind):
    client = Client(enforce_csrf_checks=checks)
    client.get("/plans/import/")
    big = "x" * 20_000_000
    response = client.post("/plans/import/", f"text={big}", content_type=kind) if kind else paste(client, big)
    page = Page(response)
    assert response.status_code == 413
    assert page.text("h1") == "That is more than this form takes"
    assert "A form takes 12 MiB of typed or pasted text, 6,000 fields, 100 files, and 64 MiB in all." in page.text()
    assert not Plan.objects.exists()


def test_more_fields_than_any_form_has_are_answered_with_a_413_page(client):
    body = "&".join(f"f{n}=1" for n in range(7000))
    response = client.post("/plans/import/", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 413


def test_a_body_that_is_no_form_is_answered_with_a_sentence(client):
    assert complaint(client.post("/plans/import/", YAML, content_type="application/yaml"))
    response = client.post("/plans/import/", b"rubbish", content_type="multipart/form-data; boundary=")
    assert response.status_code == 400
    assert Page(response).text("h1") == "That request can't be read"


def test_a_form_without_its_token_is_refused_with_a_page_that_says_what_to_do():
    client = Client(enforce_csrf_checks=True)
    response = client.post(
        "/plans/import/", {"text": YAML}, headers={"referer": "http://testserver/plans/import/?to=1"}
    )
    assert response.status_code == 403
    assert Page(response).text("h1") == "This form is too old"
    assert '<a class="button button-main" rel="noreferrer" href="/plans/import/?to=1">' in response.text
    response = client.post("/plans/import/", {"text": YAML}, headers={"referer": "http://testserver//evil.example/"})
    assert ' href="/evil.example/">Open the page again' in response.text
    for elsewhere in ("https://elsewhere.example/plans/import/", "http://[", ""):
        response = client.post("/plans/import/", {"text": YAML}, headers={"referer": elsewhere})
        assert "noreferrer" not in response.text
    assert not Plan.objects.exists()


def test_the_form_with_its_token_is_taken():
    client = Client(enforce_csrf_checks=True)
    token = Page(client.get("/plans/import/")).one("input", name="csrfmiddlewaretoken").get("value")
    assert client.post("/plans/import/", {"text": YAML, "csrfmiddlewaretoken": token}).status_code == 302


def test_nothing_is_imported_without_a_matrix(client):
    PortMatrix.objects.all().delete()
    assert paste(client, YAML).status_code == 503
    assert not Plan.objects.exists()
