"""Every download, opened with a reader of its kind."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import jsonschema
import openpyxl
import pypdf
import pytest
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile

from planner.report import FORMATS
from planner.report.formats.json import report_schema
from planner.store.models import Plan
from tests.paper import read_pages
from tests.report.samples import contoso, write_plan
from tests.web.views.pages import Page, parse, store, words

ROOT = Path(__file__).resolve().parents[3]
# What the contract calls the formats that are there from the beginning.
TYPES = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "markdown": "text/markdown; charset=utf-8",
}


@pytest.fixture
def url():
    return f"/plans/{store()[1]}/"


@pytest.fixture
def flows(client, url):
    return client.get(f"{url}report/json").json()["flows"]


def pdf_text(data):
    """The text of a PDF with every white space as one space."""
    return " ".join(" ".join(read_pages(data)).split())


def test_all_formats_are_offered_on_the_page(client, url):
    links = {link.get("href") for link in Page(client.get(url)).all("a")}
    assert {f"{url}report/{name}" for name in FORMATS if not FORMATS[name].part} | {f"{url}plan.yaml"} <= links
    assert f"{url}report/firewalls" not in links, "the plan has none"
    assert set(TYPES) <= set(FORMATS)


@pytest.mark.parametrize("name", [name for name, kind in FORMATS.items() if not kind.part])
def test_a_report_comes_as_a_file_with_its_type_and_a_name(client, url, name):
    response = client.get(f"{url}report/{name}")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == TYPES.get(name, FORMATS[name].content_type)
    disposition = f'attachment; filename="contoso-revision-1.{FORMATS[name].ending or FORMATS[name].extension}"'
    assert response.headers["Content-Disposition"] == disposition
    assert response.content


@pytest.mark.parametrize("name", ["docx", "PDF", "plan", "x" * 300])
def test_an_unknown_format_is_not_found(client, url, name):
    assert client.get(f"{url}report/{name}").status_code == 404


def test_json_fits_the_schema_that_is_served(client, url):
    report = client.get(f"{url}report/json").json()
    jsonschema.validate(report, client.get("/schemas/report.json").json())
    assert report["plan"] == "Contoso"
    assert report["flows"]
    assert report["rules"]
    assert report["findings"]


def test_csv_has_a_line_for_each_flow(client, url, flows):
    text = client.get(f"{url}report/csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert [(row["source"], row["destination"], row["protocol"], row["ports"] or None) for row in rows] == [
        (flow["source"], flow["destination"], flow["protocol"], flow["ports"]) for flow in flows
    ]


def test_xlsx_has_a_row_for_each_flow_and_each_rule(client, url, flows):
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"{url}report/xlsx").content))
    rules = client.get(f"{url}report/json").json()["rules"]
    assert book["Flows"].max_row == len(flows) + 1
    assert book["Rules"].max_row == len(rules) + 1
    assert [row[0] for row in book["Rules"].iter_rows(min_row=2, values_only=True)] == [rule["id"] for rule in rules]


def test_markdown_names_every_rule(client, url):
    text = client.get(f"{url}report/markdown").content.decode()
    assert text.splitlines()[0].endswith("Contoso")
    for rule in client.get(f"{url}report/json").json()["rules"]:
        assert rule["id"].replace("-", "\\-") in text or rule["id"] in text


def test_html_names_every_rule_and_needs_no_other_file(client, url):
    page = parse(client.get(f"{url}report/html").content.decode())
    text = page.text()
    for rule in client.get(f"{url}report/json").json()["rules"]:
        assert rule["id"] in text
    assert [script.text for script in page.all("script")] == [(ROOT / "static/js/printed.js").read_text("utf-8")]
    assert not page.all("link")
    assert not [element for element in page.all(src=True) if not element.get("src").startswith("data:")]


def test_pdf_has_a_cover_and_every_rule(client, url):
    response = client.get(f"{url}report/pdf")
    cover = " ".join(read_pages(response.content)[0].split())
    assert "Contoso" in cover
    assert re.search(r"Revision 1\b", cover)
    assert re.search(r"\b\d{1,2} [A-Z][a-z]+ 20\d\d\b", cover)
    assert "Open Port Requirements" in cover
    text = pdf_text(response.content)
    for rule in client.get(f"{url}report/json").json()["rules"]:
        assert rule["id"] in text
    assert pypdf.PdfReader(io.BytesIO(response.content)).outline


def test_the_revision_is_in_the_name_and_on_the_cover(client, url):
    client.post(f"{url}choices/", {"choice": "esxi", "option": "ssh"})
    response = client.get(f"{url}report/pdf")
    assert 'filename="contoso-revision-2.pdf"' in response.headers["Content-Disposition"]
    assert "Revision 2" in " ".join(read_pages(response.content)[0].split())


def test_the_plan_comes_as_yaml_that_imports_into_the_same_plan(client):
    document = contoso(
        description="One\ntwo: three\n",
        choices={"esxi": "ssh", "active-directory": [], "prp-lockout-events": "yes", "teamviewer": "443"},
        corrections=["telnet-port"],
    )
    plan, key = store(document)
    response = client.get(f"/plans/{key}/plan.yaml")
    assert response.headers["Content-Type"] == "application/yaml; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="contoso-revision-1.yaml"'
    upload = SimpleUploadedFile("contoso.yaml", response.content)
    again = client.post("/plans/import/", {"file": upload}).url
    assert Plan.objects.latest("pk").document == plan.document
    assert client.get(f"{again}plan.yaml").content == response.content
    assert client.get(f"{again}report/json").content == client.get(f"/plans/{key}/report/json").content


def test_the_plan_as_yaml_means_the_same_to_any_reader(client):
    plan, key = store(contoso(choices={"prp-lockout-events": "no", "teamviewer": "80"}))
    read = yaml.safe_load(client.get(f"/plans/{key}/plan.yaml").content)
    assert read == json.loads(json.dumps(plan.document))


@pytest.mark.parametrize(
    ("name", "stem"),
    [("Zürich & Söhne", "zurich-sohne"), ("日本", "plan"), ('a"; b\\c/d..', "a-bcd"),
     ("../../etc/passwd", "etcpasswd"), ("x" * 255, "x" * 80), ("\u202egpj.exe", "gpjexe"), ("😀", "plan")],
)  # fmt: skip
def test_a_file_has_a_name_that_no_system_trips_over(client, name, stem):
    _, key = store(write_plan(name=name))
    for path, end in (("report/json", "json"), ("plan.yaml", "yaml")):
        disposition = client.get(f"/plans/{key}/{path}").headers["Content-Disposition"]
        assert disposition == f'attachment; filename="{stem}-revision-1.{end}"'


@pytest.mark.parametrize("name", [name for name, kind in FORMATS.items() if not kind.part])
def test_a_plan_without_endpoints_has_every_report(client, name):
    _, key = store(write_plan())
    assert client.get(f"/plans/{key}/report/{name}").status_code == 200


@pytest.mark.parametrize("name", ["json", "csv", "xlsx", "markdown", "html"])
def test_a_filtered_download_has_what_the_page_shows_and_says_so(client, name):
    _, key = store()
    whole = client.get(f"/plans/{key}/report/{name}")
    part = client.get(f"/plans/{key}/report/{name}", {"port": "443"})
    assert part.status_code == 200
    assert part.content != whole.content
    shown = len(Page(client.get(f"/plans/{key}/", {"port": "443"})).table("rules"))
    total = len(client.get(f"/plans/{key}/report/json").json()["rules"])
    assert f"-{shown}-of-{total}-rules.{name}" in part.headers["Content-Disposition"]


def test_the_json_of_a_part_says_which(client):
    _, key = store()
    data = client.get(f"/plans/{key}/report/json", {"port": "443", "decided": "open"}).json()
    jsonschema.validate(data, report_schema())
    assert data["selection"]["fields"] == {"Port": "443", "Decided": "Open"}
    assert data["selection"]["rules"] == len(data["rules"]) < data["selection"]["of"]
    assert data["flows"]
    assert all(flow["ports"] == "443" and flow["any_of"] for flow in data["flows"])


@pytest.mark.parametrize(
    "query",
    [{"port": "x"}, {"source": "nowhere"}, {"since": "9"}, {"since": "²"}, {"role": "<b>"}, {"decided": "maybe"}],
)
def test_a_filter_that_cant_be_gets_a_sentence_instead_of_a_file(client, query):
    _, key = store()
    response = client.get(f"/plans/{key}/report/json", query)
    assert response.status_code == 400
    assert words(Page(response).one("h1")) == "The filter can't be used"


def test_the_links_to_downloads_follow_the_filter(client):
    _, key = store()
    plain = Page(client.get(f"/plans/{key}/")).one(id="downloads")
    assert [link.get("href") for link in plain.iter("a") if "?" in link.get("href")] == [
        f"/plans/{key}/report/pdf?paper=letter"
    ]
    headers = {"HX-Request": "true", "HX-Target": "results"}
    part = Page(client.get(f"/plans/{key}/", {"port": "443"}, headers=headers)).one(id="downloads")
    assert part.get("hx-swap-oob") == "true"
    links = [link.get("href") for link in part.iter("a") if "/report/" in link.get("href")]
    letter = "report/pdf?port=443&paper=letter"
    assert len(links) == sum(not kind.part for kind in FORMATS.values()) + 1
    assert all(link.endswith(("?port=443", letter)) for link in links)
    assert client.get(links[0]).status_code == 200


FIREWALLS = [name for name, kind in FORMATS.items() if kind.options]


def test_firewall_files_carry_date_and_revision_and_deny_when_asked(client):
    document = contoso()
    document["endpoints"][2]["addresses"] = ["192.0.2.10"]
    url = f"/plans/{store(document)[1]}/"
    text = client.get(f"{url}report/nftables").content.decode()
    assert re.search(r"^# 20\d\d-\d\d-\d\d, revision 1$", text, re.MULTILINE)
    assert "policy " not in text
    assert "policy drop;" in client.get(f"{url}report/nftables?default_deny=1").content.decode()
    assert "policy " not in client.get(f"{url}report/nftables?default_deny=&nonsense=1").content.decode()


@pytest.mark.parametrize("name", ["nftables", "iptables"])
def test_what_is_undecided_is_opened_when_asked(client, name):
    document = contoso()
    document["endpoints"][3]["addresses"] = ["192.0.2.30"]
    url = f"/plans/{store(document)[1]}/report/{name}"
    disabled = re.compile(r"^# .*(?:add rule|-A PORT-PLANNER) .*undecided", re.MULTILINE)
    assert disabled.search(client.get(url).content.decode())
    opened = client.get(f"{url}?open_undecided=1").content.decode()
    assert not disabled.search(opened)
    assert re.search(r"^(?:add rule|-4 -A PORT-PLANNER) .*undecided", opened, re.MULTILINE)


def test_what_a_firewall_cannot_say_is_a_sentence_on_a_page(client):
    router = {"name": "R", "format": "nftables", "zones": {"Internal": "r 1", "DMZ": "r2"}}
    response = client.get(f"/plans/{store(contoso(firewalls=[router]))[1]}/report/firewalls")
    assert response.status_code == 422
    assert "the firewall R has a side r 1, which is no interface of Linux" in Page(response).text()


def test_a_plan_with_firewalls_has_a_file_for_each(client):
    zones = {"Internal": "port1", "DMZ": "port2"}
    firewalls = [{"name": f"FW{number}", "format": "nftables", "zones": zones} for number in (1, 2)]
    url = f"/plans/{store(contoso(firewalls=firewalls))[1]}/"
    assert f"{url}report/firewalls" in {link.get("href") for link in Page(client.get(url)).all("a")}
    with zipfile.ZipFile(io.BytesIO(client.get(f"{url}report/firewalls").content)) as archive:
        assert archive.namelist() == ["FW1.nft", "FW2.nft"]


def test_a_plan_without_firewalls_is_told_so(client, url):
    response = client.get(f"{url}report/firewalls")
    assert response.status_code == 422
    assert "the plan has no firewalls; add them" in Page(response).text()


def test_the_menu_offers_all_firewalls_at_once_with_or_without_denial(client, url):
    page = Page(client.get(url))
    form = next(form for form in page.all("form") if form.get("action") == f"{url}report/all-firewalls")
    assert form.get("method") == "get"
    for option in ("default_deny", "open_undecided"):
        (box,) = [element for element in form.iter() if element.get("name") == option]
        assert box.get("type") == "checkbox"
    assert {"asa", "fortigate", "paloalto", "srx", "nftables", "iptables", "windows", "aerleon"} < set(FIREWALLS)


@pytest.mark.parametrize(
    ("query", "size"),
    [("", (842, 595)), ("?paper=letter", (792, 612)), ("?paper=Letter", (792, 612)), ("?paper=", (842, 595))],
)
def test_the_pdf_is_on_the_paper_asked_for(client, url, query, size):
    page = pypdf.PdfReader(io.BytesIO(client.get(f"{url}report/pdf{query}").content)).pages[0]
    assert (round(page.mediabox.width), round(page.mediabox.height)) == size


@pytest.mark.parametrize("path", ["report/pdf", "report/csv", "changes/pdf", "read/report/pdf"])
def test_paper_that_there_is_not_is_refused_in_a_sentence_and_nothing_is_set_on_another(client, url, path):
    answer = client.get(f"{url}{path}?paper=%3Cb%3Ea3")
    assert answer.status_code == 400
    assert "Paper: “<b>a3” isn’t one; a PDF is set on a4 or letter." in Page(answer).text("main")


@pytest.mark.parametrize(("query", "is_part"), [("", False), ("?text=dns", True)])
def test_the_menu_offers_the_pdf_on_letter_of_what_is_filtered(client, url, query, is_part):
    page = Page(client.get(f"{url}{query}"))
    (address,) = [link.get("href") for link in page.all("a") if "paper=letter" in (link.get("href") or "")]
    answer = client.get(address)
    assert pypdf.PdfReader(io.BytesIO(answer.content)).pages[0].mediabox.width == pytest.approx(792)
    assert ("rules.pdf" in answer.headers["Content-Disposition"]) == is_part
