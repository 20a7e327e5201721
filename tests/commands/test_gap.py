"""`manage.py gap`: what it prints, and its exit status."""

import csv
import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from planner.engine.existing.readers import READERS
from planner.management.commands import gap
from tests.commands.reporting import save
from tests.engine.existing.rulesets import STORE, WEB, flow, host
from tests.report.samples import write_plan

pytestmark = pytest.mark.usefixtures("without_database", "in_folder")

PLAN = write_plan(
    host("Web", WEB),
    host("=Store", STORE, zone="DMZ"),
    additional_flows=[flow("Web", "=Store"), flow("Web", "=Store", ports="80"), flow("=Store", "Web", ports="25-26")],
)
CHAIN = {
    "family": "inet", "table": "filter", "name": "forward", "handle": 1, "type": "filter", "hook": "forward",
    "prio": 0, "policy": "drop",
}  # fmt: skip


def address(side, value):
    return {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": side}}, "right": value}}


def port(value):
    return {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": value}}


def nft(*rules):
    """A ruleset with one base chain that drops."""
    made = [
        {"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": number, "expr": list(expr)}}
        for number, expr in enumerate(rules, 2)
    ]
    return json.dumps({"nftables": [{"table": {"family": "inet", "name": "filter"}}, {"chain": CHAIN}, *made]})


ACCEPT = {"accept": None}
HTTPS = (address("saddr", WEB), address("daddr", STORE), port(443), ACCEPT)
HTTP = (address("saddr", WEB), address("daddr", STORE), port(80), ACCEPT)
MAIL = (address("saddr", STORE), address("daddr", WEB), port(25), ACCEPT)


def write(name, text):
    Path(name).write_text(text)
    return name


def run(*arguments):
    try:
        call_command("gap", *arguments)
    except SystemExit as leaving:
        return leaving.code
    return 0


def ask(capsysbinary, *rules, more=(), plan=PLAN, form="json"):
    existing = write("rules.json", nft(*rules))
    status = run(save("plan.yaml", plan), existing, "--from", "nftables", "--format", form, *more)
    return status, capsysbinary.readouterr().out


def test_the_answer_is_json_and_the_exit_status_says_whether_a_rule_is_missing(capsysbinary):
    status, out = ask(capsysbinary, HTTPS, MAIL)
    said = json.loads(out)
    assert status == 3
    assert list(said) == ["format", "flows", "wider", "missing", "unknown"]
    assert said["flows"] == [
        {
            "source": "=Store", "destination": "Web", "protocol": "tcp", "ports": "25-26", "state": "partly",
            "by": ["inet filter forward handle 3", "policy drop of inet filter forward"],
            "note": "refused, among others: 192.0.2.10 to 10.0.0.10, tcp 26, by policy drop of inet filter forward",
        },
        {
            "source": "Web", "destination": "=Store", "protocol": "tcp", "ports": "80", "state": "closed",
            "by": ["policy drop of inet filter forward"],
        },
        {
            "source": "Web", "destination": "=Store", "protocol": "tcp", "ports": "443", "state": "open",
            "by": ["inet filter forward handle 2"],
        },
    ]  # fmt: skip
    assert [rule["services"][0]["ports"] for rule in said["missing"]] == ["25-26", "80"]
    assert set(said["missing"][0]) >= {"id", "sources", "source_zones", "destinations", "services", "sections"}


def test_nothing_is_missing_where_all_is_open(capsysbinary):
    status, out = ask(capsysbinary, HTTPS, HTTP, (*MAIL[:2], port({"range": [25, 26]}), ACCEPT))
    assert (status, json.loads(out)["missing"]) == (0, [])
    assert {flow["state"] for flow in json.loads(out)["flows"]} == {"open"}


def test_what_is_not_understood_and_what_is_too_wide_is_told(capsysbinary):
    limit = {"limit": {"rate": 10, "per": "second", "burst": 5}}
    status, out = ask(capsysbinary, HTTPS, (*HTTP[:3], limit, ACCEPT), (*MAIL[:2], ACCEPT))
    said = json.loads(out)
    assert status == 3
    [unknown] = said["unknown"]
    assert unknown["construct"] == "limit rate 10/second"
    assert unknown["flows"] == [{"source": "Web", "destination": "=Store", "protocol": "tcp", "ports": "80"}]
    [wider] = said["wider"]
    assert (wider["rule"], wider["sources"], wider["destinations"]) == (
        "inet filter forward handle 4", ["=Store"], ["Web"],
    )  # fmt: skip
    assert wider["narrower"] == [
        {"sources": ["=Store"], "destinations": ["Web"], "services": [{"protocol": "tcp", "ports": "25-26"}]}
    ]
    _, text = ask(capsysbinary, HTTPS, (*HTTP[:3], limit, ACCEPT), (*MAIL[:2], ACCEPT), form="text")
    lines = text.decode().splitlines()
    assert lines[0].startswith("Contoso and the rules of nftables: 3 flows between zones, 2 open, 0 partly open, ")
    assert "  limit rate 10/second (inet filter forward handle 3): decides about 1 flow" in lines
    assert any(line.startswith("  inet filter forward handle 4: admits ") for line in lines)


def test_tables_hold_every_flow_and_nothing_that_a_spreadsheet_runs(capsysbinary):
    _, out = ask(capsysbinary, HTTPS, form="csv")
    head, *rows = csv.reader(io.StringIO(out.decode("utf-8-sig")))
    assert head[:4] == ["state", "source", "source_zone", "destination"]
    assert [row[0] for row in rows] == ["closed", "closed", "open"]
    assert rows[2][3] == "'=Store"
    _, out = ask(capsysbinary, HTTPS, (*MAIL[:2], {"limit": {}}, ACCEPT), (address("saddr", WEB), ACCEPT), form="xlsx")
    book = load_workbook(io.BytesIO(out))
    assert book.sheetnames == ["Flows", "Missing", "Wider", "Not understood", "Stale", "Forbidden"]
    assert [sheet.max_row for sheet in book] == [4, 2, 2, 2, 1, 1]
    assert book["Flows"]["D3"].value == "'=Store"


def test_the_answer_goes_to_a_file_and_never_over_one_that_is_read(capsysbinary):
    status, out = ask(capsysbinary, HTTPS, more=("--output", "answers/"))
    assert (status, out) == (3, b"")
    assert json.loads(Path("answers/plan.json").read_text())["format"] == 1
    with pytest.raises(CommandError):
        run("plan.yaml", "rules.json", "--from", "nftables", "--output", "rules.json")


def side(value):
    return {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": value}}


def test_interfaces_are_those_of_a_map_or_of_a_firewall_of_the_plan(capsysbinary):
    mail = (side("eth1"), *MAIL[:2], port({"range": [25, 26]}), ACCEPT)
    rules = [(side("eth0"), *HTTPS), (side("eth0"), *HTTP), mail]
    _, out = ask(capsysbinary, *rules)
    assert {flow["state"] for flow in json.loads(out)["flows"]} == {"unknown"}
    assert json.loads(out)["unknown"][0]["construct"] == "eth0: mapped to no zone of the plan"
    named = write("map.yaml", "eth0: Internal\neth1: DMZ\n")
    assert ask(capsysbinary, *rules, more=("--map", named))[0] == 0
    behind = {"Internal": "eth0", "DMZ": "eth1"}
    firewalls = [{"name": name, "format": "nftables", "zones": behind} for name in ("FW", "FW2")]
    assert ask(capsysbinary, *rules, plan=PLAN | {"firewalls": firewalls[:1]})[0] == 0
    assert ask(capsysbinary, *rules, plan=PLAN | {"firewalls": firewalls})[0] == 3
    assert ask(capsysbinary, *rules, plan=PLAN | {"firewalls": firewalls}, more=("--firewall", "FW2"))[0] == 0


def test_of_a_firewall_that_is_named_only_what_passes_it_is_asked_for(capsysbinary):
    zones = [*PLAN["zones"], {"name": "Branch", "kind": "remote-site"}]
    branch = host("Branch", "10.99.0.10", zone="Branch")
    more = [flow("Branch", "=Store"), flow("Branch", "Web")]
    behind = {"Internal": "eth0", "DMZ": "eth1", "Branch": "eth0"}
    plan = PLAN | {
        "zones": zones,
        "endpoints": [*PLAN["endpoints"], branch],
        "additional_flows": [*PLAN["additional_flows"][:2], *more],
        "firewalls": [{"name": "FW", "format": "nftables", "zones": behind}],
    }
    rules = (HTTPS, HTTP, (address("saddr", "10.99.0.10"), *HTTPS[1:]))
    assert ask(capsysbinary, *rules, plan=plan)[0] == 3, "from the branch to Web all is closed"
    named = ("--firewall", "FW")
    status, out = ask(capsysbinary, *rules, plan=plan, more=named)
    said = json.loads(out)
    assert (status, said["not_passing"], said["missing"]) == (0, 1, [])
    assert len(said["flows"]) == 3
    told = "1 flow between zones doesn’t pass FW and is left out."
    lines = ask(capsysbinary, *rules, plan=plan, more=named, form="text")[1].decode().splitlines()
    assert "3 flows between zones that pass FW, 3 open" in lines[0]
    assert lines[1] == told
    rows = list(csv.reader(io.StringIO(ask(capsysbinary, *rules, plan=plan, more=named, form="csv")[1].decode())))
    assert [row[0] for row in rows[1:]] == ["open"] * 3 + ["not passing"]
    assert rows[-1][-1] == told
    book = load_workbook(io.BytesIO(ask(capsysbinary, *rules, plan=plan, more=named, form="xlsx")[1]))
    assert [cell.value for cell in book["Flows"]["I"]][-1] == told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("eth0: Nowhere\n", "eth0 is mapped to Nowhere, which is no zone of the plan"),
        ("eth0: [Internal]\n", "eth0 is mapped to what is no name"),
        ("eth0: DMZ\neth0: Internal\n", "eth0 stands there more than once"),
        ("- eth0\n", "A map has a line for each interface"),
        ("eth0: {\n", "line 2"),
    ],
)
def test_a_map_that_can_not_be_used_is_told_in_a_sentence(text, said, capsys):
    existing, plan = write("rules.json", nft(HTTPS)), save("plan.yaml", PLAN)
    assert run(plan, existing, "--from", "nftables", "--map", write("map.yaml", text)) == 1
    out, err = capsys.readouterr()
    assert not out
    assert "map.yaml: " in err
    assert said in err


