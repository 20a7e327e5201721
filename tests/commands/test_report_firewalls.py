"""`report --format firewalls`: a folder for each plan, with a file for each firewall."""

import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from planner.plan.syntax import to_yaml
from tests.report.samples import contoso

pytestmark = pytest.mark.django_db
ZONES = {"Internal": "port1", "DMZ": "port2"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def save(name, **more):
    document = contoso(**more)
    document["endpoints"][3]["addresses"] = ["192.0.2.30"]
    Path(name).write_text(to_yaml(document), "utf-8")
    return name


def run(*line):
    try:
        call_command("report", *line)
    except SystemExit as left:
        return left.code
    except CommandError:
        return 2
    return 0


def two():
    return [
        {"name": "FW HQ", "format": "fortigate", "zones": ZONES},
        {"name": "fw:hq", "format": "nftables", "zones": ZONES},
    ]


def test_a_folder_has_the_files_of_the_firewalls_and_nothing_else():
    plan = save("contoso.yaml", firewalls=two())
    assert run(plan, "--format", "firewalls", "--output", "out/") == 0
    written = sorted(str(path.relative_to("out")) for path in Path("out").rglob("*") if path.is_file())
    assert written == ["contoso/FW-HQ.fortigate.txt", "contoso/fw-hq-2.nft"]
    assert run(plan, "--format", "firewalls", "--output", "new") == 0, "a folder that is to be made needs no slash"
    assert Path("new/contoso/fw-hq-2.nft").read_bytes() == Path("out/contoso/fw-hq-2.nft").read_bytes()


def test_a_firewall_without_rules_is_named_and_so_is_how_its_device_is_told(capsys):
    idle = [{"name": f"FW-{number}", "format": "asa", "zones": {"DMZ": f"dmz{number}"}} for number in (2, 3)]
    plan = save("contoso.yaml", firewalls=[*two(), *idle])
    assert run(plan, "--format", "firewalls", "--output", "out/") == 0
    assert len(list(Path("out/contoso").iterdir())) == 2
    said = capsys.readouterr().err
    assert "FW-2 and FW-3 have no rules. What an earlier file opened there is taken back with --since alone." in said
    assert run(save("idle.yaml", firewalls=idle[:1]), "--format", "firewalls", "--output", "out/") == 0
    assert "idle.yaml: FW-2 has no rules." in capsys.readouterr().err
    assert run(save("busy.yaml", firewalls=two()), "--format", "firewalls", "--output", "out/") == 0
    assert "no rules" not in capsys.readouterr().err


def test_what_is_said_to_be_left_out_is_what_the_files_leave_out(capsys):
    mail = {"name": "MX01", "zone": "DMZ", "addresses": ["mail.example.com"], "roles": ["mail-server"]}
    document = contoso(firewalls=[one | {"format": "asa"} for one in two()])
    document["endpoints"].append(mail)
    Path("mail.yaml").write_text(to_yaml(document), "utf-8")

    def tell():
        assert run("mail.yaml", "--format", "firewalls", "--output", "out/") == 0
        return [line for line in capsys.readouterr().err.splitlines() if "MX01" in line]

    assert not tell(), "both have an object of the name"
    assert all("fqdn v4 mail.example.com" in path.read_text() for path in Path("out/mail").iterdir())
    document["firewalls"][1]["format"] = "nftables"
    Path("mail.yaml").write_text(to_yaml(document), "utf-8")
    names = "Only DNS names, which are not resolved here: MX01 (mail.example.com); ESX01 (esx01.example.net)."
    assert tell()[0] == f"mail.yaml: Left out of fw hq. {names}"
    document["firewalls"][0]["format"] = "iptables"
    Path("mail.yaml").write_text(to_yaml(document), "utf-8")
    assert [line for line in tell() if names in line] == [f"mail.yaml: Left out. {names}"], "once"


def test_what_passes_no_firewall_is_not_said_to_be_left_out_of_one(capsys):
    document = contoso(firewalls=two())
    document["zones"].append({"name": "Elsewhere", "kind": "cloud"})
    document["endpoints"].append(
        {"name": "MX01", "zone": "Elsewhere", "addresses": ["mail.example.com"], "roles": ["mail-server"]}
    )
    Path("mail.yaml").write_text(to_yaml(document), "utf-8")
    assert run("mail.yaml", "--format", "firewalls", "--output", "out/") == 0
    assert "MX01" not in capsys.readouterr().err


def test_long_names_of_any_script_are_names_of_files(capsys):
    firewalls = [one | {"name": "漢" * 90 + one["name"]} for one in two()]
    plan = save("contoso.yaml", firewalls=firewalls)
    assert run(plan, "--format", "firewalls", "--output", "out/") == 0, capsys.readouterr().err
    assert len(list(Path("out/contoso").iterdir())) == 2


def test_a_plan_without_firewalls_is_wrong_usage_and_nothing_is_written(capsys):
    plans = [save("one.yaml", firewalls=two()), save("two.yaml")]
    assert run(*plans, "--format", "firewalls", "--output", "out/") == 2
    assert not Path("out").exists()
    assert run(save("one.yaml", firewalls=[]), "--format", "firewalls", "--output", "out/") == 2


def test_without_a_folder_it_is_wrong_usage():
    plan = save("contoso.yaml", firewalls=two())
    assert run(plan, "--format", "firewalls") == 2
    assert run(plan, "--format", "firewalls", "--output", plan) == 2
    Path("else").mkdir()
    assert run(plan, "else/contoso.yaml", "--format", "firewalls", "--output", "out/") == 2


def test_a_bad_plan_is_told_of_and_the_others_are_written(capsys):
    good, bad = save("good.yaml", firewalls=two()), "bad.yaml"
    Path(bad).write_text("format: 1\n", "utf-8")
    assert run(good, bad, "--format", "firewalls", "--output", "out/") == 1
    assert sorted(path.name for path in Path("out").iterdir()) == ["good"]
    assert "bad.yaml: " in capsys.readouterr().err


def test_what_is_wrong_with_a_plan_from_a_pipe_is_told_though_it_can_be_read_but_once(capsys):
    reading, writing = os.pipe()
    os.write(writing, b"format: 1\n")
    os.close(writing)
    assert run(f"/dev/fd/{reading}", "--format", "firewalls", "--output", "out/") == 1
    os.close(reading)
    assert f"/dev/fd/{reading}: name: This key is needed and missing." in capsys.readouterr().err
