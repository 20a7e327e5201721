"""The second matrix that is shipped, of a real product: loaded beside the first, planned with, amended."""

import json

import pytest
from django.core.management import CommandError, call_command

from planner.engine import evaluate_report
from planner.plan.blueprint import compose
from planner.plan.document import check_plan, read_plan
from ports.matrix import HEAD, build_matrix, find_faults, section_key
from ports.matrix.writing import write_fixture
from ports.queries import SHIPPED, current_matrix, default_product, read_fixture
from tests.paper import read_pages
from tests.second_matrix.conftest import FOLDER
from tests.second_matrix.test_no_product_in_code import FILES, texts_of
from tests.web.views.pages import Page

FIXTURE = SHIPPED.parent / "hashicorp-vault.json"
EDITION, PRODUCT = "hashicorp-vault-2", "hashicorp-vault"
PLAN = FOLDER / "vault.yaml"
MATRIX = build_matrix(read_fixture(FIXTURE))
BOTH_WAYS = {
    (one, other, port)
    for one, other in (("VAULT01", "VAULT02"), ("VAULT01", "VAULT11"), ("VAULT02", "VAULT11"))
    for port in ("8200", "8201")
}
FLOWS = {
    *BOTH_WAYS,
    *((other, one, port) for one, other, port in BOTH_WAYS),
    ("Clients", "Balancer", "8200"),
    *(("Balancer", node, "8200") for node in ("VAULT01", "VAULT02", "VAULT11")),
    *(
        (one, other, "8301")
        for one in ("VAULT01", "VAULT02", "CONSUL01")
        for other in ("VAULT01", "VAULT02", "CONSUL01")
        if one != other
    ),
    *((node, "CONSUL01", "8501") for node in ("VAULT01", "VAULT02", "VAULT11")),
    *((n, agent, "8501") for n in ("VAULT01", "VAULT02", "VAULT11") for agent in ("VAULT01", "VAULT02") if n != agent),
    *((node, "Directory", port) for node in ("VAULT01", "VAULT02", "VAULT11") for port in ("389", "636")),
    *((node, "Orders", "5432") for node in ("VAULT01", "VAULT02", "VAULT11")),
}
"""What the document's tables ask for in that plan, read by hand: source, destination, port. Gossip is TCP and UDP."""


@pytest.fixture
def loaded(db):
    """Both products, as the README has them loaded."""
    call_command("matrix", "load", str(SHIPPED), verbosity=0)
    call_command("matrix", "load", str(FIXTURE), verbosity=0)


def run(capsysbinary, *arguments, **options):
    capsysbinary.readouterr()
    call_command(*arguments, **options)
    return json.loads(capsysbinary.readouterr().out)


def test_it_is_sound_and_leaves_out_what_is_empty():
    records = read_fixture(FIXTURE)
    assert find_faults(records) == []
    assert FIXTURE.read_text("utf-8") == write_fixture(records, EDITION)
    assert (MATRIX.product_slug, MATRIX.url) == (PRODUCT, "https://developer.hashicorp.com/vault/docs/internals/ports")


def test_every_row_cites_a_table_and_every_table_has_a_row():
    cited = {requirement.section for requirement in MATRIX.requirements}
    assert sorted(cited, key=section_key) == ["1", "2", "3", "4", "5", "6", "7"]


def test_its_plan_gives_the_flows_that_its_document_asks_for():
    plan = read_plan(PLAN.read_bytes(), matrix=MATRIX)
    flows = evaluate_report(MATRIX, plan).flows
    assert {(f.source.name, f.destination.name, f.need.ports) for f in flows if f.scope != "same-host"} == FLOWS
    assert {f.need.protocol for f in flows if f.need.ports == "8301"} == {"tcp", "udp"}


def test_its_questions_make_a_plan_without_errors():
    report = evaluate_report(MATRIX, check_plan(compose(MATRIX, {}, "Vault"), matrix=MATRIX))
    assert [finding.code for finding in report.findings if finding.severity in ("error", "warning")] == []
    assert report.rules


