"""How a document's bytes are read: YAML scalars as written, JSON's types, and all that is no document at all."""

import json

from tests.each import each

from .helpers import encode, faults, host, make_plan, report

SYNTAXES = each("syntax", ["json", "yaml"])


def places(data, syntax):
    return [where for where, _ in faults(data, syntax)]


YAML = """\
format: 1
name: %(name)s
zones:
  - {name: Internal, kind: internal}
endpoints:
  - name: %(endpoint)s
    zone: Internal
    group: %(group)s
    roles: [website-user]
  - name: PS
    zone: Internal
    roles: [web-primary]
ports:
  website: %(port)s
choices:
  sql-listener: %(listener)s
"""


def yaml_with(**more):
    return YAML % ({"name": "Test", "endpoint": "W", "group": "false", "port": "443", "listener": "no"} | more)


# --- YAML --------------------------------------------------------------------------------------------------------


@each(
    "written",
    [
        "yes", "NO", "No", "on", "Off", "y", "true", "False", "0443", "443", "0x1F", "0o17", "1_000", "1e3", "-1",
        "3.14", ".inf", ".NaN", "2024-01-01", "2024-01-01T10:00:00Z", "12:30:45", "=", "1.0", "007",
    ],
)  # fmt: skip
def test_a_yaml_scalar_is_the_text_as_written(written):
    data = report(yaml_with(name=written, endpoint=written), "yaml")
    assert data["plan"] == written
    assert [flow["source"] for flow in data["flows"]] == [written]


@each(
    ("written", "text"),
    [
        ("'yes'", "yes"),
        ('"0443"', "0443"),
        ("'it''s'", "it's"),
        ('"\\u00e9\\x41"', "éA"),
        ('"null"', "null"),
        ("'~'", "~"),
        ("two words", "two words"),
        ("Grüße", "Grüße"),
        ("|-\n  block", "block"),
        (">-\n  folded\n  lines", "folded lines"),
    ],
)
def test_quotes_and_blocks_are_read_as_yaml_has_them(written, text):
    assert report(yaml_with(name=written), "yaml")["plan"] == text


def test_yes_and_no_in_yaml_are_the_options():
    plan = """\
format: 1
name: Test
zones: [{name: Z, kind: internal}]
endpoints:
  - {name: APP, zone: Z, roles: [app-server]}
  - {name: SQL, zone: Z, roles: [database]}
choices: {sql-listener: yes, prp-lockout-events: no, teamviewer: 443}
"""
    assert [flow["ports"] for flow in sorted(report(plan, "yaml")["flows"], key=lambda flow: flow["ports"])] == [
        "1433",
        "1434",
    ]


@each(("written", "shown"), [("443", "443"), ("0443", "443"), ("'443'", "443"), ("8000-08010", "8000-8010")])
def test_a_port_in_yaml_is_its_digits(written, shown):
    assert [flow["ports"] for flow in report(yaml_with(port=written), "yaml")["flows"]] == [shown]


@each("written", ["0x1BB", "0o673", "1_000", "4.43e2", "443.0", "yes", "12:30"])
def test_a_port_in_yaml_is_no_other_spelling_of_a_number(written):
    assert places(yaml_with(port=written), "yaml") == ["ports.website"]


@each("written", ["true", "false"])
def test_a_group_in_yaml_is_true_or_false(written):
    assert faults(yaml_with(group=written), "yaml") == []


@each("written", ["yes", "no", "on", "1", "0", "maybe", "[true]"])
def test_a_group_in_yaml_is_nothing_else(written):
    assert places(yaml_with(group=written), "yaml") == ["endpoints[0].group"]


@each("written", ["", "null", "~"])
def test_nothing_after_an_optional_key_in_yaml_means_absent(written):
    plan = yaml_with(group=written, port=written, listener=written)
    assert report(plan, "yaml") == report(yaml_with(), "yaml")


