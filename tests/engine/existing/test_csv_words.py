"""The words of tables of rules: names of columns, and what their cells say for yes, no, anything and verdicts."""

import pytest

from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers.csv import read
from tests.engine.existing.packets import Packet, decide

WEB = Packet("10.0.0.1", "10.1.0.1", "tcp", 443)
OTHER = Packet("10.0.0.2", "10.1.0.1", "tcp", 443)
PLAIN = {"source": "10.0.0.1", "destination": "10.1.0.1", "service": "tcp/443", "action": "allow"}


def table(*rows):
    """A table with these rows, and the columns of the first."""
    return read("\n".join(";".join(cells) for cells in (rows[0], *(row.values() for row in rows))))


def of(title, cell, **changes):
    """A table of one row, which has another column beside the plain ones."""
    return table({**PLAIN, **changes, title: cell})


def entries(ruleset):
    return ruleset.stages[0].entries


def needs(name):
    """A column that has to be there, under another name."""

    def look(title):
        row = {title if key == name else key: cell for key, cell in PLAIN.items()}
        return (decide(table(row), WEB), decide(table(row), OTHER)) == ("accept", "drop")

    return look


def parts_of_services(name):
    def look(title):
        row = {key: cell for key, cell in PLAIN.items() if key != "service"} | {"protocol": "tcp", "port": "443"}
        row = {title if key == name else key: cell for key, cell in row.items()}
        return [decide(table(row), Packet("10.0.0.1", "10.1.0.1", "tcp", port)) for port in (443, 80)] == [
            "accept", "drop",
        ]  # fmt: skip

    return look


def is_source_port(title):
    ports = (1024, 1025)
    packets = [Packet("10.0.0.1", "10.1.0.1", "tcp", 443, source_port=port) for port in ports]
    return [decide(of(title, "1024"), packet) for packet in packets] == ["accept", "drop"]


def negates(cell):
    def look(title):
        inside = decide(of(title, "yes"), WEB)
        outside = decide(of(title, "yes"), Packet(**{**vars(WEB), **cell}))
        return (inside, outside, decide(of(title, "no"), WEB)) == ("drop", "accept", "accept")

    return look


def has_sides(way):
    def look(title):
        (entry,) = entries(of(title, "lan"))
        return getattr(entry, way).names == {"lan"}

    return look


def switches(on, off):
    def look(title):
        return (len(entries(of(title, on))), len(entries(of(title, off)))) == (1, 0)

    return look


def is_priority(title):
    rows = [{**PLAIN, title: number} for number in ("2", "1")]
    return table(*rows).obscure == (f"column “{title}”, which the rows are not in the order of",)


def is_device(title):
    with pytest.raises(Unreadable, match="several firewalls"):
        table(*({**PLAIN, title: name} for name in ("fw1", "fw2")))
    return decide(of(title, "fw1"), WEB) == "accept"


def narrows(title):
    return decide(of(title, "x"), WEB) == f"unknown: {title} “x”"