def test_no_string_of_the_code_names_it():
    words = {PRODUCT, "hashicorp", *(slug for slug in MATRIX.roles if "-" in slug), *MATRIX.choices, *MATRIX.caveats}
    found = [
        (str(path), line, text)
        for path in FILES
        for line, text in texts_of(path)
        if text in words or "hashicorp" in text.casefold()
    ]
    assert found == []


def test_both_are_here_and_the_first_stays_the_default(loaded, capsysbinary):
    found = run(capsysbinary, "matrix", "list", format="json")
    assert [(row["product"], row["current"]) for row in found] == [("passwordstate", True), (PRODUCT, True)]
    assert default_product() == "passwordstate"
    assert current_matrix(PRODUCT) == MATRIX


@pytest.mark.parametrize(("name", "words"), [("json", '"8501"'), ("nftables", "10.8.0.21"), ("pdf", "LDAP")])
def test_a_plan_file_that_names_it_is_reported_on_under_its_edition(loaded, tmp_path, name, words):
    call_command("report", str(PLAN), format=name, edition=EDITION, output=f"{tmp_path}/", verbosity=0)
    data = (tmp_path / f"vault.{name}").read_bytes()
    text = "".join(read_pages(data)) if name == "pdf" else data.decode()
    assert words in text
    assert "Passwordstate" not in text
    if name == "json":
        assert json.loads(text)["document"]["url"] == MATRIX.url


def test_a_plan_of_the_other_product_is_refused_under_it(loaded, tmp_path, capsys):
    other = tmp_path / "other.yaml"
    other.write_text(
        PLAN.read_text("utf-8").replace("product: hashicorp-vault\n", "product: passwordstate\n"), "utf-8"
    )
    with pytest.raises(SystemExit):
        call_command("report", str(other), format="json", edition=EDITION, verbosity=0)
    assert "product" in capsys.readouterr().err


def test_the_page_of_the_matrix_shows_it(loaded, client):
    text = Page(client.get("/matrix/", {"edition": EDITION})).text("main")
    for requirement in MATRIX.requirements:
        assert requirement.name in text
    assert MATRIX.url in text
    assert "when no endpoint has the role “Load balancer”" in text


def test_it_is_amended_compared_and_weighed(loaded, capsysbinary, tmp_path):
    amended = run(
        capsysbinary, "matrix", "amend", "service/vault-api", "ports", "443", reason="Proxy", product=PRODUCT,
        format="json",
    )  # fmt: skip
    assert (amended["old"], amended["new"], amended["state"]) == ("8200", "443", "applied")
    assert current_matrix(PRODUCT).services["vault-api"].ports == "443"
    assert current_matrix().amendments == ()
    records = read_fixture(FIXTURE)
    records[HEAD][0]["slug"] = "hashicorp-vault-3"
    (service,) = (row for row in records["service"] if row["slug"] == "postgresql-port")
    service["ports"] = "6432"
    path = tmp_path / "next.json"
    path.write_text(write_fixture(records, "hashicorp-vault-3"), "utf-8")
    call_command("matrix", "load", str(path), no_activate=True)
    capsysbinary.readouterr()
    with pytest.raises(SystemExit) as differs:
        call_command("matrix", "diff", EDITION, "hashicorp-vault-3", format="json")
    assert differs.value.code == 3
    assert json.loads(capsysbinary.readouterr().out) == [
        {"change": "changed", "row": "service/postgresql-port", "field": "ports", "old": "5432", "new": "6432"}
    ]
    with pytest.raises(SystemExit) as weighed:
        call_command("matrix", "impact", "hashicorp-vault-3", str(PLAN), format="json")
    assert weighed.value.code == 3
    (impact,) = json.loads(capsysbinary.readouterr().out)
    assert (impact["opened"], impact["closed"], impact["faults"]) != (0, 0, [])
    with pytest.raises(CommandError, match="There is no product 'vault'"):
        call_command("matrix", "amend", "service/vault-api", "ports", "1", reason="x", product="vault")
