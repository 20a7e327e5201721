"""Names in cells of a table of rules, and what stands in parentheses beside them: what is certain, and what isn't."""

from planner.engine.existing.readers.csv import read
from tests.each import each
from tests.engine.existing.packets import Packet, decide
from tests.engine.existing.test_csv import WEB, rows

OTHER = {"allow": "deny", "deny": "allow"}
VERDICTS = {"allow": "accept", "deny": "drop"}


def tried(cell, column, packet):
    """What rows with this cell decide that allow, and that refuse, each before a row for all else that does not."""
    found = []
    for action, verdict in VERDICTS.items():
        row = {"source": "any", "service": "any", column: f'"{cell}"'}
        ruleset = rows(f"{row['source']};any;{row['service']};{action}", f"any;any;any;{OTHER[action]}")
        decided = decide(ruleset, packet)
        found.append("this" if decided == verdict else "unknown" if decided.startswith("unknown") else "others")
    return found[0] if found[0] == found[1] else found


def services(cell, *ports, protocol="tcp"):
    return [tried(cell, "service", Packet("10.0.0.1", "10.1.0.1", protocol, port)) for port in ports]


def sources(cell, *addresses):
    return [tried(cell, "source", Packet(address, "10.1.0.1", "tcp", 443)) for address in addresses]


@each("cell", ["443 (tcp)", "HTTPS 443 (TCP)", "TCP_443 (tcp)", "tcp/443 (https)", "Vault (https)", "tcp/443 (tcp)"])
def test_a_number_with_its_protocol_in_parentheses_is_that_port(cell):
    assert services(cell, 443, 22) == ["this", "others"]
    assert services(cell, 443, protocol="udp") == ["others"]


@each(
    "cell",
    [
        "tcp/22 (any)", "tcp/8443 (HTTPS)", "8443 (https)", "udp/443 (https)", "Web (tcp)", "UDP_443 (tcp)",
        "80 443 (tcp)", "Web 8443 (tcp/443)", "any (tcp/443)", "https (tcp)", "tcp/22 (a, b)", "tcp/22 (443) web",
        "HTTPS 8443 (tcp)", "udp/443 (tcp)", "Web (ssh) (tcp/443)", "ssh (x) (tcp/443)",
    ],
)  # fmt: skip
def test_what_says_another_service_than_its_parentheses_is_not_known(cell):
    assert services(cell, 443, 22, 9) == ["unknown"] * 3


@each(
    ("cell", "known", "others"),
    [
        ("All (tcp)", ("tcp", 9), ("udp", 9)), ("ping (icmp/8)", ("icmp", 2048), ("icmp", 0)),
        ("GRE tunnel (gre)", ("gre", 0), ("tcp", 9)), ("8 (icmp)", ("icmp", 2048), ("icmp", 0)),
        ("Range 400-500 (udp)", ("udp", 450), ("udp", 501)), ("Case 123456 (tcp/443)", ("tcp", 443), ("tcp", 444)),
    ],
)  # fmt: skip
def test_what_stands_in_parentheses_behind_a_name_is_what_it_is(cell, known, others):
    found = [tried(cell, "service", Packet("10.0.0.1", "10.1.0.1", *packet)) for packet in (known, others)]
    assert found == ["this", "others"]


@each(
    "cell",
    [
        "10.0.0.5 (203.0.113.5)", "10.0.0.0/24 - (10.0.0.1)", "NAT of 10.0.0.5 (203.0.113.5)", "any (10.0.0.5)",
        "10.0.0.5(203.0.113.5)", "10.0.0.0/24 (host 10.0.0.1)", "10.0.0.0/24 (10.0.0.1, 10.0.0.2)",
        "10.0.0.5 (203.0.113.5) web", "10.0.0.5 (0.0.0.0)", "10.0.0.0 (0.0.0.255)", "10.0.0.0/24 (255.255.0.0)",
        "SRV (10.0.0.5) (203.0.113.5)",
    ],
)  # fmt: skip
def test_an_address_with_another_one_in_parentheses_is_not_known(cell):
    assert sources(cell, "10.0.0.5", "203.0.113.5", "10.0.0.77") == ["unknown"] * 3


@each(
    "cell",
    [
        "10.0.0.0/24 (255.255.255.0)", "10.0.0.0 (255.255.255.0)", "10.0.0.0/24 - (255.255.255.0)",
        "10.0.0.0/24 (10.0.0.0-10.0.0.255)", "Net 10.0.0.0/24 (10.0.0.0/24)",
    ],
)  # fmt: skip
def test_a_network_with_its_mask_or_itself_in_parentheses_is_that_network(cell):
    assert sources(cell, "10.0.0.5", "10.0.1.5", "255.255.255.0") == ["this", "others", "others"]


