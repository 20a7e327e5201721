"""Random rulesets as nft and iptables-restore take them: every construct that is understood, and some that aren't."""

from tests.report.firewall.network import TRANSIT

ENDS = ["10.0.0.10", "10.0.0.0/24", "10.1.0.0/30", "10.1.0.3", "192.0.2.10", "192.0.2.0/28", "192.0.2.16-192.0.2.31"]
SIX = ["fd00::10", "fd00::/16", "2001:db8::/32", "2001:db8::10"]
PORTS = ["22", "25", "26", "25-26", "53", "80", "80-81", "81", "443", "1-1023", "8443", "8000-9000"]
SIDES = ["r1", "r2", "r3"]


def some(source, values, most=3):
    return source.sample(values, source.randint(1, most))


def write_nftables(source):
    """A table with a base chain at forward, chains that it jumps to, and now and then a second base chain."""
    text = "table inet t {\n"
    text += f" set hosts {{ type ipv4_addr; flags interval; elements = {{ {', '.join(apart(source))} }}; }}\n"
    text += " set ports { type inet_service; flags interval; elements = { 22, 80-81, 443 }; }\n"
    text += " set pairs { type ipv4_addr . inet_service; flags interval; elements = { "
    text += "10.0.0.0/24 . 80-443, 10.1.0.0/30 . 22, 192.0.2.0/24 . 25 }; }\n"
    for name, targets in (("a", []), ("b", ["a"])):
        text += f" chain {name} {{\n{write_rules(source, targets)} }}\n"
    policy = source.choice(["accept", "drop", "drop"])
    text += f" chain forward {{ type filter hook forward priority 0; policy {policy};\n"
    text += "  ct state established,related accept\n" + write_rules(source, ["a", "b"], 8) + " }\n"
    hook, priority = source.choice([("forward", 10), ("prerouting", -300), ("postrouting", 0)])
    if source.random() < 0.3:
        text += f" chain other {{ type filter hook {hook} priority {priority}; policy accept;\n"
        text += "".join(f"  {ip} daddr {net} accept\n" for ip, net in zip(("ip", "ip6"), TRANSIT, strict=True))
        text += write_rules(source, [], 2, replies=False) + " }\n"
    return text + "}\n"


def apart(source):
    return source.choice([["10.0.0.10"], ["10.0.0.10", "192.0.2.0/28"], ["10.1.0.0/31", "192.0.2.16-192.0.2.31"]])


def write_rules(source, targets, most=4, replies=True):
    rules = [write_rule(source, targets) for _ in range(source.randint(1, most))]
    if not replies:
        # What refuses replies, too, would tell nothing of the first packet.
        rules = [f"ct state new {rule}" if "drop" in rule or "reject" in rule else rule for rule in rules]
    return "".join(f"  {rule}\n" for rule in rules)


def write_rule(source, targets):
    words = []
    six = source.random() < 0.2
    ip, ends = ("ip6", SIX) if six else ("ip", ENDS)
    for side in ("saddr", "daddr"):
        if source.random() < 0.6:
            chosen = some(source, ends, 2)
            negated = "!= " if source.random() < 0.15 else ""
            if not six and source.random() < 0.15:
                words.append(f"ip {side} {negated}@hosts")
            elif len(chosen) == 1:
                words.append(f"{ip} {side} {negated}{chosen[0]}")
            else:
                words.append(f"{ip} {side} {negated}{{ {', '.join(prune(chosen))} }}")
    words.append(source.choice(["", "", write_service(source, six)]))
    if source.random() < 0.2:
        words.insert(
            0, f'{source.choice(["iifname", "oifname"])} {source.choice(["", "!= "])}"{source.choice(SIDES)}"'
        )
    if source.random() < 0.15:
        words.append(
            source.choice(["ct state new", "ct state new,untracked", "ct state established", "ct state != invalid"])
        )
    if source.random() < 0.12:
        words.append(
            source.choice(["meta mark 5", "ip ttl < 3", "limit rate 1000/second", "ip dscp ef", "tcp flags syn"])
        )
    if source.random() < 0.3:
        words.append("counter")
    if targets and source.random() < 0.1:
        words.append(f"tcp dport vmap {{ 80 : accept, 443 : drop, 22 : jump {targets[0]}, 25-26 : return }}")
    else:
        words.append(write_verdict(source, targets))
    return " ".join(filter(None, words))


def prune(chosen):
    """No element within another, which nft would refuse."""
    if "10.0.0.0/24" in chosen and "10.0.0.10" in chosen:
        return ["10.0.0.0/24"]
    if {"10.1.0.0/30", "10.1.0.3"} <= set(chosen):
        return ["10.1.0.0/30"]
    if {"192.0.2.10", "192.0.2.0/28"} <= set(chosen):
        return ["192.0.2.0/28"]
    if {"fd00::10", "fd00::/16"} <= set(chosen):
        return ["fd00::/16"]
    return ["2001:db8::/32"] if {"2001:db8::/32", "2001:db8::10"} <= set(chosen) else chosen


