"""Readers of device configurations, written from their syntax: every line is known to the last character, or it fails.

Each gives (source network, destination network, protocol, ports). What an `any` isn't is any here: that it is left out
is tested by itself.
"""

import ipaddress
import re
import shlex
from functools import lru_cache
from itertools import product
from xml.etree import ElementTree

EVERYTHING = {4: "0.0.0.0/0", 6: "::/0"}
_BUT = re.compile(r"V([46])-(?:elsewhere|any_but|everyone)_\d")


_QUOTES = re.compile(r"""["'\\]""")


def split(line):
    """The words of a line, as `shlex.split` has them: that goes letter by letter, which most lines don't need."""
    if line.isascii() and line.isprintable() and not _QUOTES.search(line):
        return line.split()
    return [*_split_quoted(line)]


@lru_cache(1000)
def _split_quoted(line):
    return tuple(shlex.split(line))


def lines_of(text, mark):
    return [line for line in text.splitlines() if line and not line.startswith(mark)]


def pairs(sources, destinations, protocol, ports):
    for here, there in product(sources, destinations):
        if (":" in here) == (":" in there) and not (protocol == "icmp" and ":" in here):
            yield here, there, protocol, ports


def network(text):
    return str(ipaddress.ip_network(text))


# ---- Cisco ASA, and IOS, whose groups are alike ----

_ENTRY = re.compile(
    r"access-list FROM-(\S+) extended (?:permit object-group (\S+) (any[46]|object(?:-group)? \S+) "
    r"(any[46]|object(?:-group)? \S+)( log)?( inactive)?|deny ip any any(?: log)?"
    r"|deny ip host 127\.0\.0\.1 host 127\.0\.0\.1)"
)


def read_asa(text):
    objects, services, found, kind, name = {}, {}, set(), "", ""
    for line in lines_of(text, "!"):
        if line.startswith(" "):
            if kind == "object-group service":
                if match := re.fullmatch(r" service-object (?:icmp echo|(tcp|udp) destination (eq|range) (.*))", line):
                    protocol, _, ports = match.groups()
                    services[name] = (protocol, ports.replace(" ", "-")) if protocol else ("icmp", None)
                else:
                    assert re.fullmatch(r" description [A-Za-z0-9.,:_() -]{1,200}", line), line
            else:
                objects[name] += _asa_member(line, objects, name)
            continue
        entry = _ENTRY.fullmatch(line)
        if not entry:
            kind, name = re.fullmatch(r"(object network|object-group (?:network|service)) (\S{1,64})", line).groups()
            objects.setdefault(name, [])
            continue
        if entry[2] is None or entry[6]:
            continue
        sides = [
            [EVERYTHING[int(side[3])]] if side.startswith("any") else objects[side.split()[1]]
            for side in (entry[3], entry[4])
        ]
        found.update(pairs(*sides, *services[entry[2]]))
    return found


def _asa_member(line, objects, name):
    but = _BUT.match(name)
    if match := re.fullmatch(r" (?:network-)?(?:object )?host (\S+)", line):
        return [EVERYTHING[int(but[1])] if but else network(match[1])]
    if match := re.fullmatch(r" range (\S+) (\S+)", line):
        assert ipaddress.ip_address(match[1]) < ipaddress.ip_address(match[2])
        assert but
        return [EVERYTHING[int(but[1])]]
    if match := re.fullmatch(r" (?:subnet |network-object )(\d\S+) (\d\S+)", line):
        return [network(f"{match[1]}/{match[2]}")]
    if match := re.fullmatch(r" (?:subnet |network-object )([0-9a-f:]+/\d+)", line):
        return [network(match[1])]
    if match := re.fullmatch(r" (?:network-object object|group-object) (\S+)", line):
        return objects[match[1]]
    assert re.fullmatch(r" fqdn v[46] [A-Za-z0-9_.-]+", line), line
    return []


# ---- FortiGate ----

