"""Readers of further targets, as those in reading_devices.py: every line is known, or it fails."""

import csv
import io
import ipaddress
import json
import re
from collections import defaultdict

from planner.report.firewall.devices import checkpoint
from tests.report.firewall.reading_devices import _BUT, EVERYTHING, lines_of, network, pairs, split

# ---- Cisco IOS ----

_PORTS = r"(?:eq (\d+)|range (\d+) (\d+))"
_SIX = r"(any|host [0-9a-f:.]+|[0-9a-f:.]+/\d+)"


def read_ios(text):
    groups, services, found, mode, name = {}, {}, set(), "", ""
    for line in lines_of(text, "!"):
        if line == "exit":
            mode = ""
        elif not line.startswith(" "):
            assert not mode, line
            mode, name = re.fullmatch(
                r"(object-group network|object-group service|ip access-list extended|ipv6 access-list) (\S{1,64})",
                line,
            ).groups()
        elif mode == "object-group network":
            but = _BUT.match(name)
            if match := re.fullmatch(r" group-object (\S+)", line):
                members = groups[match[1]]
            elif match := re.fullmatch(r" (?:host|range) (\S+)(?: (\S+))?", line):
                members = [EVERYTHING[int(but[1])] if but else network(match[1])]
                assert but or not match[2]
            else:
                members = [network("/".join(re.fullmatch(r" ([0-9.]+) ([0-9.]+)", line).groups()))]
            groups[name] = groups.get(name, []) + members
        elif mode == "object-group service":
            if match := re.fullmatch(rf" (?:(tcp|udp) {_PORTS}|icmp echo)", line):
                services[name] = _service(match)
            else:
                assert re.fullmatch(r" description [A-Za-z0-9.,:_() -]{1,200}", line), line
        elif re.fullmatch(
            r" deny (ip|ipv6) any any( log)?| permit icmp any any nd-n[as]"
            r"| deny (ip host 127\.0\.0\.1 host 127\.0\.0\.1|ipv6 host ::1 host ::1)",
            line,
        ):
            pass
        elif mode == "ip access-list extended":
            match = re.fullmatch(
                r" permit object-group (\S+) (any|object-group \S+) (any|object-group \S+)(?: log)?", line
            )
            sides = [[EVERYTHING[4]] if side == "any" else groups[side.split()[1]] for side in match.groups()[1:3]]
            found.update(pairs(*sides, *services[match[1]]))
        else:
            match = re.fullmatch(rf" permit (tcp|udp) {_SIX} {_SIX} {_PORTS}(?: log)?", line)
            sides = [_six(side) for side in match.groups()[1:3]]
            ports = match[4] or f"{match[5]}-{match[6]}"
            found.update(pairs(*sides, match[1], ports))
    return found


def _service(match):
    return (match[1], match[2] or f"{match[3]}-{match[4]}") if match[1] else ("icmp", None)


def _six(side):
    return [EVERYTHING[6]] if side == "any" else [network(side.removeprefix("host "))]


# ---- MikroTik ----

_COMMAND = re.compile(r"(/ip|/ipv6) firewall (filter|address-list|nat) (add|remove) (.*)")


def read_mikrotik(text):
    lists, found = {}, set()
    for line in lines_of(text, "#"):
        menu, what, verb, words = _COMMAND.fullmatch(line).groups()
        family = 4 if menu == "/ip" else 6
        if verb == "remove":
            assert words in ('[find where chain="port-planner"]', '[find where comment="port-planner"]')
            continue
        assert what != "nat", "where nobody is published"
        facts = dict(word.split("=", 1) for word in split(words))
        if what == "address-list":
            assert facts.keys() == {"list", "address", "comment"}
            held = lists.setdefault((family, facts["list"]), [])
            if re.fullmatch(r"[0-9a-f:./]*[:.][0-9a-f:./]*", facts["address"]):
                held.append(network(facts["address"]))
            continue
        assert facts["chain"] == "port-planner"
        if facts["action"] == "drop" or facts.get("connection-state") == "established,related":
            continue
        if facts["disabled"] == "yes":
            continue
        assert facts["action"] == "accept"
        assert facts["connection-state"] == "new"
        sides = [
            [EVERYTHING[family]] if held is None or held.startswith("!") else lists[family, held]
            for held in (facts.get(f"{end}-address-list") for end in ("src", "dst"))
        ]
        ports = facts.get("dst-port")
        assert ports or facts["icmp-options"] == "8:0"
        found.update(pairs(*sides, facts["protocol"], ports))
    return found


