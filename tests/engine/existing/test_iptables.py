"""What iptables-save writes, read back; lines as iptables 1.8 saves them: iptables-extensions(8)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.existing.decide import compare_with
from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers import iptables
from planner.plan import limits
from tests.each import each
from tests.engine.existing.rulesets import STORE, WEB, one_flow
from tests.strategies import often

START = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:OWN - [0:0]\n"


def saved(*lines, start=START):
    return start + "".join(f"{line}\n" for line in lines) + "COMMIT\n"


def state_of(*lines, report=None, more=""):
    gap = compare_with(report or one_flow(), iptables.read(saved(*lines) + more))
    return gap.flows[0]


def to(words):
    return f"-A FORWARD -s {WEB}/32 -d {STORE}/32 {words}"


@each(
    "words",
    [
        "-p tcp -m tcp --dport 443 -j ACCEPT",
        "-p tcp -m tcp --dport 400:500 -j ACCEPT",
        "-p tcp -m tcp --dport 400: -j ACCEPT",
        "-p tcp -m multiport --dports 80,400:500 -j ACCEPT",
        "-p tcp -m multiport --ports 443 -j ACCEPT",
        "-p tcp -m multiport ! --dports 80,81 -j ACCEPT",
        "-p tcp -m multiport ! --ports 80 -m multiport --ports 0:79 -m multiport --ports 81:65535 -j ACCEPT",
        "-p 6 -j ACCEPT",
        "-p all -j ACCEPT",
        "! -p udp -j ACCEPT",
        "-j ACCEPT",
        "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT",
        "-p tcp -m tcp ! --tcp-flags ALL NONE -j ACCEPT",
        "-p tcp -m tcp --syn -j ACCEPT",
        "! -f -j ACCEPT",
        "-m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT",
        "-m conntrack ! --ctstate INVALID -j ACCEPT",
        "-m conntrack --ctdir ORIGINAL -j ACCEPT",
        "-m state --state NEW -j ACCEPT",
        "-m iprange --src-range 10.0.0.1-10.0.0.10 ! --dst-range 10.0.0.0-10.0.0.255 -j ACCEPT",
        '-m comment --comment "he said \\"-j DROP\\" \\\\ ! -s" -j ACCEPT',
        "-m comment --comment ! -p tcp -j ACCEPT",
        "-m comment --comment 'a b' -c 1 2 -j ACCEPT",
    ],
)
def test_a_line_that_is_understood_admits_what_it_says(words):
    one = state_of(to(words))
    if "--ports" in words and "!" in words:
        # What goes to and comes from no port 80 at all lacks the packets that come from it.
        assert one.state == "partly"
    elif words == "-p tcp -m multiport --ports 443 -j ACCEPT":
        assert one.state == "open"
    else:
        assert (one.state, one.by) == ("open", (to(words),))


@each(
    "words",
    [
        "-p udp -m udp --dport 443 -j ACCEPT",
        "-p tcp -m tcp ! --dport 443 -j ACCEPT",
        "-p tcp -m tcp --dport 442 -j ACCEPT",
        "-p tcp -m tcp --dport 444 -j ACCEPT",
        "-p icmp -j ACCEPT",
        "! -p tcp -j ACCEPT",
        "! -p all -j ACCEPT",
        "-f -j ACCEPT",
        "-p tcp -m tcp ! --syn -j ACCEPT",
        "-p tcp -m tcp --tcp-flags SYN,ACK ACK -j ACCEPT",
        "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-m conntrack ! --ctstate NEW -j ACCEPT",
        "-m conntrack --ctdir REPLY -j ACCEPT",
        "-m iprange --dst-range 10.0.0.0-10.0.0.255 -j ACCEPT",
        "-j DROP",
        "-j REJECT --reject-with icmp-port-unreachable",
        "-j RETURN",
        "-j LOG --log-prefix \"-j ACCEPT\"",
        "-j OWN",
        "-j ACCEPT -p tcp -m tcp --dport 442",
        "-j ACCEPT -p udp --dport 443",
        "-j ACCEPT --protocol udp",
        "",
    ],
)  # fmt: skip
def test_a_line_that_is_understood_admits_nothing_else(words):
    assert state_of(to(words)).state == "closed"


@each(
    ("words", "construct"),
    [
        ("-m limit --limit 5/min -j ACCEPT", "limit --limit 5/min"),
        ("-m mark ! --mark 0x5/0xff -j ACCEPT", "mark ! --mark 0x5/0xff"),
        ("-m set --match-set foo src -j ACCEPT", "set --match-set foo src"),
        ("-m socket -j ACCEPT", "socket"),
        ('-m string --string "-j DROP" --algo bm -p tcp -j ACCEPT', "string --string -j DROP --algo bm"),
        ("-m conntrack --ctstate DNAT -j ACCEPT", "--ctstate DNAT"),
        ("-m conntrack --ctorigdst 1.2.3.4 -j ACCEPT", "--ctorigdst 1.2.3.4"),
        ("-m conntrack --ctdir SIDEWAYS -j ACCEPT", "--ctdir SIDEWAYS"),
        ("-p tcp -m tcp --tcp-option 8 -j ACCEPT", "--tcp-option 8"),
        ("-p tcp -m tcp --tcp-flags SYN -j ACCEPT", "--tcp-flags SYN"),
        ("-p tcp -m tcp --tcp-flags SYN,ECE SYN -j ACCEPT", "--tcp-flags SYN,ECE SYN"),
        ("-p tcp -m tcp --dport https -j ACCEPT", "--dport https"),
        ("-p tcp -m tcp --dport 9:1 -j ACCEPT", "--dport 9:1"),
        ("-p nothing -j ACCEPT", "-p nothing"),
        ("-s fd00::1 -j ACCEPT", "-s fd00::1"),
        # A mask with gaps, which is no mask of hosts here: every address that ends like this one.
        ("-s 10.0.0.10/0.0.0.255 -j ACCEPT", "-s 10.0.0.10/0.0.0.255"),
        ("-s host.example.com -j ACCEPT", "-s host.example.com"),
        ("-m iprange --src-range 10.0.0.1-fd00::1 -j ACCEPT", "--src-range 10.0.0.1-fd00::1"),
        ("-m iprange --src-range x -j ACCEPT", "--src-range x"),
        ("-i eth0 -i eth1 -j ACCEPT", "enters by two interfaces at once"),
        ("-i -j ACCEPT", "-i"),
        ("-j NFQUEUE --queue-num 1", "NFQUEUE --queue-num 1"),
        ("-p tcp -j ACCEPT --dport 442", "ACCEPT --dport 442"),
        ("-p tcp -j REJECT --dport 442", "REJECT --dport 442"),
        ("-p tcp -j REJECT --reject-with tcp-reset --dport 442", "REJECT --reject-with tcp-reset --dport 442"),
        ("-j GONE", "GONE"),
        ("-g GONE", "GONE"),
    ],
)
def test_what_is_not_understood_is_named_and_never_open(words, construct):
    for last in ("-A FORWARD -j DROP", "-A FORWARD -j ACCEPT"):
        one = state_of(to(words), last)
        if one.state == "unknown":
            assert one.constructs[0].startswith(construct)
        else:
            assert "-j ACCEPT" in words
            assert (one.state == "open") == last.endswith("ACCEPT")
    assert state_of(to(words)).state == "unknown"


def test_chains_are_jumped_to_and_gone_to():
    own = "-A OWN -p tcp -m tcp --dport 443 -j {}"
    assert state_of(to("-j OWN"), own.format("ACCEPT")).state == "open"
    assert state_of(to("-g OWN"), "-A FORWARD -j ACCEPT").state == "closed"
    assert state_of(to("-j OWN"), own.format("RETURN"), "-A FORWARD -j ACCEPT").state == "open"
    assert state_of(to("-p tcp -j OWN --dport 442"), own.format("ACCEPT")).state == "unknown"


def test_counters_are_passed_over_and_the_line_is_named_without_them():
    one = state_of(f"[12:3456] {to('-j ACCEPT')}")
    assert one.by == (to("-j ACCEPT"),)


def test_all_tables_have_to_admit_a_packet_and_translations_are_not_followed():
    yes = to("-j ACCEPT")
    nat = "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n{}\nCOMMIT\n"
    assert state_of(yes, more=nat.format("-A POSTROUTING -o wan -j MASQUERADE")).by == (yes,)
    assert state_of(
        yes, more=nat.format(f"-A PREROUTING -d {STORE} -j DNAT --to-destination 10.0.0.5")
    ).constructs == ("DNAT --to-destination 10.0.0.5",)
    assert state_of(yes, more=nat.format("-A PREROUTING -d 203.0.113.1 -j DNAT --to 10.0.0.5")).state == "open"
    for target in ("DNAT --to 10.0.0.5", "SAME --to 10.0.0.5-10.0.0.9"):
        gone = state_of(to("-j DROP"), more=nat.format(f"-A PREROUTING -d {STORE} -j {target}"))
        assert gone.constructs == (target,), "whoever it goes to, what is dropped is another one's"
    mangle = f"*mangle\n:FORWARD ACCEPT [0:0]\n-A FORWARD -s {WEB} -j {{}}\nCOMMIT\n"
    assert state_of(yes, more=mangle.format("DROP")).by == (f"-A FORWARD -s {WEB} -j DROP",)
    assert state_of(yes, more=mangle.format("MARK --set-xmark 0x5/0xffffffff")).state == "open"
    strange = "*security\n:FORWARD QUEUE [0:0]\nCOMMIT\n"
    assert state_of(yes, more=strange).constructs == ("policy QUEUE of iptables security FORWARD",)


def test_states_are_not_known_before_tracking_nor_where_it_is_left_out():
    raw = "*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING {}\nCOMMIT\n"
    early = raw.format("-m conntrack --ctstate INVALID -j DROP")
    assert state_of(to("-j ACCEPT"), more=early).constructs == ("--ctstate INVALID, before connection tracking",)
    out = raw.format("-p udp -j CT --notrack")
    one = state_of(to("-m conntrack --ctstate NEW -j ACCEPT"), more=out)
    assert one.constructs == ("--ctstate NEW, where some packets are left out of connection tracking",)
    assert state_of(to("-m conntrack --ctstate NEW,UNTRACKED -j ACCEPT"), more=out).state == "open"


def test_nothing_is_known_of_a_family_that_is_not_in_the_file():
    both = one_flow(source=(WEB, "fd00::10"), destination=(STORE, "2001:db8::10"))
    one = state_of("-A FORWARD -j ACCEPT", report=both)
    assert one.constructs == ("no rules for IPv6 in this file; ip6tables-save writes them",)
    six = "# Generated by ip6tables-save v1.8.11 (nf_tables) on Thu\n" + saved(
        "-A FORWARD -s fd00::10/128 -p tcp -m tcp --dport 443 -j ACCEPT"
    )
    assert state_of(to("-j ACCEPT"), report=both, more=six).state == "open"
    alone = saved("-A FORWARD -s fd00::10/128 -d 2001:db8::10/128 -j ACCEPT")
    [found] = compare_with(one_flow(source=("fd00::10",), destination=("2001:db8::10",)), iptables.read(alone)).flows
    assert found.state == "open"


def test_echo_requests_are_types_of_either_family():
    report = one_flow("icmp", None)
    for words, state in (
        ("--icmp-type 8", "open"), ("--icmp-type 8/0", "open"), ("--icmp-type any", "open"),
        ("--icmp-type 0", "closed"),
        ("! --icmp-type 0", "open"), ("! --icmp-type any", "closed"), ("--icmp-type echo-request", "open"),
    ):  # fmt: skip
        assert state_of(to(f"-p icmp -m icmp {words} -j ACCEPT"), report=report).state == state
    six = "-A FORWARD -s fd00::/8 -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT"
    [entry] = iptables.read(saved(six)).stages[-1].entries
    assert [one.ports.spans for one in entry.matches] == [((128 * 256, 128 * 256 + 255),)]


def test_interfaces_and_beginnings_of_them_are_sides():
    ruleset = iptables.read(saved("-A FORWARD -i eth0 ! -o wan+ -j ACCEPT"))
    [entry] = ruleset.stages[0].entries
    assert (entry.enters.names, entry.leaves.prefixes, entry.leaves.negated) == ({"eth0"}, {"wan"}, True)
    assert ruleset.sides == {"eth0"}


def test_what_iptables_lists_and_what_our_own_files_say_is_read_too():
    listed = f"-P FORWARD DROP\n-N OWN\n{to('-j OWN')}\n-A OWN -j ACCEPT\n"
    assert compare_with(one_flow(), iptables.read(listed)).flows[0].state == "open"
    marked = f"-4 {to('-j ACCEPT')}\n-6 -A FORWARD -j ACCEPT\n"
    own = f"*filter\n:FORWARD DROP [0:0]\n-F FORWARD\n-C FORWARD -j X\n{marked}COMMIT\n"
    one = compare_with(one_flow(), iptables.read(own)).flows[0]
    assert (one.state, one.by) == ("open", (to("-j ACCEPT"),))
    chains = iptables.divide(own.replace("COMMIT", "-A FORWARD -j DROP\nCOMMIT"))
    both = {family: chains[family]["filter", "FORWARD"] for family in (4, 6)}
    assert {family: (chain.policy, len(chain.lines)) for family, chain in both.items()} == {
        4: ("DROP", 2), 6: ("DROP", 2),
    }, "what isn't marked is of both"  # fmt: skip


@each(
    ("text", "said"),
    [
        ("", "There is no chain in it"),
        ("table inet filter {\n", "Line 1 is none of iptables-save"),
        ("*filter\n-I FORWARD -j ACCEPT\n", "Line 2 is none of iptables-save"),
        ('*filter\n-A FORWARD -m comment --comment "open\n', "Line 2 ends within quotes"),
        ("*filter\n-A\n", "Line 2 is none of iptables-save"),
    ],
)
def test_what_was_not_saved_is_told_in_a_sentence(text, said):
    with pytest.raises(Unreadable, match=said):
        iptables.read(text)


def test_more_entries_than_are_read_are_refused(monkeypatch):
    monkeypatch.setattr(iptables, "ENTRIES", 3)
    with pytest.raises(Unreadable, match="With line 9 there are more than 3 entries"):
        iptables.read(saved(*["-A FORWARD -j ACCEPT"] * 4))
    assert limits.ENTRIES > 3


@given(st.text(alphabet="ab \"'\\-!", max_size=12))
@settings(max_examples=often(200))
def test_a_comment_is_text_whatever_stands_in_it(text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    words = iptables.split(f'-m comment --comment "{quoted}" -j ACCEPT', 1)
    assert words == ["-m", "comment", "--comment", text, "-j", "ACCEPT"]
    assert state_of(to(f'-m comment --comment "{quoted}" -j ACCEPT')).state == "open"


@each("end", ["COMMIT", "COMMIT\r\n", "COMMIT\n# Completed on Thu Nov 26 10:00:00 2026", "COMMIT\n# by hand"])
def test_the_last_line_needs_no_end_and_may_be_followed_by_comments(end):
    text = f"# Generated by iptables-save v1.8.9 on Thu Nov 26\n# by hand\n{START}{to('-j ACCEPT')}\n{end}"
    assert compare_with(one_flow(), iptables.read(text)).flows[0].state == "open"


@each("word", ["a\\ b", "a\\-j", "'a b'", '"a b"', '"a\\"b"', "a'b c'\"d e\""])
def test_a_word_ends_where_no_quote_holds_it_together(word):
    assert state_of(to(f"-m comment --comment {word} -j ACCEPT")).state == "open"


def test_before_the_way_out_is_known_a_name_of_it_is_not_understood():
    """The kernel compares with no name at all there: “! -o eth1 -j DROP” refuses everything."""
    early = "*raw\n:PREROUTING ACCEPT [0:0]\n:WAY - [0:0]\n-A PREROUTING -j {}\n-A WAY ! -o eth1 -j DROP\nCOMMIT\n"
    admits = to("-j ACCEPT")
    assert state_of(admits, more=early.format("WAY")).constructs == (
        "! -o eth1, before it is known where packets leave",
    )
    assert state_of(admits, more=early.format("LOG")).state == "open"
    twice = early.format("WAY\n-A WAY -j WAY\n-A PREROUTING -g WAY")
    assert state_of(admits, more=twice).state == "unknown"
    assert state_of("-A FORWARD -j OWN", "-A OWN ! -o eth1 -j DROP", admits).state == "unknown", "mapped to no zone"


def test_a_table_without_its_end_is_no_whole_file():
    whole = saved(to("-j ACCEPT"))
    with pytest.raises(Unreadable, match=r"^The table filter of line 1 has no COMMIT at its end, so the file isn't"):
        iptables.read(whole.removesuffix("COMMIT\n"))
    with pytest.raises(Unreadable, match=r"^The table nat of line 8 has"):
        iptables.read(whole + "*nat\n:PREROUTING ACCEPT [0:0]\n")
    assert iptables.read(whole.removesuffix("\n")).stages


NAT_ALONE = "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\nCOMMIT\n"
NO_FILTER = "no table filter of IPv4 in this file; iptables-save without -t writes it"
OF_NFT = "Table `{}' {}, use 'nft'"


@each(
    ("text", "constructs"),
    [
        (NAT_ALONE, (NO_FILTER,)),
        (
            f"# {OF_NFT.format('filter', 'is incompatible')} tool.\n# Generated by iptables-save v1.8.9\n{NAT_ALONE}",
            (NO_FILTER, OF_NFT.format("filter", "is incompatible")),
        ),
        (
            f"{saved(to('-j ACCEPT'))}# {OF_NFT.format('mangle', 'is incompatible')} tool.\n",
            (OF_NFT.format("mangle", "is incompatible"),),
        ),
        (
            f"# {OF_NFT.format('filter', 'contains incompatible base-chains')} tool to list them.\n"
            + saved(to("-j ACCEPT")),
            (OF_NFT.format("filter", "contains incompatible base-chains"),),
        ),
        (
            saved(to("-j ACCEPT")) + "# Warning: iptables-legacy tables present, use iptables-legacy-save.\n",
            ("Warning: iptables-legacy tables present",),
        ),
    ],
)
def test_rules_that_the_kernel_has_and_the_file_has_not_may_refuse(text, constructs):
    [one] = compare_with(one_flow(), iptables.read(text)).flows
    assert (one.state, one.constructs) == ("unknown", constructs)


def test_other_tables_of_one_family_say_nothing_of_the_other():
    older = "# Warning: ip6tables-legacy tables present, use ip6tables-legacy-save to see them\n"
    assert state_of(to("-j ACCEPT"), more=older).state == "open"
    six = "# Generated by ip6tables-save v1.8.9\n"
    assert state_of(to("-j ACCEPT"), more=six + NAT_ALONE).state == "open"
    assert state_of("-A FORWARD -j DROP", more=older.replace("ip6", "ip")).state == "closed"


def test_a_table_is_there_once():
    """Packets pass the one of iptables and the one of iptables-legacy; a chain of both would be neither."""
    whole = "# Generated by iptables-save v1.8.9\n" + saved(to("-j ACCEPT"))
    for more in (whole, saved("-A FORWARD -j DROP"), "*filter\nCOMMIT\n"):
        with pytest.raises(Unreadable, match=r"^Line 9 begins the table filter of iptables a second time\. Give"):
            iptables.read(whole + more.replace("# Generated by iptables-save v1.8.9\n", ""))
    other = whole.replace("by iptables", "by ip6tables").replace(WEB, "fd00::10").replace(STORE, "fd00::20")
    assert iptables.read(whole + other.replace("/32", "/128")).stages