FACTORY = {
    "PING": ("icmp", None), "SSH": ("tcp", "22"), "TELNET": ("tcp", "23"), "SMTP": ("tcp", "25"),
    "HTTP": ("tcp", "80"),
    "LDAP": ("tcp", "389"), "HTTPS": ("tcp", "443"), "SMB": ("tcp", "445"), "SMTPS": ("tcp", "465"),
    "MYSQL": ("tcp", "3306"), "RDP": ("tcp", "3389"), "SYSLOG": ("udp", "514"),
}  # fmt: skip


def read_sections(text):
    """Section -> number or name -> key -> values, as FortiOS reads them: in the order of the file, once each."""
    sections, section, edit = {}, None, None
    for line in lines_of(text, "#"):
        words = split(line)
        match words:
            case ["config", *name] if section is None:
                section = sections.setdefault(" ".join(name), {})
            case ["edit", name] if section is not None and edit is None:
                assert name not in section, f"{name} twice"
                edit = section[name] = {}
            case ["set", key, *values] if edit is not None:
                assert key not in edit, line
                assert values
                edit[key] = values
            case ["move", _, "before", _] if edit is None:
                pass
            case ["next"]:
                edit = None
            case ["end"]:
                assert edit is None
                section = None
            case _:
                raise AssertionError(line)
    assert section is None
    return sections


def read_fortigate(text):
    sections = read_sections(text)
    assert len({tuple(p["name"]) for p in sections.get("firewall policy", {}).values()}) == len(
        sections.get("firewall policy", {})
    )
    objects = {("", "all"): [EVERYTHING[4]], ("6", "all"): [EVERYTHING[6]]}
    for six in ("", "6"):
        for name, values in sections.get(f"firewall address{six}", {}).items():
            assert len(name) <= 79
            kind = values["type"][0]
            if kind == "fqdn":
                objects[six, name] = []
            elif _BUT.match(name) and six:
                assert values.keys() == ({"type", "start-ip", "end-ip"} if kind == "iprange" else {"type", "ip6"})
                objects[six, name] = [EVERYTHING[6]]
            else:
                assert kind == ("ipprefix" if six else "ipmask")
                objects[six, name] = [network("/".join(values["subnet"] if not six else values["ip6"]))]
        for name, values in sections.get(f"firewall addrgrp{six}", {}).items():
            assert 1 < len(values["member"]) <= 300, name
            objects[six, name] = [one for member in values["member"] for one in objects[six, member]]
    found = set()
    for number, values in sections.get("firewall policy", {}).items():
        assert 1_000_000_000 <= int(number) < 2**32
        assert len(values["name"][0]) <= 35
        if values["action"] != ["accept"] or values["status"] == ["disable"]:
            continue
        (service,) = values["service"]
        if service in FACTORY:
            assert service not in sections.get("firewall service custom", {})
            protocol, ports = FACTORY[service]
        else:
            ((key, (ports,)),) = sections["firewall service custom"][service].items()
            protocol = key.removesuffix("-portrange")
        six = "6" if "srcaddr6" in values else ""
        sides = []
        for key in ("srcaddr", "dstaddr"):
            negated = values[f"{key}{six}-negate"] == ["enable"]
            networks = [one for member in values[f"{key}{six}"] for one in objects[six, member]]
            sides.append([EVERYTHING[6 if six else 4]] if negated else networks)
        found.update(pairs(*sides, protocol, ports))
    return found


# ---- Palo Alto ----


def read_paloalto(text):
    root = ElementTree.fromstring(text)
    assert root.get("version") == "10.1.0"
    (vsys,) = root.iterfind("devices/entry/vsys/entry")
    tree = {}
    _plant(vsys, tree)
    return _read_panos(tree)


def _plant(element, tree):
    """XML as nested dictionaries, lists for members, as the set lines say it."""
    for child in element:
        key = child.get("name") if child.tag == "entry" else child.tag
        members = [member.text for member in child.iterfind("member")]
        if members:
            tree[key] = members
        elif len(child):
            _plant(child, tree.setdefault(key, {}))
        else:
            tree[key] = child.text


_MANY = {"from", "to", "source", "destination", "application", "service", "tag", "static"}