# ---- Check Point ----


def read_checkpoint(text):
    """Every line is one of the program that never changes, or sets an object or a rule."""
    objects, services, found = {"Any": list(EVERYTHING.values())}, {"echo-request": ("icmp", None)}, set()
    fixed = {*checkpoint._START, *checkpoint._EMPTY, *checkpoint._END}
    for line in lines_of(text, "#"):
        if line in fixed or re.fullmatch(r"layer=(?:[\w.-]+|'[\w. -]+')", line):
            continue
        verb, *words = split(line)
        if verb == "set_domain":
            [domain] = words
            assert domain.startswith(".")
            objects[domain] = []
            continue
        if verb == "set_group":
            group, *members = words
            assert members[::2] == [f"members.{number}" for number in range(1, len(members) // 2 + 1)]
            objects[group] = [one for name in members[1::2] for one in objects[name]]
            continue
        assert verb == ("set_object" if words[1] in ("host", "network", "address-range") else "run")
        kind, facts = words[1], dict(zip(words[2::2], words[3::2], strict=True))
        but = _BUT.match(facts["name"])
        if kind == "access-rule":
            assert (facts["layer"], facts["position.bottom"]) == ("$layer", "$section")
            if facts["action"] == "Drop" or facts["enabled"] == "false":
                continue
            sides = [
                [one for key, name in facts.items() if key.startswith(f"{side}.") for one in objects[name]]
                for side in ("source", "destination")
            ]
            found.update(pairs(*sides, *services[facts["service.1"]]))
            continue
        assert line.endswith(" set-if-exists true ignore-warnings true")
        if kind.startswith("service-"):
            services[facts["name"]] = kind.removeprefix("service-"), facts["port"]
        else:
            assert kind in ("host", "network", "address-range")
            if kind == "address-range":
                objects[facts["name"]] = [EVERYTHING[6 if ":" in facts["ip-address-first"] else 4]]
                continue
            value = facts.get("ip-address") or f"{facts['subnet']}/{facts['mask-length']}"
            objects[facts["name"]] = [EVERYTHING[int(but[1])] if but else network(value)]
    return found


# ---- clouds ----


def _wide(networks):
    """What any is without other zones is a list with very wide networks; here that is any."""
    family = ipaddress.ip_network(networks[0]).version
    widest = min(ipaddress.ip_network(one).prefixlen for one in networks)
    return [EVERYTHING[family]] if len(networks) > 1 and widest < (8 if family == 4 else 16) else networks


def read_google(text):
    document = json.loads(text)
    found = set()
    for key, rule in document.get("resource", {}).get("google_compute_firewall", {}).items():
        assert re.fullmatch(r"[a-z]([-a-z0-9_]{0,61}[a-z0-9])?", key)
        assert re.fullmatch(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?", rule["name"])
        assert rule["direction"] == "INGRESS"
        if "deny" in rule or rule["disabled"]:
            continue
        (allow,) = rule["allow"]
        (ports,) = allow.get("ports", [None])
        found.update(pairs(_wide(rule["source_ranges"]), _wide(rule["destination_ranges"]), allow["protocol"], ports))
    return found


def read_nsx(text):
    document = json.loads(text)
    made = document.get("resource", {})
    groups, services, found = {}, {}, set()
    for resource in (one for kind in made.values() for one in kind.values()):
        # Else what goes is deleted before the policy names it no more, and NSX refuses that.
        assert resource["lifecycle"] == {"create_before_destroy": True}
        assert "nsx_id" not in resource, "two of one identifier can't be there at once"
    for key, group in made.get("nsxt_policy_group", {}).items():
        assert re.fullmatch(r"[a-z][a-z0-9_-]*", key)
        ((criterion,),) = (group["criteria"],)
        ((expression,),) = (criterion["ipaddress_expression"],)
        networks = [network(one) for one in expression["ip_addresses"]]
        assert len({":" in one for one in networks}) == 1, "one family in an expression"
        groups[f"${{nsxt_policy_group.{key}.path}}"] = networks
    for key, service in made.get("nsxt_policy_service", {}).items():
        if "icmp_entry" in service:
            assert service["icmp_entry"] == [{"protocol": "ICMPv4", "icmp_type": "8"}]
            services[f"${{nsxt_policy_service.{key}.path}}"] = "icmp", None
        else:
            (entry,) = service["l4_port_set_entry"]
            services[f"${{nsxt_policy_service.{key}.path}}"] = entry["protocol"].lower(), entry["destination_ports"][0]
    for policy in made.get("nsxt_policy_security_policy", {}).values():
        assert len(policy["rule"]) <= 1000, "the provider's schema has MaxItems"
        for rule in policy["rule"]:
            assert rule["action"] == "ALLOW"
            family = {"IPV4": 4, "IPV6": 6}[rule["ip_version"]]
            if rule["disabled"]:
                continue
            sides = []
            for side in ("source", "destination"):
                held = [one for name in rule.get(f"{side}_groups", ()) for one in groups[name]]
                assert all((":" in one) == (family == 6) for one in held)
                sides.append(held if held and not rule[f"{side}s_excluded"] else [EVERYTHING[family]])
            (service,) = rule["services"]
            found.update(pairs(*sides, *services[service]))
    return found


def read_azure(text):
    document = json.loads(text)
    found, taken = set(), set()
    for rule in document.get("resource", {}).get("azurerm_network_security_rule", {}).values():
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,78}[A-Za-z0-9_]", rule["name"])
        assert 100 <= rule["priority"] <= 4096
        place = rule["network_security_group_name"], rule["priority"]
        assert place not in taken
        taken.add(place)
        if rule["access"] == "Deny" or rule["count"] == 0:
            continue
        assert len(rule["description"]) <= 140
        ports = None if rule["protocol"] == "Icmp" else rule["destination_port_range"]
        sides = _wide(rule["source_address_prefixes"]), _wide(rule["destination_address_prefixes"])
        found.update(pairs(*sides, rule["protocol"].lower(), ports))
    return found


_EACH = re.compile(r'\$\{contains\(keys\(var\.security_groups\), "(\S+)"\) \? toset\((\[.*\])\) : toset\(\[\]\)\}')


def texts_of(said):
    """By network what is said of it; what is said of all others is that of an empty one."""
    match = re.fullmatch(r"\$\{(\[.*\])\[lookup\((\{.*\}), each\.value, 0\)\]\}", said)
    if not match:
        return {"": said}
    texts, places = json.loads(match[1]), json.loads(match[2])
    return {network: texts[place] for network, place in places.items()} | {"": texts[0]}


def read_aws(text, addresses):
    """What comes to groups, and what leaves them. `addresses`: networks by the name of the group."""
    document = json.loads(text)
    ways = []
    for way in ("ingress", "egress"):
        found = set()
        for rule in document.get("resource", {}).get(f"aws_vpc_security_group_{way}_rule", {}).values():
            assert all(len(text) <= 255 for text in texts_of(rule["description"]).values())
            family = 4 if "cidr_ipv4" in rule else 6
            match = _EACH.fullmatch(rule["for_each"])
            if not match:
                assert rule["for_each"] == "${toset([])}"
                continue
            assert rule["security_group_id"] == f'${{var.security_groups["{match[1]}"]}}'
            own = [one for one in addresses[match[1]] if (":" in one) == (family == 6)]
            first, last = rule["from_port"], rule["to_port"]
            ports = None if rule["ip_protocol"] == "icmp" else str(first) if first == last else f"{first}-{last}"
            assert ports or (first, last) == (8, 0)
            peers = json.loads(match[2])
            sides = (peers, own) if way == "ingress" else (own, peers)
            found.update(pairs(*sides, rule["ip_protocol"], ports))
        ways.append(found)
    return ways


FIELDS = {
    "enabled": "[01]", "sequence": r"[1-9]\d{0,5}", "action": "pass|block|reject", "quick": "[01]",
    "interface": r"\w*", "direction": "in|out|any", "ipprotocol": "inet|inet6|inet46", "protocol": "TCP|UDP|ICMP|any",
    "icmptype": "(echoreq)?", "source_net": "any|[0-9a-f.:/]+", "destination_net": "any|[0-9a-f.:/]+",
    "destination_port": r"(\d+(-\d+)?)?", "log": "[01]",
    "description": r"[A-Za-z0-9.,:_() -]{1,255}",
    "@uuid": "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
}  # fmt: skip
"""Fields of a rule in OPNsense's model (Filter.xml), and what they may be, as far as they are written.

An import refuses a row whose identifier isn't of version 4 (ArrayField.php, from 26.1.1 on), and one with several
networks in a field: a list is of aliases (NetworkAliasField.php, BaseListField.php)."""


def read_opnsense(text):
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    by_destination, by_source = defaultdict(list), defaultdict(list)
    for row in rows:
        assert row.keys() == FIELDS.keys()
        for key, value in row.items():
            assert re.fullmatch(FIELDS[key], value), (key, value)
        family = {"inet": 4, "inet6": 6}[row["ipprotocol"]]
        assert (row["protocol"] == "ICMP") == bool(row["icmptype"]) != bool(row["destination_port"])
        sides = row["source_net"], row["destination_net"]
        source, destination = (EVERYTHING[family] if side == "any" else network(side) for side in sides)
        assert (":" in source) == (":" in destination) == (family == 6)
        if row["enabled"] == "1":
            rule = row["interface"], row["protocol"].lower(), row["destination_port"] or None, row["description"]
            by_destination[rule, destination].append(source)
    for (rule, destination), sources in by_destination.items():
        for source in _wide(sources):
            by_source[rule, source].append(destination)
    found = set()
    for ((_, *service, _), source), destinations in by_source.items():
        found.update(pairs([source], _wide(destinations), *service))
    assert len({row["@uuid"] for row in rows}) == len({row["sequence"] for row in rows}) == len(rows)
    return found


def read_pfsense(text):
    head, _, rest = text.partition("$wanted = json_decode(<<<'WANTED'\n")
    assert all(line.startswith("#") or not line for line in head.splitlines())
    told, _, rest = rest.partition("\nWANTED\n, true);\n")
    assert rest.startswith("if (!function_exists('config_set_path')")
    wanted = json.loads(told)
    aliases = {}
    for alias in wanted["aliases"]:
        assert re.fullmatch(r"PP_\w{1,28}", alias["name"])
        assert alias["type"] == ("network" if "/" in alias["address"] else "host")
        aliases[alias["name"]] = alias["address"].split()
    assert len(aliases) == len(wanted["aliases"])
    found = set()
    for rule in wanted["rules"]:
        assert rule["descr"].startswith("PORT-PLANNER ")
        assert len(rule["descr"]) <= 255
        assert rule["type"] == "pass"
        assert ("icmptype" in rule) == (rule["protocol"] == "icmp") != ("port" in rule["destination"])
        family = {"inet": 4, "inet6": 6}[rule["ipprotocol"]]
        sides = []
        for side in (rule["source"], rule["destination"]):
            held = aliases.get(side.get("address", ""), [side.get("address", EVERYTHING[family])])
            numbers = [network(one) for one in held if re.fullmatch(r"[0-9.]+(/\d+)?|[0-9a-f:.]*:[0-9a-f:./]*", one)]
            sides.append(_wide(numbers) if numbers else [])
        if "disabled" not in rule:
            found.update(pairs(*sides, rule["protocol"], rule["destination"].get("port")))
    return found


def read_requests(text):
    header, *rows = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert header == ["Source", "Destination", "Service", "Action", "Comment", "Ticket"]
    found = set()
    for source, destination, service, action, _, ticket in rows:
        assert (action, ticket) == ("allow", "")
        sides = []
        for side in (source, destination):
            parts = side.split("; ")
            six = ":" in parts[0]
            assert all((":" in part) == six for part in parts), "one family in a row"
            sides.append([EVERYTHING[6 if six else 4]] if any("-" in part for part in parts) else parts)
        protocol, _, ports = service.partition("/")
        found.update(pairs(*sides, protocol, None if protocol == "icmp" else ports))
    return found
