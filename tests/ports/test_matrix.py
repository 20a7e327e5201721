"""A matrix is whole or it is none: every fault has its sentence."""

import subprocess
import sys

import pytest

from ports.matrix import (
    ICONS,
    MatrixError,
    RolePresent,
    build_matrix,
    digest_records,
    find_faults,
    read_ports,
    read_typed_ports,
    section_key,
)
from tests.ports.records import record


def test_a_whole_matrix_has_no_faults(records):
    assert find_faults(records) == []


def test_the_order_of_the_rows_is_kept_and_sections_are_sorted_as_numbers(records):
    records["section"] = [{"number": "10", "title": "Ten"}, *records["section"]]
    matrix = build_matrix(records)
    assert [section.number for section in matrix.sections] == ["1", "2", "10"]
    assert [requirement.slug for requirement in matrix.requirements] == ["people", "mail-out", "linux", "upload"]


def test_a_group_is_held_by_its_members(small_matrix):
    assert small_matrix.holders["desk"] == {"desk-main"}
    assert small_matrix.managing_roles == {"desk-main", "agent"}
    assert [role.slug for role in small_matrix.assignable_roles] == ["desk-main", "user", "agent"]


def test_conditions_targets_and_corrections_are_read(small_matrix):
    mail, linux, upload = small_matrix.requirements[1:]
    assert mail.when[1] == RolePresent(role="agent")
    assert linux.target.platform == "linux"
    assert linux.asks[2].when.options == ("dynamic",)
    assert upload.correction == "upload-missing"
    assert small_matrix.caveats["ssh-port"].service_ports == (("ssh", "2222"),)


def test_the_digest_changes_with_any_fact_and_with_nothing_else(records):
    before = digest_records(records)
    record(records, "role", "user")["position"] = 990
    assert digest_records(records) == before
    record(records, "role", "user")["label"] = "people"
    assert digest_records(records) != before


def test_all_faults_are_told_at_once(records):
    record(records, "service", "https")["ports"] = "0"
    record(records, "requirement", "people")["section"] = ""
    with pytest.raises(MatrixError) as caught:
        build_matrix(records)
    assert caught.value.faults == (
        "service 'https': the port '0' is outside 1 to 65535.",
        "requirement 'people' has no section; say where in the document it stands.",
    )


def test_a_matrix_without_caveats_requirements_or_checks_is_one():
    head = {"product": "P", "document": "D", "received": "R"}
    assert build_matrix({"portmatrix": [head]}).requirements == ()


def test_a_caveat_without_any_requirement_is_no_crash(records):
    del records["requirement"]
    assert find_faults(records) == [
        "caveat 'upload-missing': a correction needs both its text and something that it changes, or neither."
    ]