def read_paloalto_set(text):
    tree = {}
    for line in lines_of(text, "#"):
        verb, *words = split(line)
        if verb == "move":
            assert words[-1] == "bottom"
            continue
        assert verb == "set", line
        *path, value = words
        place = tree
        for word in path[:-1]:
            place = place.setdefault(word, {})
        if path[-1] in _MANY and len(path) > 2:
            place.setdefault(path[-1], []).append(value)
        else:
            place[path[-1]] = value
    return _read_panos(tree)


def _read_panos(tree):
    assert tree.keys() <= {"tag", "address", "address-group", "service", "rulebase"}
    objects = {"any": list(EVERYTHING.values())}
    for name, value in tree.get("address", {}).items():
        assert len(name) <= 63
        ((kind, text),) = value.items()
        but = _BUT.match(name)
        objects[name] = [] if kind == "fqdn" else [EVERYTHING[int(but[1])] if but else network(text)]
    groups = dict(tree.get("address-group", {}))
    while groups:
        ready = [name for name, group in groups.items() if set(group["static"]) <= objects.keys()]
        for name in ready:
            members = groups.pop(name)["static"]
            assert 1 < len(members) <= 500
            objects[name] = [one for member in members for one in objects[member]]
    services = {"service-https": ("tcp", "443")}
    for name, value in tree.get("service", {}).items():
        ((protocol, port),) = value["protocol"].items()
        services[name] = protocol, port["port"]
    found = set()
    for name, rule in tree.get("rulebase", {}).get("security", {}).get("rules", {}).items():
        assert len(name) <= 63
        assert set(rule["tag"]) <= tree["tag"].keys()
        assert len(rule["from"]) == len(rule["to"]) == 1
        if rule["action"] != "allow" or rule.get("disabled") == "yes":
            continue
        (service,), (application,) = rule["service"], rule["application"]
        assert (application == "ping") == (service == "application-default")
        protocol, ports = ("icmp", None) if application == "ping" else services[service]
        found.update(pairs(*([one for m in rule[side] for one in objects[m]] for side in ("source", "destination")),
                           protocol, ports))  # fmt: skip
    return found


# ---- Juniper SRX ----

BOOK = ["security", "address-book", "global"]


def read_srx(text):
    objects = {"any": list(EVERYTHING.values())} | {f"any-ipv{family}": [one] for family, one in EVERYTHING.items()}
    applications, policies, inactive = {}, {}, set()
    for line in lines_of(text, "#"):
        words = split(line)
        match words:
            case ["set", *book, "address", name, "dns-name", _, "ipv4-only" | "ipv6-only"] if book == BOOK:
                objects[name] = []
            case ["set", *book, "address", name, value] if book == BOOK:
                assert len(name) <= 63
                but = _BUT.match(name)
                objects[name] = [EVERYTHING[int(but[1])] if but else network(value)]
            case ["set", *book, "address-set", name, "address" | "address-set", member] if book == BOOK:
                objects.setdefault(name, [])
                objects[name] = objects[name] + objects[member]
            case ["set", "applications", "application", name, key, value]:
                applications.setdefault(name, {})[key] = value
            case ["set", "security", "policies", "from-zone", a, "to-zone", b, "policy", name, *rest]:
                policies.setdefault((a, b, name), []).append(rest)
            case ["deactivate", "security", "policies", "from-zone", a, "to-zone", b, "policy", name]:
                inactive.add((a, b, name))
            case ["insert", "security", "policies", *_, "before", "policy", _]:
                pass
            case _:
                raise AssertionError(line)
    found = set()
    for key, rest in policies.items():
        if ["then", "permit"] not in rest or key in inactive:
            continue
        (application,) = [one[2] for one in rest if one[:2] == ["match", "application"]]
        about = applications[application]
        protocol, ports = about["protocol"], about.get("destination-port")
        assert ports or about == {"protocol": "icmp", "icmp-type": "8"}
        sides = [
            [one for words in rest if words[:2] == ["match", f"{side}-address"] for one in objects[words[2]]]
            for side in ("source", "destination")
        ]
        found.update(pairs(*sides, protocol, ports))
    return found
