"""One packet in the words of people, and what it takes in the words for who asks."""

import pytest

from planner.engine.ask import NotAskable, ask
from planner.engine.rules import Ports
from planner.engine.ways import find_ways
from planner.report.said.asking import (
    MOST_SUGGESTED,
    find_packet,
    find_side,
    say_who,
    suggest_names,
    suggest_services,
)
from planner.report.said.voice import say_way
from tests.engine.test_ask import REPORT
from tests.report.samples import contoso, evaluate, sites

TCP = Ports("tcp", "443")


@pytest.mark.parametrize("text", ["tcp/443", "443", "443/tcp", "TCP 443", " tcp:443 ", "443 tcp"])
def test_a_port_is_understood_however_it_is_written(text):
    assert find_packet(REPORT, text) == TCP


def test_ranges_ping_and_names_of_services_are_understood():
    assert find_packet(REPORT, "udp 50000 – 50100") == Ports("udp", "50000-50100")
    assert find_packet(REPORT, "Ping") == find_packet(REPORT, "ICMP") == Ports("icmp", None)
    assert find_packet(REPORT, "rdp") == Ports("tcp", "3389")
    assert find_packet(REPORT, REPORT.matrix.services["ldaps"].name.upper()) == Ports("tcp", "636")


@pytest.mark.parametrize("text", ["", "tcp", "tcp/443/udp", "0", "70000", "sctp/5", "9" * 5000, "443;drop"])
def test_what_is_no_service_is_told_with_what_is_allowed(text):
    with pytest.raises(NotAskable, match="is no service") as error:
        find_packet(REPORT, text)
    assert len(str(error.value)) < 400


def test_a_side_is_found_in_any_case_and_somebody_means_the_zone():
    assert find_side(REPORT, "ps01").endpoints[0].name == "PS01"
    assert find_side(REPORT, "clients").is_zone
    assert find_side(REPORT, "Somebody in CLIENTS") == find_side(REPORT, "Clients")
    assert [end.name for end in find_side(REPORT, "10.0.0.20").endpoints] == ["SQL01"]
    with pytest.raises(NotAskable, match="“Nobody” is no endpoint and no zone"):
        find_side(REPORT, "Nobody")
    with pytest.raises(NotAskable):
        find_side(REPORT, "somebody in Nowhere")


def test_an_endpoint_and_a_zone_of_one_name_can_both_be_asked_about():
    document = contoso()
    document["endpoints"].append({"name": "DMZ", "zone": "Internal"})
    report = evaluate(document)
    assert not find_side(report, "DMZ").is_zone
    assert find_side(report, "somebody in DMZ").is_zone


def test_whose_an_address_is_is_said_and_of_names_nothing():
    def who(text):
        return say_who(REPORT, text, find_side(REPORT, text))

    assert who("10.0.0.20") == "10.0.0.20 is SQL01."
    assert who("10.9.1.9") == "10.9.1.9 is Staff and Admins."
    assert who("8.8.8.8") == "8.8.8.8 is none of this plan’s own addresses, so it counts as World (any)."
    assert who("SQL01") == who("Clients") == ""


def test_suggestions_stay_few_and_begin_with_what_is_unlike_the_rest():
    report = evaluate(sites(200))
    names = suggest_names(report)
    assert len(names) == MOST_SUGGESTED
    assert names[0].startswith("somebody in ")
    assert all(find_side(report, name) for name in names)
    assert all(find_packet(report, text) for text in suggest_services(report))


@pytest.mark.parametrize(
    "packet",
    [
        ("PRP01", "SQL01", "tcp/1433"),
        ("PS01", "SQL01", "tcp/1433"),
        ("Staff", "PS01", "tcp/8080"),
        ("10.9.0.3", "PS01", "tcp/443"),
        ("Staff", "PS02", "tcp/443"),
    ],
)
def test_a_reader_is_told_whom_to_ask_and_the_planner_what_to_do(packet):
    ways = find_ways(REPORT, ask(REPORT, *packet))
    assert ways
    reader, planner = (" ".join(say_way(REPORT, way, voice) for way in ways) for voice in ("reader", "planner"))
    assert "whoever made this plan" in reader
    assert "whoever made this plan" not in planner
    for act in ("Fill in", "Decide", "Add ", "Take ", "add a flow of its own"):
        assert act not in reader