def test_any_with_any_in_parentheses_is_anything():
    assert sources("Any (all)", "10.0.0.5", "10.9.0.1") == ["this"] * 2
    assert services("Any (all)", 443) == ["this"]


@each("cell", ["Not domain joined (10.0.0.0/24)", "not SRV 01 (10.0.0.1)", "Not managed (10.0.0.0/24)"])
def test_a_name_that_begins_with_not_is_no_negation(cell):
    assert sources(cell, "10.0.0.1", "10.9.0.1") == ["unknown"] * 2


@each("cell", ["Not web (tcp/443)", "not the web"])
def test_a_service_whose_name_begins_with_not_is_no_negation(cell):
    assert services(cell, 443, 22) == ["unknown"] * 2


@each("cell", ["not 10.0.0.0 255.255.255.0", "not 10.0.0.0/24", "Not 10.0.0.1 - 10.0.0.9", "!SRV 01 (10.0.0.1)"])
def test_addresses_are_negated_by_not_and_by_a_mark_before_them(cell):
    assert sources(cell, "10.0.0.1", "10.9.0.1") == ["others", "this"]


def test_services_are_negated_by_not_before_them():
    assert services("not tcp 443", 443, 22) == ["others", "this"]


@each(
    ("cell", "names"),
    [
        ("DMZ - Web; LAN", {"DMZ - Web", "LAN"}), ("LAN / WLAN; DMZ", {"LAN / WLAN", "DMZ"}),
        ("Inside & Out; LAN", {"Inside & Out", "LAN"}), ("LAN;Only Guests", {"LAN", "Only Guests"}),
        ("lan without guests", {"lan without guests"}),
    ],
)  # fmt: skip
def test_zones_are_names_whatever_signs_are_in_them(cell, names):
    ruleset = read(f'from zone,source,destination,service,action\n"{cell}",any,any,any,allow\n')
    assert ruleset.sides == names
    assert {decide(ruleset, Packet("10.0.0.1", "10.1.0.1", enters=name)) for name in names} == {"accept"}


@each("cell", ["dmz; -; lan", "dmz; not managed by us", "dmz; except lan"])
def test_a_sign_alone_or_a_word_of_taking_away_beside_zones_leaves_them_unknown(cell):
    ruleset = read(f'from zone,source,destination,service,action\n"{cell}",any,any,any,allow\n')
    assert decide(ruleset, WEB) == f"unknown: zones “{cell}”"


@each(
    ("cell", "others"),
    [
        ("10.0.0.1;Web - Front", "unknown"), ("Inside & Out, 10.0.0.1", "unknown"), ("10.0.0.1;-", "others"),
        ("-;10.0.0.1;-", "others"), ("Only Web (10.0.0.1)", "others"), ("Web - Front (10.0.0.1)", "others"),
    ],
)  # fmt: skip
def test_a_sign_within_a_name_takes_no_address_away(cell, others):
    assert sources(cell, "10.0.0.1", "10.9.0.1") == ["this", others]


@each(
    ("cell", "others"),
    [("tcp/443; Name - x", "unknown"), ("tcp/443, -", "others"), ("-\ntcp/443", "others"), ("Only tcp/443", "others")],
)
def test_a_sign_within_a_name_takes_no_service_away(cell, others):
    assert services(cell, 443, 22) == ["this", others]


@each(
    "cell",
    [
        "10.0.0.0/24; LAN - 10.0.0.1", "10.0.0.0/24; any - LAN", "10.0.0.0/24; - LAN", "10.0.0.0/24; -10.0.0.1", "-",
        "10.0.0.0/24; only Web (10.0.0.1)", "-;-", "10.0.0.0/24; without AV (10.0.0.1)",
    ],
)  # fmt: skip
def test_a_sign_beside_an_address_or_before_a_name_may_take_away(cell):
    assert sources(cell, "10.0.0.1", "10.0.0.9") == ["unknown"] * 2


@each("cell", ["tcp/443; Web - 22", "tcp/443; - ssh", "tcp/443; https - x", "-", "-;-", "tcp/443; only ssh"])
def test_a_sign_beside_a_service_or_before_a_name_may_take_away(cell):
    assert services(cell, 443, 22) == ["unknown"] * 2


def test_thousands_of_parentheses_are_read_one_after_another():
    assert services("x (a) " * 5000 + "(tcp/443)", 443) == ["this"]
    assert sources("x (a) " * 5000 + "(10.0.0.1)", "10.0.0.1") == ["this"]