def test_a_yaml_document_may_have_comments_a_directive_and_an_end():
    assert faults("%YAML 1.1\n---\n# comment\n" + yaml_with() + "...\n", "yaml") == []


def test_a_json_document_is_a_yaml_document():
    plan = make_plan(host("W", "website-user"), host("PS", "web-primary"))
    assert report(encode(plan, "json"), "yaml") == report(plan, "json")


@each(
    ("broken", "words"),
    [
        (yaml_with() + "name: Again\n", ["name"]),
        (yaml_with(port="443\n  website: 444"), ["website"]),
        (yaml_with(group="false\n    group: true"), ["group"]),
        (yaml_with(group="false\n    'group': true"), ["group"]),
    ],
)
def test_a_duplicate_key_in_yaml_is_a_fault(broken, words):
    found = faults(broken, "yaml")
    assert found
    assert all(word in " ".join(found[0]) for word in words)


def test_two_documents_in_one_yaml_file_are_a_fault():
    assert faults(yaml_with() + "---\n" + yaml_with(), "yaml")


@each(
    "broken",
    [
        "a: [",
        "a: b: c",
        "\tname: x",
        "name: 'x",
        "- a\nb: c",
        "{",
        "%NO\n---\na",
        "a: *nobody",
        "&a",
        "'\\q'",
        '"\\q"',
    ],
)
def test_broken_yaml_is_a_fault(broken):
    assert faults(broken, "yaml")


@each(
    "tagged",
    [
        "!!python/object/apply:os.system ['true']",
        "!!python/name:os.system",
        "!!python/object/new:type [x]",
        "!custom x",
        "!!binary aGVsbG8=",
    ],
)
def test_a_tag_in_yaml_is_a_fault(tagged):
    assert faults(yaml_with(name=tagged), "yaml") == [
        ("line 2, column 7", "YAML tags (!) are not read; leave the tag away.")
    ]


def test_a_python_object_in_yaml_is_never_made(tmp_path):
    made = tmp_path / "made"
    for place in ("name", "endpoint", "port", "listener", "group"):
        faults(yaml_with(**{place: f"!!python/object/apply:os.mkdir ['{made}']"}), "yaml")
    assert not made.exists()


def test_an_alias_in_yaml_is_a_fault():
    plan = """\
format: 1
name: Test
zones: [{name: &z Internal, kind: internal}]
endpoints:
  - {name: W, zone: *z, roles: [website-user]}
  - {name: PS, zone: *z, roles: [web-primary]}
"""
    assert faults(plan, "yaml") == [
        ("line 3, column 16", "YAML anchors and aliases (& and *) are not read; write the value out.")
    ]


def test_an_alias_of_itself_is_a_fault():
    assert faults("&a [*a]", "yaml")
    assert faults("format: 1\nname: T\nzones: &z [*z]\nendpoints: []\n", "yaml")


def test_aliases_that_would_expand_without_end_are_a_fault_and_quick():
    laughs = 'a0: &a0 ["ha", "ha", "ha", "ha", "ha", "ha", "ha", "ha", "ha", "ha"]\n'
    for n in range(1, 7):
        laughs += f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n"
    assert faults(yaml_with() + laughs, "yaml")


def test_a_merge_key_is_no_key_of_a_plan():
    assert faults(yaml_with() + "<<: {description: x}\n", "yaml")


@each("key", ["[1, 2]", "{a: b}", "? [a]\n", "null", "443", "true", "~"])
def test_an_odd_key_in_yaml_is_a_fault(key):
    assert faults(yaml_with() + f"{key}: x\n", "yaml")


# --- JSON --------------------------------------------------------------------------------------------------------


def json_with(**more):
    return make_plan(host("W", "website-user"), host("PS", "web-primary")) | more