def test_what_can_not_be_read_is_told_in_a_sentence(capsys):
    existing, plan = write("rules.json", nft(HTTPS)), save("plan.yaml", PLAN)
    for arguments in (
        (plan, write("broken", "table inet"), "--from", "nftables"),
        (plan, "gone", "--from", "nftables"),
        (plan, existing, "--from", "nftables", "--map", "gone"),
        (plan, existing, "--from", "nftables", "--firewall", "FW"),
        (write("bad.yaml", "format: 2"), existing, "--from", "nftables"),
        (plan, existing, "--from", "nftables", "--output", "rules.json/x"),
    ):
        assert run(*arguments) == 1
        out, err = capsys.readouterr()
        assert not out
        assert err


def test_what_takes_longer_than_an_hour_is_ended_with_a_sentence(capsys, monkeypatch):
    existing, plan = write("rules.json", nft(HTTPS)), save("plan.yaml", PLAN)
    monkeypatch.setattr(gap, "LONGEST", -1.0)
    assert run(plan, existing, "--from", "nftables", "--output", "answer.json") == 1
    out, err = capsys.readouterr()
    assert not out
    assert "rules.json: holding it against the plan takes more than 1 hour of a processor, and was ended." in err
    assert not Path("answer.json").exists()


def test_what_is_no_format_is_wrong_usage():
    with pytest.raises(CommandError, match="invalid choice"):
        run("plan.yaml", "rules.json", "--from", "telepathy")
    assert "nftables" in READERS