def write_service(source, six):
    kind = source.random()
    ports = source.choice(PORTS)
    protocol = source.choice(["tcp", "tcp", "udp"])
    if kind < 0.4:
        return f"{protocol} dport {source.choice(['', '!= '])}{ports}"
    if kind < 0.5:
        return f"{protocol} dport {{ 22, 53, {source.choice(['443', '80-81'])} }}"
    if kind < 0.6:
        return f"{protocol} dport @ports"
    if kind < 0.7 and not six:
        return f"ip {source.choice(['saddr', 'daddr'])} . {protocol} dport @pairs"
    if kind < 0.8:
        return f"meta l4proto {{ tcp, udp }} th dport {ports}"
    if kind < 0.9 and not six:
        return source.choice(["icmp type echo-request", "icmp type { echo-reply, echo-request }", "icmp type != 8"])
    return source.choice(
        ["meta l4proto tcp", "meta l4proto != tcp", f"{protocol} sport 10000-65535", "udp dport > 52"]
    )


def write_verdict(source, targets):
    plain = ["accept", "accept", "accept", "drop", "drop", "reject", "return"]
    led = [f"{way} {target}" for target in targets for way in ("jump", "goto")]
    return source.choice([*plain, *led])


# ---- iptables ----


def write_iptables(source, family):
    """The table filter, and now and then mangle."""
    policy = source.choice(["ACCEPT", "DROP", "DROP"])
    lines = [
        "*filter",
        ":INPUT ACCEPT [0:0]",
        f":FORWARD {policy} [0:0]",
        ":OUTPUT ACCEPT [0:0]",
        ":A - [0:0]",
        ":B - [0:0]",
    ]
    lines.append("-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
    for chain, targets, most in (("FORWARD", ["A", "B"], 8), ("B", ["A"], 4), ("A", [], 4)):
        lines += (f"-A {chain} {write_line(source, family, targets)}" for _ in range(source.randint(1, most)))
    lines.append("COMMIT")
    if source.random() < 0.3:
        chain = source.choice(["PREROUTING", "FORWARD", "POSTROUTING"])
        lines += ["*mangle", f":{chain} ACCEPT [0:0]"]
        # What the tests ask the router itself is let through.
        lines.append(f"-A {chain} -d {TRANSIT[family == 6]} -j ACCEPT")
        lines += [f"-A {chain} -m conntrack --ctstate NEW {write_line(source, family, [], sides=chain)}", "COMMIT"]
    return "\n".join(lines) + "\n"


def write_line(source, family, targets, sides="FORWARD"):
    words = []
    ends = [one for one in (ENDS if family == 4 else SIX) if "-" not in one]
    for option in ("-s", "-d"):
        if source.random() < 0.5:
            words += [*(["!"] if source.random() < 0.15 else []), option, source.choice(ends)]
    if family == 4 and source.random() < 0.1:
        words += ["-m", "iprange", *(["!"] if source.random() < 0.3 else []), "--dst-range", "192.0.2.16-192.0.2.31"]
    if sides == "FORWARD" and source.random() < 0.2:
        words += [
            *(["!"] if source.random() < 0.3 else []),
            source.choice(["-i", "-o"]),
            source.choice([*SIDES, "r+"]),
        ]
    words += write_ports(source, family)
    if source.random() < 0.15:
        words += ["-m", "conntrack", *source.choice([["--ctstate", "NEW"], ["!", "--ctstate", "INVALID"]])]
    if source.random() < 0.12:
        words += source.choice(
            ["-m mark --mark 0x5", "-m limit --limit 1000/sec", "-m length --length 1:2000"]
        ).split()
    led = [f"-{way} {target}" for target in targets for way in ("j", "g")]
    plain = (
        ["-j ACCEPT"] * 3 + ["-j DROP"] * 2 + ["-j RETURN", "-j MARK --set-mark 1"]
        if sides != "FORWARD"
        else (["-j ACCEPT"] * 4 + ["-j DROP"] * 2 + ["-j REJECT", "-j RETURN", "-j NFLOG"])
    )
    return " ".join([*words, source.choice([*plain, *led])])


def write_ports(source, family):
    kind = source.random()
    ports = source.choice(PORTS).replace("-", ":")
    protocol = source.choice(["tcp", "tcp", "udp"])
    if kind < 0.4:
        return []
    if kind < 0.6:
        return ["-p", protocol, "-m", protocol, *(["!"] if source.random() < 0.2 else []), "--dport", ports]
    if kind < 0.75:
        return [
            "-p",
            protocol,
            "-m",
            "multiport",
            *(["!"] if source.random() < 0.2 else []),
            "--dports",
            f"53,{ports}",
        ]
    if kind < 0.9:
        icmp = ["-p", "icmp", "-m", "icmp", "--icmp-type", source.choice(["8", "0", "any"])]
        return icmp if family == 4 else ["-p", "ipv6-icmp"]
    return [*(["!"] if source.random() < 0.3 else []), "-p", protocol]
