"""The document's choices: each option, and what happens while an alternative is undecided."""

import pytest

from .helpers import flow_between, flows, host, line, make_plan, report, target

PS = host("PS", "web-primary")
STAFF = host("STAFF", "launcher-user")
DIRECTORY = target("AD", "active-directory", operations=["discovery"])
ESXI = target("ESX", "vmware-esxi", operations=["reset"])
WINDOWS = target("WIN", "windows", operations=["validation"])
VIEWED = host("TV", sessions=["teamviewer"])

FIXED_PART = ["PS -> AD tcp/445 §9", "PS -> AD tcp/88 §9", "PS -> AD tcp/9389 §9"]


def additional(source, destination, protocol, ports):
    return {"source": source, "destination": destination, "protocol": protocol, "ports": ports, "reason": "Because"}


def undecided(data):
    """The finding for each undecided choice."""
    found = [finding for finding in data["findings"] if finding["code"] == "choice-undecided"]
    assert len({finding["subject"] for finding in found}) == len(found)
    assert {finding["severity"] for finding in found} <= {"decision"}
    return {finding["subject"]: finding["message"] for finding in found}


@pytest.mark.parametrize(
    ("option", "asked"),
    [
        ("ldap", [*FIXED_PART, "PS -> AD tcp/389 §9"]),
        ("ldaps", [*FIXED_PART, "PS -> AD tcp/636 §9"]),
        (None, [*FIXED_PART, "PS -> AD tcp/389 §9 directory-port=ldap", "PS -> AD tcp/636 §9 directory-port=ldaps"]),
    ],
)
def test_the_directory_port(option, asked):
    plan = make_plan(PS, DIRECTORY, choices={"directory-port": option})
    assert flows(plan) == sorted(asked)
    assert set(undecided(report(plan))) == (set() if option else {"directory-port"})


@pytest.mark.parametrize(
    ("option", "asked"),
    [
        ("ssh", ["PS -> ESX tcp/22 §10"]),
        ("powercli", ["PS -> ESX tcp/443 §10"]),
        (None, ["PS -> ESX tcp/22 §10 esxi=ssh", "PS -> ESX tcp/443 §10 esxi=powercli"]),
    ],
)
def test_esxi(option, asked):
    plan = make_plan(PS, ESXI, choices={"esxi": option})
    assert flows(plan) == asked
    assert set(undecided(report(plan))) == (set() if option else {"esxi"})


@pytest.mark.parametrize(
    ("option", "asked"),
    [
        ("rpc", ["PS -> WIN tcp/135 §11"]),
        ("smb", ["PS -> WIN tcp/445 §11"]),
        (None, ["PS -> WIN tcp/135 §11 windows-validation=rpc", "PS -> WIN tcp/445 §11 windows-validation=smb"]),
    ],
)
def test_windows_validation(option, asked):
    plan = make_plan(PS, WINDOWS, choices={"windows-validation": option})
    assert flows(plan) == asked
    assert set(undecided(report(plan))) == (set() if option else {"windows-validation"})


@pytest.mark.parametrize(
    ("option", "asked"),
    [
        ("5938", ["STAFF -> TV tcp/5938 §13"]),
        ("80", ["STAFF -> TV tcp/80 §13"]),
        ("443", ["STAFF -> TV tcp/443 §13"]),
        (
            None,
            [
                "STAFF -> TV tcp/443 §13 teamviewer=443",
                "STAFF -> TV tcp/5938 §13 teamviewer=5938",
                "STAFF -> TV tcp/80 §13 teamviewer=80",
            ],
        ),
    ],
)
def test_teamviewer(option, asked):
    plan = make_plan(STAFF, VIEWED, choices={"teamviewer": option})
    assert flows(plan) == asked
    assert set(undecided(report(plan))) == (set() if option else {"teamviewer"})


@pytest.mark.parametrize(
    ("choices", "ports"),
    [
        ({}, ["5985", "5986"]),
        ({"winrm": "both"}, ["5985", "5986"]),
        ({"winrm": "http"}, ["5985"]),
        ({"winrm": "https"}, ["5986"]),
    ],
)
def test_winrm(choices, ports):
    windows = target("WIN", "windows", operations=["discovery", "reset"])
    plan = make_plan(PS, windows, choices=choices)
    assert flows(plan) == ["PS -> WIN tcp/135 §9", *(f"PS -> WIN tcp/{port} §9 §10" for port in ports)]
    assert undecided(report(plan)) == {}


