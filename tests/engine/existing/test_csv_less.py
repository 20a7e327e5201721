"""Cells of a table of rules that say less than their values do, or leave open to which of them a word belongs."""

from planner.engine.existing.readers.csv import read
from tests.each import each
from tests.engine.existing.packets import Packet, decide
from tests.engine.existing.test_csv import WEB, rows

OTHER = Packet("10.0.0.7", "10.1.0.1", "tcp", 443)


@each(
    "cell",
    [
        "10.0.0.0/24, except 10.0.0.1", "10.0.0.0/24 except 10.0.0.1, 10.0.0.9", "any; except; 10.0.0.1",
        "10.0.0.0/24 10.1.0.0/24 but not 10.0.0.1, 10.0.0.1", "any except (10.0.0.1)", "10.0.0.1, without 10.0.0.9",
    ],
)  # fmt: skip
def test_a_cell_in_which_one_piece_takes_away_says_nothing_for_certain(cell):
    for action in ("allow", "deny"):
        ruleset = rows(f'"{cell}";any;any;{action}', "any;any;any;" + {"allow": "deny", "deny": "allow"}[action])
        assert decide(ruleset, WEB).startswith("unknown: source “"), action
        assert "10.0.0." in decide(ruleset, WEB), "all of the cell is named"


@each(
    "cell",
    [
        "tcp/443, established", "tcp/443; established", "any, except tcp/443", "any except tcp/443, tcp/443",
        "tcp/443 - not udp, tcp/443", "any except (tcp/443)", "HTTPS replies (tcp/443)",
    ],
)  # fmt: skip
def test_a_cell_of_services_in_which_one_piece_takes_away_says_nothing_for_certain(cell):
    for action in ("allow", "deny"):
        ruleset = rows(f'any;any;"{cell}";{action}', "any;any;any;" + {"allow": "deny", "deny": "allow"}[action])
        assert decide(ruleset, WEB).startswith("unknown: service “"), action


@each("cell", ["any, except dmz", "any, !dmz", "!any", "lan, except dmz", "dmz, lan without guests"])
def test_zones_of_which_some_are_taken_away_are_not_known(cell):
    ruleset = read(f'from zone,source,destination,service,action\n"{cell}",any,any,any,allow\n')
    assert decide(ruleset, WEB) == f"unknown: zones “{cell}”"


def test_a_range_with_blanks_takes_nothing_away():
    assert decide(rows("10.0.0.1 - 10.0.0.7, 10.0.0.9;any;tcp/80, 400 - 500;allow"), OTHER) == "accept"


@each(
    ("cell", "vague"),
    [
        ("tcp, udp/53", "tcp"), ("udp/53, tcp", "tcp"), ("tcp; udp/53", "tcp"), ("tcp, udp, 53", "tcp"),
        ("tcp, https", "tcp"), ("All (tcp), udp/53", "All (tcp)"), ("udp, tcp, 8443", "udp"),
    ],
)  # fmt: skip
def test_a_protocol_without_a_port_beside_one_with_a_port_may_be_meant_for_that_port(cell, vague):
    ruleset = rows(f'any;any;"{cell}";allow')
    protocol = "udp" if vague == "udp" else "tcp"
    found = [decide(ruleset, Packet("10.0.0.1", "10.1.0.1", one, 9)) for one in (protocol, "gre")]
    assert found == [f"unknown: service “{vague}” beside others with ports", "drop"]


@each(
    "cell", ["tcp, udp", "tcp udp", "tcp, icmp/8", "tcp, any", "tcp/any, udp/53", "tcp/0-65535, udp/53", "tcp, ping"]
)
def test_a_protocol_alone_is_all_of_its_ports(cell):
    assert decide(rows(f'any;any;"{cell}";allow'), WEB) == "accept"


LAYERS = "No.,Source,Destination,Service,Action\n"


def test_rows_of_a_layer_within_a_row_count_only_where_that_one_leads():
    below = "1.1,any,any,any,allow\n1.2,any,any,any,deny\n"
    ruleset = read(LAYERS + "1,10.0.0.7,any,any,Web layer\n" + below + "2,any,any,any,deny\n")
    assert decide(ruleset, WEB) == "unknown: within the layer of number 1"
    assert decide(ruleset, OTHER).startswith("unknown: ")
    deeper = read(LAYERS + "3.1,10.0.0.7,any,any,Inline\n3.1.2,any,any,any,allow\n3.2,any,any,any,deny\n")
    assert decide(deeper, WEB) == "unknown: within the layer of number 3.1"
    off = LAYERS.replace("Action", "Action,Enabled") + "1,10.0.0.7,any,any,Web,no\n1.1,any,any,any,allow,yes\n"
    assert decide(read(off), WEB) == "unknown: within the layer of number 1"


def test_rows_with_numbers_in_sections_are_rows_as_others():
    ruleset = read(LAYERS + "1,10.0.0.7,any,any,deny\n1.1,any,any,tcp/443,allow\n11.1,any,any,any,deny\n")
    assert [decide(ruleset, packet) for packet in (WEB, OTHER)] == ["accept", "drop"]
    other = read(LAYERS + "1,10.0.0.7,any,any,NAT\n11.1,any,any,tcp/443,allow\n1.a,any,any,any,deny\n")
    assert decide(other, WEB) == "accept"


def test_a_mask_of_nothing_after_a_slash_is_one_of_no_address_but_zero():
    ruleset = rows("10.9.9.9/0.0.0.0;any;any;allow")
    assert decide(ruleset, WEB) == "unknown: source “10.9.9.9/0.0.0.0”"
    assert decide(rows("0.0.0.0/0.0.0.0;any;any;allow"), WEB) == "accept"


@each("title", ["Services & Applications", "Applications & Services", "Services and Applications"])
def test_services_and_applications_may_stand_in_one_column(title):
    ruleset = read(f"Source;Destination;{title};Action\nany;any;tcp/443;allow\n")
    assert decide(ruleset, WEB) == "accept"