@each(("given", "option"), [(True, "yes"), (False, "no")])
@each("choice", ["sql-listener", "prp-lockout-events"])
def test_json_may_give_true_and_false_for_yes_and_no(choice, given, option):
    endpoints = [
        host("APP", "app-server"),
        host("SQL", "database"),
        host("PS", "web-primary"),
        host("DC", "domain-controller"),
        host("PRP", "password-reset-portal"),
    ]
    assert report(make_plan(*endpoints, choices={choice: given})) == report(
        make_plan(*endpoints, choices={choice: option})
    )


@each("number", [5938, 80, 443])
def test_json_may_give_integers_for_teamviewer(number):
    endpoints = [host("STAFF", "launcher-user"), host("T", sessions=["teamviewer"])]
    data = report(make_plan(*endpoints, choices={"teamviewer": number}))
    assert [flow["ports"] for flow in data["flows"]] == [str(number)]
    assert data["flows"][0]["any_of"] == []


@each(
    ("choice", "given"),
    [
        ("teamviewer", True),
        ("teamviewer", 5939),
        ("teamviewer", 443.5),
        ("winrm", True),
        ("self-destruct", False),
        ("self-destruct", 0),
        ("esxi", True),
        ("esxi", 22),
        ("esxi", 443),
        ("sql-listener", 1),
        ("sql-listener", 0),
        ("prp-lockout-events", "true"),
        ("active-directory", True),
        ("active-directory", False),
        ("active-directory", {}),
        ("active-directory", 0),
        ("directory-port", 389),
        ("directory-port", []),
    ],
)
def test_json_may_give_no_other_type_for_an_option(choice, given):
    assert places(json_with(choices={choice: given}), "json") == [f"choices.{choice}"]


@each("given", [True, False, 1.5, [], {}, None, 10**30, -1])
def test_format_in_json_is_the_integer_1(given):
    assert places(json_with(format=given), "json") == ["format"]


@each("given", [0, 1, "true", "yes", [], {}])
def test_group_in_json_is_true_or_false(given):
    assert places(make_plan(host("A", group=given)), "json") == ["endpoints[0].group"]


@each("given", [5, True, [], {}])
def test_a_description_in_json_is_text(given):
    assert places(json_with(description=given), "json") == ["description"]


@each("given", [5, True, [], {}, None])
def test_a_reason_in_json_is_text(given):
    flow = {"source": "W", "destination": "PS", "protocol": "icmp", "reason": given}
    assert places(json_with(additional_flows=[flow]), "json") == ["additional_flows[0].reason"]