COLUMNS = [
    (needs("source"), """
     source sources src source_address source_addresses src_address src_addresses source_ip source_ips src_ip
     srcaddr src_addr source_network source_networks source_object source_objects from_address original_source"""),
    (needs("destination"), """
     destination destinations dst dest destination_address destination_addresses dst_address dst_addresses
     destination_ip destination_ips dst_ip dstaddr dst_addr destination_network destination_networks
     destination_object destination_objects dest_address dest_addresses dest_addr dest_ip dest_ips dest_network
     dest_networks dest_object dest_objects to_address original_destination"""),
    (needs("service"), """
     service services service_port service_ports service_object service_objects applications_and_services"""),
    (needs("action"), "action actions rule_action verdict permission access"),
    (parts_of_services("protocol"), "protocol protocols proto ip_protocol service_protocol"),
    (parts_of_services("port"), """
     port ports destination_port destination_ports dst_port dst_ports dstport dport dest_port dest_ports"""),
    (is_source_port, "source_port source_ports src_port src_ports srcport sport"),
    (has_sides("enters"), """
     from from_zone source_zone source_zones src_zone srczone srcintf source_interface src_interface
     incoming_interface in_interface ingress_interface ingress_zone from_interface"""),
    (has_sides("leaves"), """
     to to_zone destination_zone destination_zones dst_zone dstzone dstintf destination_interface dst_interface
     dest_zone dest_zones dest_interface outgoing_interface out_interface egress_interface egress_zone
     to_interface"""),
    (negates({"source": "10.0.0.2"}), """
     source_negate source_negated negate_source src_negate srcaddr_negate source_is_negated"""),
    (negates({"destination": "10.1.0.2"}), """
     destination_negate destination_negated negate_destination dst_negate dest_negate dstaddr_negate
     destination_is_negated"""),
    (negates({"port": 444}), "service_negate service_negated negate_service service_is_negated"),
    (switches("yes", "no"), "enabled is_enabled active is_active enable valid status rule_status state"),
    (switches("no", "yes"), "disabled is_disabled inactive"),
    (lambda title: entries(of(title, "7"))[0].name == "row 2 (number 7)", """
     number no no. nr # seq sequence id rule_id rule_number rule_no policy_id policyid rulenum rule_# line order"""),
    (is_priority, "priority"),
    (lambda title: "vault" in entries(of(title, "vault"))[0].name, """
     name rule rule_name policy_name policy display_name title"""),
    (lambda title: entries(of(title, "vault"))[0].comment == "vault", """
     comment comments description remark remarks note notes"""),
    (is_device, "device device_name firewall firewalls gateway package policy_package layer vdom adom domain"),
    (narrows, """
     install_on installed_on target targets user users source_user source_users group groups schedule time
     schedules time_object valid_until expires expiry expiration expiration_date application applications
     app app_id url url_category urls vpn content source_vrf vrf hosts_profile hip_profiles source_device
     destination_device nat condition conditions"""),
    (lambda title: decide(of(title, "x"), WEB) == "accept", """
     ticket tickets ticket_id change_request log logging track tracking logtraffic hits hit_count hitcount
     last_hit first_hit last_used last_modified modified created created_by modified_by created_at owner
     business_owner technical_owner tag tags section risk risks risk_level uid uuid rule_uid profile profiles
     security_profiles security_profile_group justification business_justification documentation changed bytes
     packets sessions usage compliance review_date reviewed certification severity vendor security_rule_uid
     recommendation"""),
]  # fmt: skip


@pytest.mark.parametrize(("look", "titles"), COLUMNS, ids=[titles.split()[0] for _, titles in COLUMNS])
def test_columns_go_by_these_names(look, titles):
    assert [title for title in titles.split() if not look(title)] == []


def test_a_column_of_another_name_is_not_understood_where_it_says_something():
    assert decide(of("colour", "red"), WEB) == "unknown: colour “red”"
    assert decide(of("colour", ""), WEB) == "accept"


YES = ("yes", "true", "1", "x", "enabled", "active", "on", "enable")
NO = ("no", "false", "0", "disabled", "inactive", "off", "disable")


def test_words_for_yes_and_no():
    assert [word for word in YES if len(entries(of("enabled", word))) != 1 or entries(of("disabled", word))] == []
    assert [word for word in NO if entries(of("enabled", word)) or len(entries(of("disabled", word))) != 1] == []
    assert decide(of("enabled", "perhaps"), WEB) == "unknown: whether it is enabled"
    for word in (*YES, *NO):
        assert "unknown" not in decide(of("source_negate", word), WEB)
        assert decide(of("source_negate", word), WEB) == ("drop" if word in YES else "accept")


NOTHING = ("", "-", "none", "n/a", "any", "*", "all", "always", "never", "unlimited", "false", "no", "off",
           "Disabled", "disable", "Policy Targets")  # fmt: skip


def test_words_that_narrow_nothing():
    assert [word for word in NOTHING if decide(of("users", word), WEB) != "accept"] == []
    always = [word for word in NOTHING if decide(of("schedule", word), WEB) == "accept"]
    assert always == ["", "-", "n/a", "any", "*", "all", "always"], "a schedule “none” is never"


