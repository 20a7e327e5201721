import re
import time

import pytest

from planner.engine.compare import compare_reports
from planner.report import CHANGE_FORMATS
from planner.report.formats.json import report_data
from planner.report.formats.markdown import escape, render_markdown
from planner.report.said.edition import Editions
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, hostile, sites, write_plan
from tests.report.test_hostile_plan import OWN_LINK


def text_of(document):
    return render_markdown(evaluate(document)).decode()


def unescape(text):
    """What a reader of the rendered page sees of escaped text."""
    text = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text.replace("<!-- -->", ""))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def split_cells(line):
    """The cells of a table's line, as GitHub divides it: at every pipe without a backslash that escapes it."""
    assert line.startswith("| ")
    assert line.endswith(" |")
    return [cell.strip() for cell in re.findall(r"((?:\\.|[^|\\])*)\|", line[1:])]


def tables(text):
    """All tables as lists of dictionaries; fails when a line has more or fewer cells than its header."""
    found = []
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        header, ruler, *lines = map(split_cells, block.splitlines())
        assert set(ruler) == {"---"}
        found.append([dict(zip(header, cells, strict=True)) for cells in lines])
    return found


def rules_of(text):
    return [row for table in tables(text) for row in table if "Rule" in row]


def test_it_opens_with_the_plan_the_matrix_and_the_legend():
    report = evaluate(contoso(description="What it is for"))
    text = render_markdown(report).decode()
    assert text.startswith("# Port requirements: Contoso\n\n**Description:** What it is for\n")
    assert f"**Port matrix:** {report.matrix.version}" in unescape(text)
    assert (
        "Ports are destination ports; the source opens the connection; a stateful firewall admits the replies." in text
    )


def test_the_summary_counts_what_the_json_report_has():
    report = evaluate(contoso())
    data = report_data(report)
    counts = {row["Content"]: int(row["Count"]) for row in tables(render_markdown(report).decode())[0]}
    assert counts["Firewall rules"] == len(data["rules"])
    assert counts["Flows between zones"] == sum(flow["scope"] == "cross-zone" for flow in data["flows"])
    assert counts["Flows within a zone"] == sum(flow["scope"] == "same-zone" for flow in data["flows"])
    assert counts["Flows on one host"] == sum(flow["scope"] == "same-host" for flow in data["flows"])
    assert counts["Findings: decision"] == sum(finding["severity"] == "decision" for finding in data["findings"])
    assert counts["Endpoints"] == 5


@pytest.mark.parametrize("document", [contoso(), sites(3), hostile("a | b")], ids=["contoso", "sites", "hostile"])
def test_every_rule_of_the_json_report_is_there_with_all_it_says(document):
    report = evaluate(document)
    rows = rules_of(render_markdown(report).decode())
    rules = report_data(report)["rules"]
    addresses = {e.name: ", ".join(e.addresses) or "address to be filled in" for e in report.plan.endpoints}
    assert len(rows) == len(rules) > 0
    for row, rule in zip(rows, rules, strict=True):
        assert row["Rule"] == rule["id"]
        for column, key in (("Sources", "sources"), ("Destinations", "destinations")):
            expected = [f"{name} ({addresses[name]})" for name in rule[key]]
            assert [unescape(line) for line in row[column].split("<br>")] == expected
        services = [line.split(":")[0] for line in row["Services"].split("<br>")]
        assert services == [" ".join(filter(None, (s["protocol"], s["ports"]))) for s in rule["services"]]
        assert row["Sections"] == ", ".join(f"§{section}" for section in rule["sections"])
        assert bool(row["Undecided"]) == bool(rule["any_of"])
        for reason in rule["reasons"]:
            assert all(part in unescape(row["Why"]) for part in reason.split(": "))


def test_rules_stand_under_their_boundary():
    report = evaluate(contoso())
    text = render_markdown(report).decode()
    headings = re.findall(r"^### (.*)$", text, re.MULTILINE)
    assert headings == [f"{boundary.code}: {boundary.label}" for boundary in report.boundaries]


def test_zones_that_stand_together_are_named():
    text = text_of(sites(3))
    assert "3 remote sites: Site 0, Site 1, Site 2" in text


def test_a_changed_port_says_what_it_was():
    text = text_of(contoso())
    assert "tcp 8443: Passwordstate website (HTTPS) (changed from 443)" in text
    assert "- Passwordstate website (HTTPS): tcp 8443 instead of 443." in text


def test_an_applied_correction_is_told():
    assert "- Practice followed: " in text_of(contoso(corrections=["ldap-tcp"]))


def test_what_is_left_as_documented_is_not_said_to_differ_from_the_document():
    text = text_of(contoso(ports={}, as_documented=["ldap-tcp"]))
    assert "\nDecided here about the vendor’s document:\n\n- Left as documented: " in text
    assert "Different" not in text


def test_every_finding_of_the_json_report_is_there():
    report = evaluate(contoso())
    rows = [row for table in tables(render_markdown(report).decode()) for row in table if "Severity" in row]
    assert [(row["Severity"], unescape(row["Finding"]), unescape(row["What"])) for row in rows] == [
        (finding["severity"], finding["code"], finding["message"]) for finding in report_data(report)["findings"]
    ]