@each("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 5000, "-" + "9" * 5000])
@each("place", ["port", "format"])
def test_what_is_no_number_or_a_huge_one_is_a_fault(number, place):
    mark = 31337
    plan = json_with(ports={"website": mark}) if place == "port" else json_with(format=mark)
    assert faults(encode(plan).replace(b"31337", number.encode()), "json")
    assert faults(encode(plan).replace(b"31337", number.encode()), "yaml")


@each(
    "broken",
    [
        b'{"format": 1, "format": 1, "name": "T", "zones": [{"name": "Z", "kind": "dmz"}], "endpoints": []}',
        b'{"format": 1, "name": "T", "zones": [{"name": "Z", "kind": "dmz", "name": "Y"}], "endpoints": []}',
        b'{"format":1,"name":"T","zones":[{"name":"Z","kind":"dmz"}],"endpoints":[],"ports": {"ssh": 22, "ssh": 22}}',
        b'{"format": 1, "name": "T", "zones": [{"name": "Z", "kind": "dmz"}], "endpoints": [], "n\\u0061me": "T"}',
    ],
)
def test_a_duplicate_key_in_json_is_a_fault(broken):
    assert faults(broken, "json")
    assert faults(broken, "yaml")


def test_a_duplicate_key_is_named():
    broken = b'{"format": 1, "name": "T", "zones": [{"name": "Z", "kind": "dmz", "kind": "dmz"}], "endpoints": []}'
    assert "kind" in " ".join(faults(broken, "json")[0])


@each(
    "broken",
    [
        b"{",
        b"[1,]",
        b"{'format': 1}",
        b'{"format": 1,}',
        b'{"a": 01}',
        b"nul",
        b'"\x01"',
        b"{} {}",
        b"// x\n{}",
        b'{"a":"\\x"}',
    ],
)
def test_broken_json_is_a_fault(broken):
    assert faults(broken, "json")


# --- both --------------------------------------------------------------------------------------------------------


@SYNTAXES
@each("data", [b"", b" ", b"\n", b"null", b"[]", b"{}", b"1", b'"text"', b"true", b"[[]]", b'{"a": 1}'])
def test_what_is_no_plan_at_all_is_a_fault(data, syntax):
    assert faults(data, syntax)


@SYNTAXES
@each(
    "data",
    [
        b"\xff",
        b"\xff\xfe\x00",
        b'{"name": "\xe9"}',
        b"name: \xc3\x28",
        b"\x80abc",
        b'{"name": "\xed\xa0\x80"}',
        b"\x00",
        b"\xc0\xaf",
    ],
)
def test_bytes_that_are_no_utf_8_are_a_fault(data, syntax):
    assert faults(data, syntax)


@SYNTAXES
def test_a_name_in_latin_1_is_a_fault(syntax):
    assert faults(encode(json_with(name="Büro"), syntax).decode().encode("latin-1"), syntax)


@SYNTAXES
def test_a_byte_order_mark_does_no_harm(syntax):
    assert report(b"\xef\xbb\xbf" + encode(json_with(), syntax), syntax) == report(json_with())


@SYNTAXES
def test_lines_may_end_as_windows_ends_them(syntax):
    data = json.dumps(json_with(), indent=1).encode() if syntax == "json" else encode(json_with(), "yaml")
    assert report(data.replace(b"\n", b"\r\n"), syntax) == report(json_with())


@SYNTAXES
@each(
    "deep",
    ["[" * 100_000, "[" * 50_000 + "]" * 50_000, '{"a":' * 50_000 + "1" + "}" * 50_000],
)
def test_deep_nesting_is_a_fault(deep, syntax):
    assert faults(deep, syntax)


@SYNTAXES
@each("place", ["zones", "endpoints", "choices", "description"])
def test_deep_nesting_at_a_known_key_is_a_fault(place, syntax):
    plan = encode(json_with(**{place: "DEEP"})).replace(b'"DEEP"', b"[" * 3_000 + b"]" * 3_000)
    assert faults(plan, syntax)


def test_deep_nesting_by_indentation_is_a_fault():
    assert faults("- " * 20_000 + "a", "yaml")
    assert faults("".join(" " * n + "a:\n" for n in range(1500)), "yaml")


def test_half_a_surrogate_pair_is_a_fault():
    plan = encode(json_with(name="MARK")).replace(b"MARK", b"\\ud800")
    assert faults(plan, "json") == [("name", "A name has no control characters, found '\\ud800'.")]


def test_a_surrogate_pair_is_one_character():
    plan = encode(json_with(name="MARK")).replace(b"MARK", b"\\ud83d\\ude00" * 255)
    assert report(plan)["plan"] == "😀" * 255


@SYNTAXES
def test_faults_are_sentences_without_a_programmers_words(syntax):
    """A message that shows a class name, a traceback or a repr of Python is none for the reader of a report."""
    plan = json_with(choices={"esxi": ["x"]}, ports={"website": "x"}, zones=[{"name": 5, "kind": {}}])
    for data in (plan, b"[", b"\xff", {**plan, "endpoints": None}):
        for _, message in faults(data, syntax):
            for word in (
                "Traceback",
                "pydantic",
                "NoneType",
                "<class",
                "object at 0x",
                "ValueError",
                "type=",
                "input_value",
            ):
                assert word not in message, message