# One change each to a whole matrix: kind, row, field, value, and the sentence.
FAULTS = [
    ("role", "user", "kind", "robot", "role 'user': 'robot' is no kind of role; allowed are server, people, group."),
    ("role", "user", "icon", "heart", f"role 'user': 'heart' is no icon; allowed are {', '.join(ICONS)}."),
    ("role", "user", "icon", None, "role 'user': the field 'icon' has the wrong type, NoneType."),
    ("platform", "linux", "icon", "heart", f"platform 'linux': 'heart' is no icon; allowed are {', '.join(ICONS)}."),
    ("role", "user", "is_a", ["ghost"], "role 'user': there is no role 'ghost'."),
    ("role", "user", "is_a", ["agent"], "role 'user': 'agent' is no group, so nothing can be one of it."),
    ("role", "user", "is_a", "desk", "role 'user': the field 'is_a' has the wrong type, str."),
    ("role", "user", "is_a", [7], "role 'user': is_a[0] has the wrong type, int."),
    ("role", "user", "exclusive", "no", "role 'user': the field 'exclusive' has the wrong type, str."),
    ("operation", "inventory", "section", "9", "operation 'inventory': there is no section '9'."),
    ("service", "https", "protocol", "sctp",
     "service 'https': 'sctp' is no protocol; allowed are tcp, udp, icmp."),
    ("service", "https", "ports", "65536", "service 'https': the port '65536' is outside 1 to 65535."),
    ("service", "https", "ports", "90-80",
     "service 'https': the port '90-80' is a range that runs backwards; the first port must not be above the last."),
    ("service", "https", "ports", "",
     "service 'https': the port '' is neither a port (1 to 65535) nor a range such as 49152-65535."),
    ("service", "https", "ports", 443, "service 'https': the field 'ports' has the wrong type, int."),
    ("service", "ping", "ports", "7", "service 'ping': ICMP has no ports, so none can be given or configured."),
    ("service", "ping", "configurable", True,
     "service 'ping': ICMP has no ports, so none can be given or configured."),
    ("choice", "sign-in", "sections", ["9"], "choice 'sign-in': there is no section '9'."),
    ("choice", "mail", "default", ["maybe"],
     "choice 'mail': 'maybe' is no option of it; allowed are no, yes."),
    ("choice", "mail", "default", ["no", "yes"],
     "choice 'mail': the default must be one option, or null for an alternative that starts undecided."),
    ("choice", "sign-in", "default", None,
     "choice 'sign-in': a choice of many options needs a default; an empty list means none of them."),
    ("choice", "sign-in", "options", ["card"], "choice 'sign-in': options[0] has the wrong type, str."),
    ("pairing", "reader", "near", "ghost", "pairing 'reader': there is no role 'ghost'."),
    ("pairing", "reader", "fallback", "", "pairing 'reader': there is no role ''."),
    ("pairing", "reader", "fallback_not_in", ["moon"],
     "pairing 'reader': 'moon' is no kind of zone; allowed are internal, dmz, internet, cloud, remote-site."),
    ("pairing", "reader", "near_section", "9", "pairing 'reader': there is no section '9'."),
    ("requirement", "people", "section", "", ("requirement 'people' has no section; say where in the document it "
     "stands.")),
    ("requirement", "people", "section", "9", "requirement 'people': there is no section '9'."),
    ("requirement", "people", "source", "ghost", "requirement 'people': there is no role 'ghost'."),
    ("requirement", "people", "source", "", "requirement 'people' needs a source role or a pairing, and not both."),
    ("requirement", "people", "pairing", "reader",
     "requirement 'people' needs a source role or a pairing, and not both."),
    ("requirement", "people", "destination", "",
     "requirement 'people' needs a destination role or a target, and not both."),
    ("requirement", "linux", "destination", "desk",
     "requirement 'linux' needs a destination role or a target, and not both."),
    ("requirement", "linux", "pairing", "ghost", "requirement 'linux': there is no pairing 'ghost'."),
    ("requirement", "linux", "target", {"platform": "dos"}, "requirement 'linux': there is no platform 'dos'."),
    ("requirement", "linux", "target", {"operation": "x"}, "requirement 'linux': there is no operation 'x'."),
    ("requirement", "linux", "target", {"session": "x"}, "requirement 'linux': there is no session 'x'."),
    ("requirement", "linux", "target", {"without_sessions": ["x"]},
     "requirement 'linux': there is no session 'x'."),
    ("requirement", "linux", "target", {"without_platforms": ["x"]},
     "requirement 'linux': there is no platform 'x'."),
    ("requirement", "linux", "target", {"without_sessions": "shell"},
     "requirement 'linux': target.without_sessions has the wrong type, str."),
    ("requirement", "linux", "target", {"colour": "red"},
     ("requirement 'linux': 'colour' is no field of a target; allowed are operation, platform, session, "
     "without_sessions, without_platforms.")),
    ("requirement", "people", "services", [], "requirement 'people' asks for no service."),
    ("requirement", "people", "services", ["https"], "requirement 'people': services[0] has the wrong type, str."),
    ("requirement", "people", "services", [{"service": "ghost"}], ("requirement 'people': there is no service "
     "'ghost'.")),
    ("requirement", "people", "services", [{"service": "https", "role": "user"}],
     "requirement 'people': it asks by {service} or {service, choice, options}, not {role, service}."),
    ("requirement", "people", "services", [{"service": "https", "choice": "mail", "options": ["maybe"]}],
     "requirement 'people': 'maybe' is no option of 'mail'; allowed are no, yes."),
    ("requirement", "people", "when", [{"choice": "ghost", "options": []}],
     "requirement 'people': there is no choice 'ghost'."),
    ("requirement", "people", "when", [{"role": "ghost"}], "requirement 'people': there is no role 'ghost'."),
    ("requirement", "people", "when", [{"choice": "mail"}],
     "requirement 'people': a condition is {role} or {no_role} or {choice, options} or {any}, not {choice}."),
    ("requirement", "people", "when", [7], "requirement 'people': when[0] has the wrong type, int."),
    ("requirement", "people", "correction", "ghost", "requirement 'people': there is no caveat 'ghost'."),
    ("requirement", "people", "correction", "silent",
     "caveat 'silent': a correction needs both its text and something that it changes, or neither."),
    ("caveat", "silent", "sections", ["9"], "caveat 'silent': there is no section '9'."),
    ("caveat", "silent", "about", {"colour": True},
     ("caveat 'silent': 'colour' is no field of about; allowed are always, sections, roles, services, requirements, "
     "when.")),
    ("caveat", "silent", "about", {"sections": ["9"]}, "caveat 'silent': there is no section '9'."),
    ("caveat", "silent", "about", {"roles": ["ghost"]}, "caveat 'silent': there is no role 'ghost'."),
    ("caveat", "silent", "about", {"services": ["ghost"]}, "caveat 'silent': there is no service 'ghost'."),
    ("caveat", "silent", "about", {"requirements": ["ghost"]}, "caveat 'silent': there is no requirement 'ghost'."),
    ("caveat", "silent", "about", {"always": True, "when": [{"role": "ghost"}]},
     "caveat 'silent': there is no role 'ghost'."),
    ("caveat", "silent", "about", {"always": "yes"}, "caveat 'silent': about.always has the wrong type, str."),
    ("caveat", "silent", "about", {"when": [{"role": "user"}]},
     "caveat 'silent' would never be shown; say in 'about' what it is about."),
    ("caveat", "silent", "correction", "Do it.",
     "caveat 'silent': a correction needs both its text and something that it changes, or neither."),
    ("caveat", "ssh-port", "service_ports", {"ghost": "23"}, "caveat 'ssh-port': there is no service 'ghost'."),
    ("caveat", "ssh-port", "service_ports", {"ssh": "70000"},
     "caveat 'ssh-port': the port '70000' is outside 1 to 65535."),
    ("caveat", "ssh-port", "service_ports", {"ssh": 23}, ("caveat 'ssh-port': service_ports.ssh has the wrong type, "
     "int.")),
    ("check", "no-desk", "severity", "awful",
     "check 'no-desk': 'awful' is no severity; allowed are error, decision, warning, info."),
    ("check", "no-desk", "when", [{"role": "ghost"}], "check 'no-desk': there is no role 'ghost'."),
    ("check", "no-desk", "needs", ["ghost"], "check 'no-desk': there is no role 'ghost'."),
    ("check", "no-desk", "needs", [],
     "check 'no-desk' would never be raised; say when, what it needs, what is too many, or for which opening."),
    ("check", "in-clear", "opening", {"service": "ghost"}, "check 'in-clear': there is no service 'ghost'."),
    ("check", "in-clear", "opening", {"destination_role": "ghost"}, "check 'in-clear': there is no role 'ghost'."),
    ("check", "in-clear", "opening", {"destination_kind": "moon"},
     "check 'in-clear': 'moon' is no kind of zone; allowed are internal, dmz, internet, cloud, remote-site."),
    ("check", "in-clear", "opening", {"colour": "red"},
     ("check 'in-clear': 'colour' is no field of an opening; allowed are service, source_role, source_kind, "
     "source_kinds, destination_role, destination_kind, destination_kinds, trust.")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "name", "field", "value", "sentence"), FAULTS, ids=[f"{row[0]}-{row[2]}-{row[3]!r}" for row in FAULTS]
)
def test_a_fault_is_told_in_a_sentence(records, kind, name, field, value, sentence):
    record(records, kind, name)[field] = value
    assert find_faults(records) == [sentence]


