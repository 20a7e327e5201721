"""Tables of rules as exports and spreadsheets write them: what is understood is exact, what isn't is named."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import evaluate_report
from planner.engine.existing.decide import compare_with
from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers.csv import read
from planner.engine.existing.reading import read_existing
from planner.plan.document import read_plan
from planner.report import FORMATS
from ports.queries import shipped_matrix
from tests.each import each
from tests.engine.existing.packets import Packet, decide
from tests.examples import EXAMPLES
from tests.strategies import often

HEAD = "source;destination;service;action\n"
WEB = Packet("10.0.0.1", "10.1.0.1", "tcp", 443)


def rows(*lines, head=HEAD):
    return read(head + "\n".join(lines))


def test_rows_count_in_order_and_nothing_else_is_admitted():
    ruleset = rows("10.0.0.9;any;any;deny", "10.0.0.0/24;10.1.0.1;tcp/443;allow")
    assert decide(ruleset, WEB) == "accept"
    assert decide(ruleset, Packet("10.0.0.9", "10.1.0.1", "tcp", 443)) == "drop"
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", 444)) == "drop"
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "udp", 443)) == "drop"
    assert ruleset.stages[0].default_name == "end of the table of rules"
    assert [entry.name for entry in ruleset.stages[0].entries] == ["row 2", "row 3"]


@each(
    "head",
    [
        "Src,Dst,Service,Action",
        "Source Address,Destination Address,Service,Rule Action",
        "srcaddr,dstaddr,Services,ACTION",
        "Source\tDestination\tService\tAction",
        "Sources;Destinations;Service;Permission",
    ],
)
def test_columns_go_by_the_words_of_common_exports(head):
    sign = next(sign for sign in ",;\t" if sign in head)
    assert decide(read(f"{head}\n10.0.0.1{sign}10.1.0.1{sign}tcp/443{sign}Accept\n"), WEB) == "accept"


@each(
    ("cell", "inside", "outside"),
    [
        ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
        ("10.0.0.0/24", "10.0.0.255", "10.0.1.0"),
        ("10.0.0.7/24", "10.0.0.255", "10.0.1.0"),
        ("10.0.0.0/255.255.255.0", "10.0.0.255", "10.0.1.0"),
        ("10.0.0.0 255.255.255.0", "10.0.0.255", "10.0.1.0"),
        ("10.0.0.0 255.255.255.0 10.2.0.0 255.255.0.0", "10.0.0.255", "10.0.1.0"),
        ("10.0.0.0 255.255.255.0 10.2.0.0 255.255.0.0", "10.2.3.4", "255.255.0.0"),
        ("10.0.0.1 255.255.255.255 10.0.0.3 10.0.0.0/32", "10.0.0.3", "255.255.255.255"),
        ("0.0.0.0 0.0.0.0", "192.0.2.1", "2001:db8::1"),
        ("All of IPv4 (0.0.0.0 0.0.0.0)", "192.0.2.1", "2001:db8::1"),
        ("0.0.0.0/32", "0.0.0.0", "192.0.2.1"),
        ("10.0.0.5-10.0.0.7", "10.0.0.6", "10.0.0.8"),
        ("10.0.0.5 - 10.0.0.7", "10.0.0.5", "10.0.0.4"),
        ("10.0.0.1, 10.0.0.3", "10.0.0.3", "10.0.0.2"),
        ("10.0.0.1 10.0.0.3", "10.0.0.3", "10.0.0.2"),
        ('"10.0.0.1\n10.0.0.3"', "10.0.0.3", "10.0.0.2"),
        ('"10.0.0.1; 10.0.0.3"', "10.0.0.1", "10.0.0.2"),
        ("!10.0.0.0/24", "10.0.1.0", "10.0.0.9"),
        ("not 10.0.0.1, not 10.0.0.3", "10.0.0.2", "10.0.0.3"),
        ("SRV 01 (10.0.0.1)", "10.0.0.1", "10.0.0.2"),
        ("0.0.0.0/0", "192.0.2.1", "2001:db8::1"),
        ("any-ipv6", "2001:db8::1", "10.0.0.1"),
        ("2001:db8::/32", "2001:db8::1", "2001:db9::1"),
    ],
)
def test_a_cell_of_addresses_means_these_and_no_others(cell, inside, outside):
    ruleset = rows(f"{cell};any;any;allow")
    assert decide(ruleset, Packet(inside, "2001:db8::9" if ":" in inside else "10.9.9.9", "tcp", 1)) == "accept"
    assert decide(ruleset, Packet(outside, "2001:db8::9" if ":" in outside else "10.9.9.9", "tcp", 1)) == "drop"


@each(
    ("cell", "inside", "outside"),
    [
        ("tcp/443", ("tcp", 443), ("tcp", 444)),
        ("443/tcp", ("tcp", 443), ("udp", 443)),
        ("TCP 443", ("tcp", 443), ("tcp", 80)),
        ("tcp:1024-65535", ("tcp", 2000), ("tcp", 1023)),
        ("tcp/80,443", ("tcp", 443), ("tcp", 81)),
        ('"udp/53; tcp/443"', ("tcp", 443), ("udp", 443)),
        ("tcp/80 tcp/443", ("tcp", 80), ("tcp", 444)),
        ("https", ("tcp", 443), ("udp", 443)),
        ("Vault (tcp/443)", ("tcp", 443), ("tcp", 80)),
        ("icmp/8", ("icmp", 2048), ("icmp", 0)),
        ("icmp/8/0", ("icmp", 2048), ("icmp", 2049)),
        ("ping", ("icmp", 2048), ("tcp", 8)),
        ("icmp", ("icmp", 768), ("tcp", 3)),
        ("tcp", ("tcp", 9), ("udp", 9)),
        ("!tcp/22", ("tcp", 443), ("tcp", 22)),
        ("!udp", ("tcp", 443), ("udp", 22)),
        ("any", ("gre", 0), None),
    ],
)
def test_a_cell_of_services_means_these_and_no_others(cell, inside, outside):
    ruleset = rows(f"any;any;{cell};allow")
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", *inside)) == "accept"
    if outside:
        assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", *outside)) == "drop"


@each(
    ("protocol", "port", "inside", "outside"),
    [
        ("tcp", "443", ("tcp", 443), ("tcp", 80)),
        ("6", "80 443", ("tcp", 443), ("tcp", 81)),
        ("tcp,udp", "53", ("udp", 53), ("tcp", 54)),
        ("TCP", "any", ("tcp", 1), ("udp", 1)),
        ("any", "any", ("gre", 0), None),
        ("icmp", "8", ("icmp", 2048), ("icmp", 0)),
        ("icmp", "", ("icmp", 0), ("tcp", 0)),
        ("tcp", "!22", ("tcp", 23), ("tcp", 22)),
        ("", "443/tcp", ("tcp", 443), ("udp", 443)),
        ("any", "-", ("gre", 0), None),
        ("any", "", ("gre", 0), None),
        ("icmp", "echo-request", ("icmp", 2048), ("icmp", 0)),
        ("gre", "", ("gre", 0), ("tcp", 0)),
    ],
)
def test_protocol_and_port_may_stand_in_columns_of_their_own(protocol, port, inside, outside):
    ruleset = read(f"source;destination;protocol;port;action\nany;any;{protocol};{port};allow\n")
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", *inside)) == "accept"
    if outside:
        assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", *outside)) == "drop"


@each(
    ("line", "named"),
    [
        ("SRV-01;10.1.0.1;tcp/443;allow", "source “SRV-01”"),
        (";10.1.0.1;tcp/443;allow", "source “”"),
        ("any;!10.9.0.0/16, 10.1.0.1;tcp/443;allow", "destination “!10.9.0.0/16, 10.1.0.1”"),
        ("any;!vault.example.com;tcp/443;allow", "not fqdn vault.example.com"),
        ("any;10.1.0.0/0.0.0.255;any;allow", "destination “10.1.0.0/0.0.0.255”"),
        ("any;10.1.0.0 0.0.0.255;any;allow", "destination “10.1.0.0 0.0.0.255”"),
        ("any;10.1.0.0 1.255.255.255;any;allow", "destination “10.1.0.0 1.255.255.255”"),
        ("any;10.1.0.0 0.255.0.255;any;allow", "destination “10.1.0.0 0.255.0.255”"),
        ("any;10.9.0.0 255.255.0.0 10.1.0.0 0.0.0.255;any;allow", "destination “10.1.0.0 0.0.0.255”"),
        ("any;10.1.0.9 0.0.0.0;any;allow", "destination “10.1.0.9 0.0.0.0”"),
        ("any;0.0.0.0 255.255.255.255;any;allow", "destination “0.0.0.0 255.255.255.255”"),
        ("any;0.0.0.0/255.255.255.255;any;allow", "destination “0.0.0.0/255.255.255.255”"),
        ("any;0.0.0.0;any;allow", "destination “0.0.0.0”"),
        ("any;::;any;allow", "destination “::”"),
        ("any;SRV (0.0.0.0);any;allow", "destination “SRV (0.0.0.0)”"),
        ("any;any;Vault;allow", "service “Vault”"),
        ("any;any;443;allow", "service “443”"),
        ("any;any;tcp/0443x;allow", "service “tcp/0443x”"),
        ("any;any;tcp/443-70000;allow", "service “tcp/443-70000”"),
        ("any;any;'tcp/80; 443';allow", "service"),
        ("any;any;;allow", "no service"),
        ("any;any;tcp/443;NAT", "action “NAT”"),
        ("any;any;tcp/443;", "action “”"),
        ("any;SRV (vault);any;allow", "destination “SRV”"),
        ("any;10.0.0.9-10.0.0.1;any;allow", "destination “10.0.0.9-10.0.0.1”"),
        ("any;10.0.0.1-2001:db8::1;any;allow", "destination"),
        ("any;10.0.0.0/33;any;allow", "destination"),
        ("any;2001:db8::/x;any;allow", "destination"),
        ("any;fe80::1%eth0;any;allow", "destination"),
        ("any;10.0.0.1 24;any;allow", "destination “24”"),
        ("any;example.123;any;allow", "destination “example.123”"),
        (f"any;{'9' * 200};any;allow", "destination “9999"),
        ("any;any;gre/47;allow", "service “gre/47”"),
        ("any;any;tcp/9-8;allow", "service “tcp/9-8”"),
        ("any;any;tcp/443;allow;more", "more cells than columns"),
    ],
)
def test_what_is_not_understood_is_named_and_never_open(line, named):
    found = decide(rows(line), WEB)
    assert found.startswith("unknown: ")
    assert named in found


@each(
    ("service", "protocol", "port", "verdicts"),
    [
        ("443", "tcp", "", ("accept", "drop", "drop")),
        ("any", "tcp", "", ("accept", "accept", "drop")),
        ("udp/443", "tcp", "", ("unknown", "unknown", "unknown")),
        ("any", "what", "", ("unknown", "unknown", "unknown")),
        ("Vault web", "tcp", "443", ("accept", "drop", "drop")),
        ("", "tcp", "", ("unknown", "unknown", "unknown")),
        ("", "what", "", ("unknown", "unknown", "unknown")),
        ("", "!tcp", "", ("unknown", "unknown", "unknown")),
        ("", "!tcp", "443", ("unknown", "unknown", "unknown")),
        ("", "gre", "443", ("unknown", "unknown", "unknown")),
        ("", "tcp", ";", ("unknown", "unknown", "unknown")),
        ("", "tcp", "443, !80", ("unknown", "unknown", "unknown")),
        ("https 8080", "", "", ("accept", "unknown", "unknown")),
        ("tcp/443, 80x", "", "", ("accept", "unknown", "unknown")),
        ("!Vault", "", "", ("unknown", "unknown", "unknown")),
        ("tcp/443, !tcp/80", "", "", ("unknown", "unknown", "unknown")),
    ],
)
def test_a_service_beside_protocol_and_port(service, protocol, port, verdicts):
    ruleset = read(f'source;destination;service;protocol;port;action\nany;any;"{service}";{protocol};"{port}";allow\n')
    packets = (("tcp", 443), ("tcp", 80), ("udp", 443))
    found = [decide(ruleset, Packet("10.0.0.1", "10.1.0.1", *packet)).partition(":")[0] for packet in packets]
    assert tuple(found) == verdicts


def test_source_ports_narrow_services_that_have_ports():
    head = "source,destination,service,source port,action\n"
    ruleset = read(head + "any,any,tcp/443,1024-65535,allow\nany,any,any,53,allow\n")
    assert decide(ruleset, WEB) == "accept"
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", 443, source_port=53)) == "unknown: source port “53”"


@each(
    ("column", "cell", "decides"),
    [
        ("User", "admins", True),
        ("Schedule", "nights", True),
        ("Schedule", "always", False),
        ("Application", "any", False),
        ("Application", "ssl", True),
        ("Whatever", "x", True),
        ("Whatever", "", False),
        ("Ticket", "CHG-1", False),
        ("Comment", "PS01 to the vault", False),
        ("Hit count", "17", False),
        ("Source port", "1024-65535", False),
        ("Source port", "low", True),
        ("Source negated", "perhaps", True),
        ("Enabled", "perhaps", True),
        ("Enabled", "", True),
        ("Enabled", "yes", False),
        ("Disabled", "", False),
        ("Status", "enabled", False),
    ],
)
def test_another_column_leaves_a_row_open_only_where_it_says_nothing_of_it(column, cell, decides):
    ruleset = read(f"source,destination,service,action,{column}\nany,any,tcp/443,allow,{cell}\n")
    assert decide(ruleset, WEB).startswith("unknown: ") == decides, ruleset
    assert (decide(ruleset, WEB) == "accept") != decides


def test_a_row_that_refuses_a_network_with_a_wildcard_mask_may_refuse_each_address():
    ruleset = rows("10.0.0.0 0.0.0.255;any;any;deny", "any;any;any;allow")
    assert decide(ruleset, WEB) == "unknown: source “10.0.0.0 0.0.0.255”"


def test_what_is_known_of_a_row_is_open_though_a_part_of_it_is_not_known():
    ruleset = rows("10.0.0.1, SRV-09;10.1.0.1;tcp/443;allow")
    assert decide(ruleset, WEB) == "accept"
    assert decide(ruleset, Packet("10.0.0.2", "10.1.0.1", "tcp", 443)) == "unknown: source “SRV-09”"
    assert decide(ruleset, Packet("10.0.0.2", "10.1.0.1", "tcp", 80)) == "drop"


def test_disabled_rows_are_no_rows():
    head = "source,destination,service,action,enabled,disabled\n"
    ruleset = read(head + "any,any,any,allow,no,\nany,any,any,allow,yes,true\n10.0.0.1,any,tcp/443,allow,yes,\n")
    assert [entry.name for entry in ruleset.stages[0].entries] == ["row 4"]


def test_negated_columns_turn_a_side_round():
    head = "source,source negated,destination,service,service negated,action\n"
    ruleset = read(head + "10.0.0.0/24,yes,any,tcp/443,no,allow\n10.0.0.1,no,any,tcp/22,yes,allow\n")
    assert decide(ruleset, Packet("10.0.1.1", "10.1.0.1", "tcp", 443)) == "accept"
    assert decide(ruleset, WEB) == "accept"
    assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", 22)) == "drop"
    assert decide(ruleset, Packet("10.0.0.2", "10.1.0.1", "tcp", 443)) == "drop"


def test_zones_and_interfaces_are_sides():
    mixed = read('from zone,source,destination,service,action\n"!dmz, lan",any,any,any,allow\n')
    assert decide(mixed, WEB) == "unknown: zones “!dmz, lan”"
    head = "from zone,to zone,source,destination,service,action\n"
    ruleset = read(head + '"dmz, lan",any,any,any,tcp/443,allow\n!wan,lan,any,any,tcp/22,allow\n')
    assert ruleset.sides == {"dmz", "lan", "wan"}
    for port, enters, leaves, verdict in (
        (443, "dmz", "x", "accept"), (443, "wan", "x", "drop"), (22, "dmz", "lan", "accept"),
        (22, "wan", "lan", "drop"), (22, "dmz", "dmz", "drop"),
    ):  # fmt: skip
        assert decide(ruleset, Packet("10.0.0.1", "10.1.0.1", "tcp", port, enters, leaves)) == verdict


def test_dns_names_are_kept_as_names_of_both_families():
    (entry,) = rows("any;Vault.Example.com., 10.1.0.1;tcp/443;allow").stages[0].entries
    assert {(match.family, match.destination_names) for match in entry.matches} == {
        (4, frozenset({"vault.example.com"})), (6, frozenset({"vault.example.com"})),
    }  # fmt: skip
    assert decide(rows("any;Vault.Example.com., 10.1.0.1;tcp/443;allow"), WEB) == "accept"


def test_rows_have_the_names_and_comments_that_the_table_gives_them():
    (entry,) = (
        read("No.,Name,Source,Destination,Service,Action,Comment\n17,Vault,any,any,any,drop,INT-DMZ-150\n")
        .stages[0]
        .entries
    )
    assert (entry.name, entry.comment, entry.verdict) == ("row 2 (number 17) “Vault”", "INT-DMZ-150", "drop")


def test_of_several_columns_for_a_name_the_first_that_says_something_counts():
    (entry,) = read("Rule,Policy name,Source,Destination,Service,Action\nA,B,any,any,any,drop\n").stages[0].entries
    assert entry.name == "row 2 “A”"


def test_all_but_anything_is_nothing():
    assert rows("any;any;!any;allow").stages[0].entries == ()
    assert rows("!any;any;any;allow").stages[0].entries == ()


def test_priorities_that_rows_are_not_in_the_order_of_leave_everything_unknown():
    head = "priority,source,destination,service,action\n"
    assert decide(read(head + "10,any,any,tcp/443,allow\n20,any,any,any,deny\n"), WEB) == "accept"
    assert "in the order of" in decide(read(head + "20,any,any,tcp/443,allow\n10,any,any,any,deny\n"), WEB)
    assert "in the order of" in decide(read(head + "20,any,any,any,deny\n10,any,any,tcp/443,allow\n"), WEB)
    assert "no number" in decide(read(head + "first,any,any,tcp/443,allow\n"), WEB)


@each(
    ("text", "said"),
    [
        ("\n \n", "The table is empty"),
        ("source,destination,service\n", "none of them is the action"),
        ("source,destination,action\n", "none of them is the service"),
        ("from,to,service,action\n", "none of them is the source or the destination"),
        ("source,src,destination,service,action\n", "several columns are for the source"),
        ("firewall,source,destination,service,action\nA,any,any,any,drop\nB,any,any,any,drop\n", "several firewalls"),
        ('source,destination,service,action\n"any,any\n', "can't be read as CSV"),
        (HEAD + "any;any;any;deny\n" * 200_001, "At most 200,000 rules"),
    ],
)  # fmt: skip
def test_a_table_that_is_none_is_refused_with_a_sentence(text, said):
    with pytest.raises(Unreadable, match=said):
        read(text)


@each("slug", EXAMPLES)
def test_our_own_file_for_change_requests_reads_back_as_everything_open_and_nothing_wider(slug):
    matrix = shipped_matrix()
    report = evaluate_report(matrix, read_plan(EXAMPLES[slug].data, matrix=matrix))
    gap = compare_with(report, read_existing(FORMATS["requests"].render(report, open_undecided=True), "csv"))
    nameless = [one for one in gap.flows if not any(map(is_address, one.flow.destination.addresses))]
    assert [one for one in gap.flows if one.state != "open"] == nameless  # the file has no DNS names
    assert gap.wider == ()
    assert gap.flows


def is_address(text):
    return text == "any" or text[0].isdigit() or ":" in text


ADDRESS = st.integers(2**30, 2**31 - 2).map(
    lambda number: ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))
)
"""Of hosts: none that is written as a mask is."""
ROW = st.tuples(
    st.lists(ADDRESS, min_size=1, max_size=3),
    st.lists(ADDRESS, min_size=1, max_size=3),
    st.lists(st.tuples(st.sampled_from(["tcp", "udp"]), st.integers(0, 65535)), min_size=1, max_size=3),
    st.booleans(),
)


@settings(max_examples=often(100))
@given(
    st.lists(ROW, min_size=1, max_size=8), st.data(), st.sampled_from(",;\t"), st.sampled_from(["; ", ", ", "\n", " "])
)
def test_a_written_table_admits_what_its_rows_say(table, data, delimiter, between):
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerow(["Source", "Destination", "Service", "Action"])
    for sources, destinations, services, allowed in table:
        said = between.join(f"{protocol}/{port}" for protocol, port in services)
        writer.writerow([between.join(sources), between.join(destinations), said, "allow" if allowed else "deny"])
    ruleset = read_existing(file.getvalue().encode(), "csv")
    sources, destinations, services, _ = data.draw(st.sampled_from(table))
    source, destination, (protocol, port) = (
        data.draw(st.sampled_from(one)) for one in (sources, destinations, services)
    )
    first = next(
        row for row in table if source in row[0] and destination in row[1] and (protocol, port) in row[2]
    )  # fmt: skip
    assert decide(ruleset, Packet(source, destination, protocol, port)) == ("accept" if first[3] else "drop")


def test_more_services_in_cells_than_are_read_are_refused(monkeypatch):
    monkeypatch.setattr("planner.engine.existing.parts.count.ENTRIES", 3)
    assert rows("any;any;'tcp/1,tcp/2,tcp/3,tcp/4';allow".replace("'", '"'))
    with pytest.raises(Unreadable, match="At most 3 entries"):
        rows("any;any;'tcp/1,tcp/2,tcp/3,tcp/4,tcp/5';allow".replace("'", '"'))
