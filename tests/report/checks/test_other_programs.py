"""The checks for goss and for blackbox_exporter."""

import io
import json
import zipfile

from planner.engine.checks import plan_checks
from planner.report import FORMATS
from tests.report.checks.running import loopback
from tests.report.samples import contoso, evaluate, worst


def gossfiles(document):
    with zipfile.ZipFile(io.BytesIO(FORMATS["goss"].render(evaluate(document)))) as archive:
        return {name: archive.read(name).decode("ascii") for name in archive.namelist()}


def test_goss_has_a_file_for_each_source_with_an_address_for_each_attempt_over_tcp():
    report = evaluate(contoso())
    files = gossfiles(contoso())
    tests = json.loads(files["PS01.json"])["addr"]
    wanted = {
        f"{check.id} {address} {port}": not check.closed
        for check in plan_checks(report)
        if check.source == "PS01" and check.protocol == "tcp"
        for address in (*check.addresses, *check.names)
        for port in check.tries
    }
    assert {name: test["reachable"] for name, test in tests.items()} == wanted
    assert "tcp://esx01.example.net:443" in {test["address"] for test in tests.values()}
    assert "checks over UDP or by ping are not in here" in " ".join(files["README.txt"].split())


def test_addresses_of_version_6_stand_in_brackets():
    document = loopback(("SQL", "tcp", "1"), ("SQL", "icmp", None))
    document["additional_flows"][1].pop("ports")
    document["endpoints"][1]["addresses"] = ["fd00::1", "192.0.2.1"]
    addresses = {test["address"] for test in json.loads(gossfiles(document)["PS01.json"])["addr"].values()}
    assert {"tcp://[fd00::1]:1", "tcp://192.0.2.1:1"} <= addresses
    targets = json.loads(FORMATS["blackbox"].render(evaluate(document)))
    by_module = {
        one["labels"]["__param_module"]: one["targets"] for one in targets if one["labels"]["must_be"] == "open"
    }
    assert by_module == {"tcp_connect": ["[fd00::1]:1", "192.0.2.1:1"], "icmp": ["192.0.2.1"]}


def test_no_name_is_a_template_of_goss():
    document = worst()
    document["endpoints"][1]["name"] += '{{ env "HOME" }}{"'
    document["additional_flows"] = [
        {"source": document["endpoints"][0]["name"], "destination": document["endpoints"][1]["name"],
         "protocol": "tcp", "ports": "1", "reason": "x"}
    ]  # fmt: skip
    files = gossfiles(document)
    assert not [name for name, text in files.items() if "{{" in text]
    tests = [json.loads(text)["addr"] for text in files.values() if text.startswith("{")]
    told = [test["title"] for some in tests for test in some.values()]
    assert any('{{ env "HOME" }}{"' in title for title in told)


def test_targets_of_prometheus_have_the_labels_to_alert_by():
    report = evaluate(contoso())
    targets = json.loads(FORMATS["blackbox"].render(report))
    (one,) = [one for one in targets if one["targets"] == ["esx01.example.net:443"]]
    rule = next(rule for rule in report.rules if any(end.name == "ESX01" for end in rule.destinations))
    assert one["labels"]["boundary"] == "INT-DMZ"
    assert one["labels"]["section"]
    assert one["labels"]["rule"].startswith("INT-DMZ-")
    assert rule.id.startswith("INT-DMZ-")
    assert all(isinstance(value, str) and value for target in targets for value in target["labels"].values())