def test_a_group_in_a_group_is_a_fault(records):
    records["role"].append({**record(records, "role", "desk"), "slug": "thing"})
    record(records, "role", "desk")["is_a"] = ["thing"]
    assert find_faults(records) == ["role 'desk': a group can't belong to another group."]


def test_a_choice_without_options_is_a_fault(records):
    record(records, "choice", "sign-in")["options"] = []
    record(records, "requirement", "mail-out")["services"] = [{"service": "ssh"}]
    assert find_faults(records) == ["choice 'sign-in' has no options; give it two or more."]


def test_an_option_that_a_choice_does_not_have_is_a_key_error(small_matrix):
    assert small_matrix.choices["mail"].option("yes").name == "Yes"
    with pytest.raises(KeyError):
        small_matrix.choices["mail"].option("maybe")


def test_an_option_without_its_consequence_is_a_fault(records):
    del record(records, "choice", "sign-in")["options"][0]["consequence"]
    assert find_faults(records) == [
        "choice 'sign-in': an option has slug, name and consequence, not name, slug.",
    ]


def test_two_options_of_one_slug_are_a_fault(records):
    record(records, "choice", "sign-in")["options"].append({"slug": "card", "name": "C", "consequence": ""})
    assert find_faults(records) == ["choice 'sign-in' has two options of one slug."]


