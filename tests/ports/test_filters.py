"""What a query leaves of a matrix, and the words that its rows are told in."""

import pytest

from ports.filters import (
    Query,
    describe_condition,
    describe_pairing,
    destination_options,
    find_rows,
    read_query,
    source_options,
)
from ports.matrix import ChoiceIs, build_matrix
from ports.queries import shipped_matrix
from tests.ports.records import record


def _slugs(matrix, **query):
    return [row.requirement.slug for row in find_rows(matrix, Query(**query))]


def _shipped(**values):
    query, errors = read_query(shipped_matrix(), values)
    assert errors == {}
    return [row.requirement.slug for row in find_rows(shipped_matrix(), query)]


# ---- which rows ----


def test_an_empty_query_leaves_the_whole_matrix(small_matrix):
    assert _slugs(small_matrix) == ["people", "mail-out", "linux", "upload"]
    assert len(_shipped()) == len(shipped_matrix().requirements)


def test_rows_stand_by_section_even_where_the_file_mixes_them(records):
    records["requirement"].reverse()
    assert _slugs(build_matrix(records)) == ["mail-out", "people", "upload", "linux"]


@pytest.mark.parametrize("field", ["text", "port"])
def test_464_answers_with_the_rows_that_change_passwords(field):
    told = ["reset-active-directory"] if field == "text" else []  # its caveat speaks of 464
    expected = ["ad-kerberos", *told, "reset-active-directory-kpasswd", "portal-kerberos"]
    assert _shipped(**{field: "464"}) == expected


@pytest.mark.parametrize("text", ["why 464?", "Why port 464", "tcp/464", "kpasswd", "password change over udp"])
def test_the_same_is_found_however_it_is_asked(text):
    found = [slug for slug in _shipped(text=text) if slug != "reset-active-directory"]  # its caveat speaks of 464
    assert found == ["ad-kerberos", "reset-active-directory-kpasswd", "portal-kerberos"]


@pytest.mark.parametrize("port", ["50000", "49152", "65535", "49152-65535", "60000-60010", "50000-65535"])
def test_a_port_inside_a_range_finds_the_range(port):
    assert _shipped(port=port) == [
        "discovery-windows-dynamic-rpc", "validation-windows-dynamic-rpc", "portal-lockout-events",
    ]  # fmt: skip


def test_a_range_finds_every_port_inside_it():
    assert _shipped(port="5985-5986", section="10") == [
        "reset-windows-com-component",
        "reset-windows-iis-application-pool",
        "reset-windows-local-administrator",
        "reset-windows-scheduled-task-windows-service",
    ]


@pytest.mark.parametrize("query", [{"port": "46"}, {"text": "46"}, {"port": "4640"}, {"text": "4640"}])
def test_part_of_a_port_is_another_port(query):
    assert _shipped(**query) == []


def test_a_port_that_only_a_correction_gives_is_found_too():
    assert _shipped(port="23") == ["launcher-telnet"]


def test_protocol_and_port_must_fit_one_service():
    assert _shipped(protocol="udp", port="389") == ["ad-locate", "ad-ldap"]
    assert _shipped(protocol="udp", port="636") == []
    assert _shipped(protocol="icmp") == ["heartbeat-ping"]
    assert _shipped(protocol="icmp", port="7") == []


def test_fields_narrow_each_other_down():
    assert _shipped(section="9", text="ssh", destination="platform:linux-mac") == ["discovery-linux-and-mac"]


def test_all_words_of_the_text_must_be_found():
    assert _shipped(text="oracle discovery") == ["discovery-oracle-database"]
    assert _shipped(text="oracle nonsense") == []


def test_case_and_compatibility_forms_do_not_matter():
    assert _shipped(text="ORACLE Ｄiscovery") == ["discovery-oracle-database"]


@pytest.mark.parametrize("text", ["§16", "section 16", "Section  16"])
def test_a_section_can_be_searched_for(text):
    assert _shipped(text=text) == ["agent-website"]


def test_a_plain_number_is_no_section():
    assert "agent-website" not in _shipped(text="16")


def test_the_text_of_a_caveat_finds_its_rows():
    assert _shipped(text="iana") == ["launcher-telnet"]