def test_winrm_does_not_touch_the_validation_of_accounts():
    plan = make_plan(PS, WINDOWS, choices={"winrm": "https", "windows-validation": "smb"})
    assert flows(plan) == ["PS -> WIN tcp/445 §11"]


def test_an_alternative_that_no_flow_depends_on_asks_for_nothing():
    assert undecided(report(make_plan(PS, STAFF, host("T", sessions=["rdp"])))) == {}


def test_every_undecided_alternative_is_asked_for_once():
    others = [
        target("AD2", "active-directory", operations=["reset"]),
        target("ESX2", "vmware-esxi", operations=["discovery"]),
    ]
    data = report(make_plan(PS, STAFF, DIRECTORY, ESXI, WINDOWS, VIEWED, *others))
    assert set(undecided(data)) == {"directory-port", "esxi", "windows-validation", "teamviewer"}


def test_an_undecided_alternative_is_asked_for_even_if_its_flows_stay_on_one_machine():
    local = host("PS", "web-primary", platforms=["active-directory"], operations=["discovery"])
    data = report(make_plan(local))
    assert {flow["scope"] for flow in data["flows"]} == {"same-host"}
    assert set(undecided(data)) == {"directory-port"}


def test_a_flow_with_marks_of_several_choices_lists_them_all_in_order():
    plan = make_plan(
        host("PS", "web-primary", "launcher-user"),
        target("T", "vmware-esxi", operations=["reset"], sessions=["teamviewer"]),
    )
    assert flows(plan) == [
        "PS -> T tcp/22 §10 esxi=ssh",
        "PS -> T tcp/443 §10 §13 esxi=powercli teamviewer=443",
        "PS -> T tcp/5938 §13 teamviewer=5938",
        "PS -> T tcp/80 §13 teamviewer=80",
    ]


def test_an_override_can_lead_two_choices_to_one_flow():
    both = target("T", "vmware-esxi", "windows", operations=["validation"])
    assert flows(make_plan(PS, both, ports={"ssh": 135})) == [
        "PS -> T tcp/135 §11 esxi=ssh windows-validation=rpc",
        "PS -> T tcp/443 §11 esxi=powercli",
        "PS -> T tcp/445 §11 windows-validation=smb",
    ]


def test_deciding_one_of_two_choices_needs_their_common_flow_outright():
    both = target("T", "vmware-esxi", "windows", operations=["validation"])
    plan = make_plan(PS, both, ports={"ssh": 135}, choices={"windows-validation": "rpc"})
    assert flows(plan) == ["PS -> T tcp/135 §11", "PS -> T tcp/443 §11 esxi=powercli"]


def test_deciding_against_the_common_flow_leaves_the_other_mark():
    both = target("T", "vmware-esxi", "windows", operations=["validation"])
    plan = make_plan(PS, both, ports={"ssh": 135}, choices={"windows-validation": "smb"})
    assert flows(plan) == [
        "PS -> T tcp/135 §11 esxi=ssh",
        "PS -> T tcp/443 §11 esxi=powercli",
        "PS -> T tcp/445 §11",
    ]


def test_a_flow_that_another_platform_needs_outright_is_not_marked():
    both = target("T", "vmware-esxi", "cisco-ios", operations=["reset"])
    assert flows(make_plan(PS, both)) == ["PS -> T tcp/22 §10", "PS -> T tcp/443 §10 esxi=powercli"]


def test_a_flow_that_another_operation_needs_outright_is_not_marked():
    checked = target("T", "vmware-esxi", operations=["validation", "host-heartbeat"])
    assert flows(make_plan(PS, checked)) == [
        "PS -> T icmp §12",
        "PS -> T tcp/22 §11 §12",
        "PS -> T tcp/443 §11 esxi=powercli",
    ]


def test_smb_for_the_directory_makes_the_validation_of_windows_certain():
    both = target("T", "active-directory", "windows", operations=["validation"])
    plan = make_plan(PS, both, choices={"directory-port": "ldaps"})
    assert "PS -> T tcp/445 §11" in flows(plan)
    assert "PS -> T tcp/135 §11 windows-validation=rpc" in flows(plan)


def test_a_flow_of_another_endpoint_does_not_take_the_mark_away():
    plan = make_plan(PS, ESXI, target("IOS", "cisco-ios", operations=["reset"]))
    assert flow_between(report(plan), "PS", "ESX", "tcp", "22")["any_of"] == [{"choice": "esxi", "option": "ssh"}]