GONE = (address("saddr", WEB), address("daddr", "192.0.2.99"), port(443), ACCEPT)
SSH = (address("saddr", WEB), port(22), ACCEPT)


def ask_also(capsysbinary, *more, form="json"):
    """Of a ruleset with an entry that is named after a rule of an earlier revision, and one that breaks a row."""
    never = [
        {"from": {"zone": "Internal"}, "to": {"zone": "DMZ"}, "protocol": "tcp", "ports": "22", "reason": "=No SSH"}
    ]
    ruleset = json.loads(nft(HTTPS, GONE, SSH))
    ruleset["nftables"][3]["rule"]["comment"] = "INT-DMZ-990, tcp 443 - It was needed once."
    existing = write("rules.json", json.dumps(ruleset))
    plan = save("plan.yaml", PLAN | {"never": never})
    status = run(plan, existing, "--from", "nftables", "--format", form, *more)
    return status, capsysbinary.readouterr()


STALE = 'inet filter forward handle 3 "INT-DMZ-990, tcp 443 - It was needed once."'


def test_what_is_stale_and_what_is_forbidden_stands_in_the_json_where_it_is_asked_for(capsysbinary):
    _, out = ask_also(capsysbinary)
    assert list(json.loads(out.out)) == ["format", "flows", "wider", "missing", "unknown"]
    status, out = ask_also(capsysbinary, "--also", "forbidden,stale")
    said = json.loads(out.out)
    assert status == 3
    assert list(said) == ["format", "flows", "wider", "missing", "unknown", "stale", "forbidden", "unchecked"]
    assert said["stale"] == [
        {"rule": STALE, "named": "INT-DMZ-990", "service": "tcp 443", "reason": "the plan has no rule INT-DMZ-990"}
    ]
    assert said["forbidden"] == [
        {
            "rule": "inet filter forward handle 4", "sure": True, "constructs": [],
            "breaks": [
                {
                    "from": {"zone": "Internal"}, "to": {"zone": "DMZ"}, "protocol": "tcp", "ports": "22",
                    "sections": [], "reason": "=No SSH", "sources": ["Web"], "destinations": ["=Store"],
                    "services": ["tcp 22"],
                }
            ],
        }
    ]  # fmt: skip
    assert said["unchecked"] == 0
    _, out = ask_also(capsysbinary, "--also", "stale")
    assert "forbidden" not in json.loads(out.out)