def test_a_source_is_found_by_its_role_and_by_the_group_that_it_belongs_to(small_matrix):
    assert _slugs(small_matrix, source="desk-main") == ["mail-out", "linux"]
    assert _slugs(small_matrix, source="desk") == ["mail-out", "linux"]


def test_a_source_is_found_by_what_a_pairing_looks_for(small_matrix):
    assert _slugs(small_matrix, source="agent") == ["linux", "upload"]
    assert _slugs(small_matrix, source="pairing:reader") == ["linux"]


def test_a_destination_is_found_by_role_platform_operation_and_session(small_matrix):
    assert _slugs(small_matrix, destination="desk-main") == ["people", "upload"]
    assert _slugs(small_matrix, destination="platform:linux") == ["linux"]
    assert _slugs(small_matrix, destination="operation:inventory") == ["linux"]
    assert _shipped(destination="session:rdp") == ["heartbeat-rdp", "launcher-rdp", "gateway-rdp", "gateway-every-rdp"]
    assert _shipped(destination="platform:microsoft-sql") != _shipped(destination="session:microsoft-sql")


def test_every_offered_option_finds_something():
    matrix = shipped_matrix()
    roles, pairings = source_options(matrix)
    sources = [role.slug for role in roles] + [f"pairing:{pairing.slug}" for pairing in pairings]
    assert all(_shipped(source=value) for value in sources)
    groups = destination_options(matrix)
    assert [name for name, _ in groups] == [
        "Roles",
        "Managed systems",
        "Systems with sessions",
        "Systems by operation",
    ]
    assert all(_shipped(destination=value) for _, options in groups for value, _ in options)


def test_a_matrix_without_targets_offers_no_groups_for_them(records):
    records["requirement"] = records["requirement"][:1]
    records["caveat"] = [record(records, "caveat", "silent")]
    assert [name for name, _ in destination_options(build_matrix(records))] == ["Roles"]


def test_what_the_query_asks_for_is_marked():
    (row, *_) = find_rows(shipped_matrix(), Query(port="464", protocol="udp"))
    assert [part.label for part in row.parts if part.hit] == ["udp 464"]
    (row, *_) = find_rows(shipped_matrix(), Query(text="464"))
    assert [part.label for part in row.parts if part.hit] == ["tcp 464", "udp 464"]
    assert not any(part.hit for row in find_rows(shipped_matrix(), Query()) for part in row.parts)


# ---- reading a query ----


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("port", "abc", "“abc” is neither a port (1 to 65535) nor a range such as 49152-65535."),
        ("port", "0", "“0” is outside 1 to 65535."),
        ("port", "65536", "“65536” is outside 1 to 65535."),
        ("port", "44 3", "“44 3” is neither a port (1 to 65535) nor a range such as 49152-65535."),
        ("port", "-1", "“-1” is neither a port (1 to 65535) nor a range such as 49152-65535."),
        ("port", "90-80", "“90-80” is a range that runs backwards; the first port must not be above the last."),
        ("port", "٤٤٣", "“٤٤٣” is neither a port (1 to 65535) nor a range such as 49152-65535."),
        ("section", "99", "The document has no section “99”."),
        ("source", "ghost", "The matrix has no source “ghost”."),
        ("source", "pairing:ghost", "The matrix has no source “pairing:ghost”."),
        ("source", "platform:linux", "The matrix has no source “platform:linux”."),
        ("destination", "ghost", "The matrix has no destination “ghost”."),
        ("destination", "pairing:reader", "The matrix has no destination “pairing:reader”."),
        ("destination", "__class__:x", "The matrix has no destination “__class__:x”."),
        ("protocol", "sctp", "“sctp” is no protocol; there are tcp, udp, icmp."),
        ("text", "x" * 201, "Search for 200 characters at most."),
    ],
)
def test_a_field_that_cant_be_read_is_told_and_left_out(small_matrix, field, value, sentence):
    query, errors = read_query(small_matrix, {field: value, "section" if field != "section" else "text": "2"})
    assert errors == {field: sentence}
    assert getattr(query, field) == ""
    assert query.parameters


def test_a_long_value_is_cut_short_in_its_sentence(small_matrix):
    _, errors = read_query(small_matrix, {"section": "9" * 5000})
    assert len(errors["section"]) < 100