def test_open_decisions_list_their_options_and_what_costs_nothing():
    document = contoso()
    document["endpoints"][3]["sessions"] = ["ssh"]
    (row,) = [row for table in tables(text_of(document)) for row in table if "Question" in row]
    assert row["Choice"] == "VMware ESXi access"
    assert row["Options"] == "SSH: Needs nothing more than is open anyway.<br>PowerCLI: Opens tcp 443."
    assert row["Flows"] == "1"


def test_endpoints_come_with_addresses_and_missing_ones_are_words():
    rows = [row for table in tables(text_of(contoso())) for row in table if "Name" in row]
    assert {row["Name"]: row["Addresses"] for row in rows} == {
        "PS01": "10.0.0.10<br>fd00::10",
        "DC01": "10.0.0.20",
        "Portal": "address to be filled in",
        "ESX01": "esx01.example.net",
        "Public": "any",
    }


def test_an_empty_plan_says_so_instead_of_showing_empty_tables():
    text = text_of(write_plan())
    assert "No flow crosses a boundary between zones, so no rule is needed." in text
    assert "The plan has no endpoints yet." in text
    assert all(table for table in tables(text))


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_stays_text(name):
    text = text_of(hostile(name))
    for row in [row for table in tables(text) for row in table if "Name" in row and "SQL" not in row["Name"]]:
        assert unescape(row["Name"]) == unescape(row["Zone"]) == name
    assert len(rules_of(text)) == 1
    assert not re.search(r"<(?!br>|!-- -->)", text)
    assert not re.search(r"(?<!\\)[`\[\]$]|(?<=[a-z])://|www\.", OWN_LINK.sub("", text))
    assert unescape(text.splitlines()[0]) == f"# Port requirements: {name}"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a|b", r"a\|b"),
        ("a\\|b", r"a\\\|b"),
        ("`x` *y* _z_", r"\`x\` \*y\* \_z\_"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("[a](b) ![c](d)", r"\[a\](b) !\[c\](d)"),
        ("# a #", r"\# a \#"),
        ("a\r\n\n- b\tc", "a - b c"),
        ("https://a.example Www.b.example", r"https\://a.example Www\.b.example"),
        ("kim@x.example @kim a @ b", "kim@<!-- -->x.example @<!-- -->kim a @ b"),
        ("kim@_x.example", r"kim@<!-- -->\_x.example"),
        ("a\u202eb\x1bc", "a&lt;U+202E&gt;b&lt;U+001B&gt;c"),
        ("10.0.0.0/24 – PS-01 (é 😀)", "10.0.0.0/24 – PS-01 (é 😀)"),
    ],
)
def test_escaping_leaves_nothing_for_markdown_to_read(text, written):
    assert escape(text) == written


def test_the_lines_of_a_description_stay_lines_and_start_no_block():
    text = text_of(contoso(description="# not a heading\n\n- not a list\n| no | table |"))
    assert r"**Description:** \# not a heading<br><br>- not a list<br>\| no \| table \|" in text.splitlines()


def test_the_same_plan_gives_the_same_bytes():
    assert render_markdown(evaluate(contoso())) == render_markdown(evaluate(contoso()))


def test_a_thousand_sites_take_less_than_two_seconds():
    report = evaluate(sites(1000))
    start = time.process_time()
    text = render_markdown(report).decode()
    assert time.process_time() - start < 2
    assert all(f"W{number} (" in text for number in range(1000))


def test_a_change_request_says_what_differs_of_each_rule_that_changed():
    compared = compare_reports(evaluate(contoso()), evaluate(contoso(choices={"esxi": "powercli"})))
    text = CHANGE_FORMATS["markdown"].render(compared, Editions(before="a", after="b")).decode()
    closed, changed = (text.split(f"## {title}")[1].split("\n## ")[0] for title in ("Rules to close", "Rules changed"))
    assert ("What differs |" in closed, "What differs |" in changed) == (False, True)
    assert "tcp 443: Decided: only with VMware ESXi access: PowerCLI → yes |\n" in changed


def test_a_change_request_says_what_opens_within_zones_and_by_which_matrix():
    ends = {"name": "A", "zone": "DMZ", "addresses": ["192.0.2.1"]}, {"name": "B|C", "zone": "DMZ"}
    flow = {"source": "A", "destination": "B|C", "protocol": "tcp", "ports": "99", "reason": "Because"}
    before, after = evaluate(write_plan(*ends)), evaluate(write_plan(*ends, additional_flows=[flow]))
    compared = compare_reports(before, after)
    assert not compared.rules_opened
    text = CHANGE_FORMATS["markdown"].render(compared, Editions(before="a", after="b")).decode()
    assert f"Port matrix: {escape(after.matrix.version)}.\n" in text
    within = text.split("## Within zones, for host firewalls")[1].split("\n## ")[0]
    assert "| open | A<br>192.0.2.1 | B\\|C<br>" in within
    assert "| tcp 99 | Because. |" in within