def test_text_and_tables_say_what_is_stale_and_forbidden(capsysbinary):
    lines = ask_also(capsysbinary, form="text")[1].out.decode().splitlines()
    assert "1 entry stale, 1 entry open to what must stay closed." in lines
    assert f"  {STALE}: the plan has no rule INT-DMZ-990" in lines
    by = "the plan keeps tcp 22 closed from zone Internal to zone DMZ"
    assert f"  inet filter forward handle 4: tcp 22 from Web to =Store, though {by}: =No SSH" in lines, lines
    assert "Stale" not in ask_also(capsysbinary, "--also", "", form="text")[1].out.decode()
    book = load_workbook(io.BytesIO(ask_also(capsysbinary, form="xlsx")[1].out))
    assert [cell.value for cell in book["Stale"][2]][:3] == [STALE, "INT-DMZ-990", "tcp 443"]
    assert by in [cell.value for cell in book["Forbidden"][2]]
    rows = list(csv.reader(io.StringIO(ask_also(capsysbinary, form="csv")[1].out.decode("utf-8-sig"))))
    assert {row[0] for row in rows[1:]} == {"open", "closed"}
    out = ask_also(capsysbinary, "--also", "stale,forbidden", form="csv")[1].out
    rows = list(csv.reader(io.StringIO(out.decode("utf-8-sig"))))
    assert [row[0] for row in rows[-2:]] == ["stale", "forbidden"]
    assert rows[-1][3] == "'=Store"


def test_earlier_revisions_say_which_entries_are_ours(capsysbinary):
    earlier = save("earlier.yaml", PLAN)
    _, out = ask_also(capsysbinary, "--earlier", earlier)
    assert json.loads(out.out)["stale"] == []
    status, out = ask_also(capsysbinary, "--earlier", "nowhere.yaml")
    assert status == 1
    assert b"nowhere.yaml" in out.err
    with pytest.raises(CommandError, match="none of stale, forbidden"):
        ask_also(capsysbinary, "--also", "shadow")


def test_what_is_missing_comes_as_configuration_of_the_device(capsysbinary):
    drop = (address("daddr", WEB), {"drop": None})
    status, out = ask(capsysbinary, HTTPS, drop, MAIL, form="delta")
    text = out.decode()
    assert status == 3
    assert "\n# nft insert rule inet filter forward handle 3 jump port_planner_delta\n" in text
    assert "ip saddr 10.0.0.10 ip daddr 192.0.2.10 tcp dport 80 ct state" in text
    assert "dport 443" not in text


def test_what_has_no_such_lines_is_told_in_a_sentence(capsys):
    existing = write("rules.csv", f"source,destination,protocol,action\n{WEB},{STORE},gre,allow\n")
    assert run(save("plan.yaml", PLAN), existing, "--from", "csv", "--format", "delta") == 1
    out, err = capsys.readouterr()
    assert not out
    assert "rules.csv: What a table of rules lacks can't be written" in err