def test_an_additional_flow_takes_the_mark_away():
    plan = make_plan(PS, ESXI, additional_flows=[additional("PS", "ESX", "tcp", "443")])
    assert flows(plan) == ["PS -> ESX tcp/22 §10 esxi=ssh", "PS -> ESX tcp/443 §10"]


def test_an_additional_flow_that_covers_the_port_with_a_range_does_not_take_the_mark_away():
    plan = make_plan(PS, ESXI, additional_flows=[additional("PS", "ESX", "tcp", "1-1024")])
    assert flows(plan) == [
        "PS -> ESX tcp/1-1024",
        "PS -> ESX tcp/22 §10 esxi=ssh",
        "PS -> ESX tcp/443 §10 esxi=powercli",
    ]


def test_a_flow_that_every_option_leads_to_is_needed_outright():
    data = report(make_plan(PS, ESXI, ports={"ssh": 443}))
    assert [line(flow) for flow in data["flows"]] == ["PS -> ESX tcp/443 §10"]
    assert set(data["flows"][0]["services"]) == {"ssh", "powercli"}
    assert undecided(data) == {}


def test_a_flow_that_every_option_of_one_choice_leads_to_has_no_mark_of_another_choice_either():
    plan = make_plan(
        host("PS", "web-primary", "launcher-user"),
        target("T", "vmware-esxi", operations=["reset"], sessions=["teamviewer"]),
        ports={"ssh": 443},
    )
    assert flows(plan) == [
        "PS -> T tcp/443 §10 §13",
        "PS -> T tcp/5938 §13 teamviewer=5938",
        "PS -> T tcp/80 §13 teamviewer=80",
    ]


def test_some_options_of_a_choice_leading_to_one_flow_are_not_all_of_them():
    plan = make_plan(
        STAFF,
        VIEWED,
        additional_flows=[additional("STAFF", "TV", "tcp", "80"), additional("STAFF", "TV", "tcp", "443")],
    )
    data = report(plan)
    assert [line(flow) for flow in data["flows"] if flow["any_of"]] == ["STAFF -> TV tcp/5938 §13 teamviewer=5938"]
    assert set(undecided(data)) == {"teamviewer"}


def test_no_flow_marked_means_no_decision_is_asked_for():
    plan = make_plan(
        PS, ESXI, additional_flows=[additional("PS", "ESX", "tcp", "22"), additional("PS", "ESX", "tcp", "443")]
    )
    data = report(plan)
    assert [flow["any_of"] for flow in data["flows"]] == [[], []]
    assert undecided(data) == {}


def test_the_finding_names_the_options_that_would_need_nothing_more():
    neither = undecided(report(make_plan(PS, ESXI)))["esxi"]
    ssh = undecided(report(make_plan(PS, ESXI, additional_flows=[additional("PS", "ESX", "tcp", "22")])))["esxi"]
    powercli = undecided(report(make_plan(PS, ESXI, additional_flows=[additional("PS", "ESX", "tcp", "443")])))["esxi"]
    assert len({neither, ssh, powercli}) == 3
    assert "ssh" in ssh.lower()
    assert "powercli" in powercli.lower()


def test_an_option_that_needs_more_for_one_target_is_not_one_that_needs_nothing_more():
    one = target("ESX", "vmware-esxi", "cisco-ios", operations=["reset"])
    other = target("ESX2", "vmware-esxi", operations=["reset"])
    assert undecided(report(make_plan(PS, one, other)))["esxi"] != undecided(report(make_plan(PS, one)))["esxi"]


def test_two_options_can_both_need_nothing_more():
    def message(*ports):
        return undecided(
            report(
                make_plan(STAFF, VIEWED, additional_flows=[additional("STAFF", "TV", "tcp", port) for port in ports])
            )
        )["teamviewer"]

    assert len({message(), message("80"), message("443"), message("80", "443")}) == 4


def test_rules_carry_the_marks_of_their_flows():
    esxi = target("ESX", "vmware-esxi", zone="Servers", operations=["reset"])
    data = report(make_plan(PS, esxi))
    assert sorted((rule["services"][0]["ports"], rule["any_of"][0]["option"]) for rule in data["rules"]) == [
        ("22", "ssh"),
        ("443", "powercli"),
    ]
    assert all(len(rule["any_of"]) == 1 and rule["any_of"][0]["choice"] == "esxi" for rule in data["rules"])