def test_fields_are_read_kindly(small_matrix):
    query, errors = read_query(
        small_matrix,
        {"section": " §2 ", "protocol": "TCP", "port": " 0049152 – 65535", "text": " a  b ", "other": "x"},
    )
    assert errors == {}
    assert query == Query(section="2", protocol="tcp", port="49152-65535", text="a b")
    assert query.parameters == {"text": "a b", "section": "2", "protocol": "tcp", "port": "49152-65535"}


@pytest.mark.parametrize("text", ["???", "why", "port", "%_'\"\\", "\x00", "((((", "[a-z]*", "9" * 200, "§"])
def test_odd_texts_are_only_texts(small_matrix, text):
    query, errors = read_query(small_matrix, {"text": text})
    assert errors == {}
    assert isinstance(find_rows(small_matrix, query), tuple)


# ---- words ----


def test_a_pairing_is_told_in_the_order_in_which_it_looks():
    matrix = shipped_matrix()
    assert describe_pairing(matrix, matrix.pairings["engine"]) == (
        "its managed-by, else a site agent in its zone, else every web server"
    )
    assert describe_pairing(matrix, matrix.pairings["gateway"]) == (
        "a gateway in its zone, else every gateway outside remote-site zones"
    )


def test_an_article_fits_its_word(small_matrix):
    assert describe_pairing(small_matrix, small_matrix.pairings["reader"]) == (
        "its managed-by, else an agent in its zone, else every server outside dmz or cloud zones"
    )


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("discovery-windows-dependencies", "Managed Windows, for account discovery"),
        ("heartbeat-ping", "Any managed system, for host heartbeat"),
        ("heartbeat-rdp", "Any managed system with RDP sessions, for host heartbeat"),
        ("heartbeat-windows", "Managed Windows without RDP or SSH sessions, for host heartbeat"),
        (
            "heartbeat-other",
            "Any managed system other than Windows, without RDP or SSH sessions, for host heartbeat",
        ),
        ("launcher-vnc", "Any managed system with VNC sessions"),
        ("email", "Mail server"),
    ],
)
def test_a_destination_is_told_in_words(slug, words):
    (row,) = [row for row in find_rows(shipped_matrix(), Query()) if row.requirement.slug == slug]
    assert str(row.destination) == words


def test_alternatives_stand_in_one_line_with_the_choice_that_decides(small_matrix):
    (row,) = find_rows(small_matrix, Query(source="pairing:reader"))
    assert [str(line) for line in row.lines] == [
        "icmp Ping",
        "tcp/22 SSH or udp/49152-65535 Dynamic ports (by “Transport”)",
    ]
    assert row.lines[1].choice.slug == "transport"


def test_services_under_a_decided_choice_stand_apart_and_say_when():
    (row,) = [r for r in find_rows(shipped_matrix(), Query(section="10")) if r.requirement.slug.endswith("pool")]
    assert [str(line) for line in row.lines] == [
        (
            "tcp/5985 PowerShell Remoting (HTTP) "
            "(when “PowerShell Remoting” is “HTTP and HTTPS” or “HTTP only” (the default))"
        ),
        (
            "tcp/5986 PowerShell Remoting (HTTPS) "
            "(when “PowerShell Remoting” is “HTTP and HTTPS” or “HTTPS only” (the default))"
        ),
    ]


def test_conditions_are_told_in_words(small_matrix):
    row = find_rows(small_matrix, Query())[1]
    assert row.conditions == ("when “Mail” is “Yes”", "when the plan has the role “Agent”")
    assert row.lines[0].condition == "when “Card” or “Code” is among “Sign-in”"
    nothing = ChoiceIs(choice="sign-in", options=())
    assert describe_condition(small_matrix, nothing) == "when nothing is chosen for “Sign-in”"


def test_a_lone_service_under_an_undecided_choice_says_when(records):
    record(records, "requirement", "linux")["services"].pop()
    (row,) = find_rows(build_matrix(records), Query(source="pairing:reader"))
    assert row.lines[1].choice is None
    assert row.lines[1].condition == "when “Transport” is “SSH”"


def test_a_corrected_port_stands_with_its_caveat(small_matrix):
    part = find_rows(small_matrix, Query())[1].parts[0]
    assert [(ports, caveat.slug) for ports, caveat in part.corrected] == [("2222", "ssh-port")]