def test_words_for_verdicts():
    allowed = ["accept", "allow", "permit", "pass", "accepted", "allowed", "permitted", "trust"]
    denied = ["deny", "drop", "reject", "block", "discard", "denied", "dropped", "rejected", "blocked", "refuse"]
    verdicts = {word: entries(table({**PLAIN, "action": word}))[0].verdict for word in (*allowed, *denied)}
    assert verdicts == {**dict.fromkeys(allowed, "accept"), **dict.fromkeys(denied, "drop")}


@pytest.mark.parametrize("side", ["source", "destination"])
def test_words_for_all_addresses_of_a_family(side):
    words = ("any4", "any-ipv4", "all-ipv4", "any6", "any-ipv6", "all-ipv6")
    rows = {word: {**PLAIN, "source": "any", "destination": "any", side: word} for word in words}
    found = {word: {match.family for match in entries(table(row))[0].matches} for word, row in rows.items()}
    assert found == {word: {4 if "4" in word else 6} for word in words}


def test_words_for_services():
    ports = {"http": 80, "https": 443, "ssh": 22, "telnet": 23, "smtp": 25}
    for word, port in ports.items():
        ruleset = table({**PLAIN, "service": word})
        assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", port)) == "accept"
        assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "udp", port)) == "drop"
    for word in ("ping", "icmp echo", "icmp echo-request", "icmp/echo-request", "echo-request"):
        ruleset = table({**PLAIN, "service": word})
        assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "icmp", 8 * 256)) == "accept", word
        assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "icmp", 0)) == "drop", word
    for word in ("any", "*", "all", "any any", "-any-", "ip"):
        for changes in ({"service": word}, {"service": word, "source_port": word}):
            assert decide(table({**PLAIN, **changes}), Packet("10.0.0.1", "10.1.0.1", "gre", 9)) == "accept", word


@pytest.mark.parametrize(
    "cell",
    [
        "10.0.0.0/24 except 10.0.0.1", "10.0.0.0/24 (not 10.0.0.1)", "10.0.0.0/24 !10.0.0.1", "any but 10.0.0.1",
        "10.0.0.0/24 - 10.0.0.1", "10.0.0.0/24 Excluding 10.0.0.1", "any ohne 10.0.0.1",
    ],
)  # fmt: skip
def test_an_address_that_is_taken_away_from_others_makes_all_of_them_unclear(cell):
    ruleset = read(f"source;destination;service;action\n{cell};any;tcp/443;allow\n")
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", 443)) == f"unknown: source “{cell}”"
    assert decide(ruleset, Packet("10.0.0.2", "10.1.0.1", "tcp", 443)) == f"unknown: source “{cell}”"


@pytest.mark.parametrize(
    "cell",
    [
        "tcp/1-500 except 443", "tcp/443 (disabled)", "tcp/443 established", "tcp high", "tcp src 80 dst 80",
        "tcp port 80", "udp/53 tcp",
    ],
)  # fmt: skip
def test_words_that_make_less_of_a_service_make_all_of_it_unclear(cell):
    ruleset = read(f"source;destination;service;action\nany;any;{cell};allow\n")
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", 443)) == f"unknown: service “{cell}”"


@pytest.mark.parametrize(
    ("cell", "ports"),
    [
        ("tcp 80 443", [80, 443]), ("TCP: 80 443", [80, 443]), ("tcp, 80", [80]), ("tcp 80 udp 53", [80]),
        ("tcp udp", [80, 443, 53]), ("tcp, udp", [80, 443, 53]), ("udp; tcp", [80, 443, 53]),
    ],
)  # fmt: skip
def test_a_protocol_before_ports_is_of_these_ports_alone(cell, ports):
    ruleset = read(f'source;destination;service;action\nany;any;"{cell}";allow\n')
    found = [
        port for port in (80, 443, 53) if decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", port)) == "accept"
    ]
    assert found == ports