def test_a_missing_field_is_a_fault(records):
    del record(records, "role", "user")["label"]
    assert find_faults(records) == ["role 'user': the field 'label' is missing."]


def test_half_of_a_character_is_a_fault(records):
    record(records, "role", "user")["label"] = "\ud800"
    record(records, "choice", "mail")["options"][0]["name"] = "\udfff"
    assert find_faults(records) == [
        "role 'user': a text in it has half of a character (a lone surrogate).",
        "choice 'mail': a text in it has half of a character (a lone surrogate).",
    ]


def test_a_slug_given_twice_is_a_fault(records):
    records["platform"] *= 2
    assert find_faults(records) == ["platform 'linux' is there twice."]


@pytest.mark.parametrize("slug", ["Linux", "li nux", "-linux", "", "lînux"])
def test_a_slug_that_is_none_is_a_fault(records, slug):
    records["platform"].append({"slug": slug, "name": "Other", "icon": ""})
    assert find_faults(records) == [
        f"platform '{slug}': '{slug}' is no slug (lower-case letters, digits and hyphens)."
    ]


def test_an_unknown_kind_of_record_is_a_fault(records):
    records["firewall"] = []
    assert find_faults(records)[0].startswith("Unknown kind of record 'firewall'; allowed are portmatrix, section,")


@pytest.mark.parametrize("count", [0, 2])
def test_there_is_one_portmatrix_record(records, count):
    records["portmatrix"] = [{"product": f"P{number}", "document": "D", "received": "R"} for number in range(count)]
    assert find_faults(records) == [f"There must be one portmatrix record, not {count}."]


@pytest.mark.parametrize(
    ("text", "ports"), [("443", "443"), ("0443", "443"), ("1-65535", "1-65535"), ("22-22", "22"), ("1", "1")]
)
def test_ports_are_normalised(text, ports):
    assert read_ports(text) == ports


@pytest.mark.parametrize("text", [" 1433 - 1434", "1433–1434 ", "01433\t–\u00a01434"])
def test_ports_are_typed_with_blanks_around_them_and_their_hyphen(text):
    assert read_typed_ports(text) == "1433-1434"


@pytest.mark.parametrize("text", ["80 81", "14 33 - 1434", "1 - 2 - 3", "-", " ", "80\n81"])
def test_two_ports_that_are_typed_beside_each_other_are_never_a_third_one(text):
    with pytest.raises(ValueError, match=r"^is neither a port"):
        read_typed_ports(text)


@pytest.mark.parametrize("text", ["", "0", "65536", "4 43", "-1", "٤٤٣", "1-", "443,444", "70000-80000"])
def test_what_is_no_port_is_refused(text):
    with pytest.raises(ValueError, match=r"^is "):
        read_ports(text)


def test_sections_sort_as_numbers():
    assert sorted(["16", "2", "a", "9"], key=section_key) == ["2", "9", "16", "a"]


def test_the_pure_modules_need_no_django():
    code = (
        "import sys; sys.modules['django'] = None\n"
        "import ports.matrix, ports.filters, ports.exports\n"
        "assert not [name for name in sys.modules if name.startswith('django.')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
