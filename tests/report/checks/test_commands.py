"""The single commands that try a rule."""

import re
import subprocess

from planner.report.checks.commands import MOST_TRIED, Trials, write_nc_commands, write_powershell_commands
from tests.report.checks.running import HERE, loopback
from tests.report.firewall.reading_powershell import parse
from tests.report.samples import WORST_NAMES, contoso, evaluate, worst

FLOWS = loopback(("SQL", "tcp", "1433"), ("SQL", "udp", "1434"), ("Far", "tcp", "80"), ("Named", "tcp", "10-12"))


def test_each_address_and_port_has_its_command_under_rule_and_source():
    report = evaluate(FLOWS)
    (rule, *_) = [one for one in report.rules if any(end.name == "SQL" for end in one.destinations)]
    lines = write_powershell_commands(report).splitlines()
    start = lines.index(f"# {rule.id}, on PS01")
    assert f"Test-NetConnection {HERE} -Port 1433" in lines[start:]
    assert [line for line in lines if "localhost" in line] == [
        f"Test-NetConnection localhost -Port {port}" for port in (10, 11, 12)
    ]
    assert f"nc -vz -w 3 {HERE} 1433" in write_nc_commands(report).splitlines()
    assert "# tcp 80: name one host of Far" in lines
    assert [line for line in lines if line.startswith("# 1434 udp: a command that sends it proves nothing")]


def test_a_ping_is_one():
    report = evaluate(contoso())
    assert "ping -c 1 esx01.example.net" in write_nc_commands(report)
    assert "Test-Connection esx01.example.net -Count 1" in write_powershell_commands(report)


def test_a_ping_of_what_has_ipv6_alone_is_none_and_says_so():
    six = {"name": "Six", "zone": "DMZ", "addresses": ["2001:db8::5"]}
    wanted = {"source": "PS01", "destination": "Six", "protocol": "icmp", "reason": "Alive"}
    report = evaluate(contoso(endpoints=[*contoso()["endpoints"], six], additional_flows=[wanted]))
    trial, texts = of(report, "PS01", "Six", "icmp", None)
    assert (texts, trial.remark) == ([], "The destination has no IPv4 address to ping.")
    assert "# icmp to Six: The destination has no IPv4 address to ping." in write_nc_commands(report).splitlines()


def test_whatever_somebody_typed_is_no_command():
    report = evaluate(worst())
    shell, power = write_nc_commands(report), write_powershell_commands(report)
    assert len(shell.splitlines()) > 2 * len(WORST_NAMES)
    for line in shell.splitlines():
        assert re.fullmatch(r"|# [\w ,.:;'/-]*|nc -vz -w 3 [0-9a-z.:-]+ \d+|ping -c 1 [0-9a-z.:-]+", line), ascii(line)
    parse(power)
    done = subprocess.run(["bash", "-n"], input=shell, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def of(report, source, destination, protocol, ports):
    trial = Trials(report).of((source, destination, protocol, ports))
    return trial, [command.text for command in trial.commands]


def test_a_flow_has_its_commands_for_either_shell():
    report = evaluate(FLOWS)
    trial, texts = of(report, "PS01", "SQL", "tcp", "1433")
    assert texts == [f"Test-NetConnection {HERE} -Port 1433", f"nc -vz -w 3 {HERE} 1433"]
    assert [command.shell for command in trial.commands] == ["PowerShell", "Shell"]
    assert (trial.source.name, trial.destination.name, trial.service, trial.remark) == ("PS01", "SQL", "tcp 1433", "")


def test_a_flow_that_no_command_proves_says_why():
    report = evaluate(FLOWS)
    trial, texts = of(report, "PS01", "SQL", "udp", "1434")
    assert texts == []
    assert trial.remark.startswith("Over UDP, a command that only sends proves nothing.")
    trial, texts = of(report, "PS01", "Far", "tcp", "80")
    assert (texts, trial.remark) == (
        [],
        "A network stands for many hosts: the check scripts try the one that --host names.",
    )
    trial, texts = of(evaluate(contoso()), "Public", "Portal", "tcp", "443")
    assert texts[0] == "Test-NetConnection Portal -Port 443", "without an address by the name"
    unknown = evaluate(contoso(endpoints=[{"name": "Not a name", "zone": "DMZ"}], additional_flows=[]))
    assert of(unknown, "Not a name", "Not a name", "tcp", "443")[0].remark == "The destination has no address yet."


def test_of_many_addresses_some_have_commands_and_the_others_are_counted():
    plan = contoso(endpoints=[
        *contoso()["endpoints"],
        {"name": "Farm", "zone": "DMZ", "addresses": [f"10.9.0.{number}" for number in range(1, 8)]},
    ])  # fmt: skip
    report = evaluate(plan)
    trial, texts = of(report, "PS01", "Farm", "tcp", "80")
    assert len(texts) == 2 * MOST_TRIED
    assert trial.remark == "The check scripts try 3 more."
