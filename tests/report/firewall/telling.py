"""Small models of what is told item by item and has no console of its own: a Windows host, clouds, a table.

Each takes a configuration as its reader takes it and what is told, and gives the configuration after it; `back` has
the way back done.
"""

import csv
import io
import json
import re

from planner.report.gap.delta.windows import _PARAMETERS, _PROGRAM
from tests.report.firewall.reading_devices import split
from tests.report.firewall.reading_powershell import parse, read_rules
from tests.report.firewall.test_changes import way_back

_DATA = re.compile(r"\n\$group = '([^']+)'\n\$computer = '([^']*)'\n\n(\$rules = @\((?:\n.*?)?\n\)\n)", re.DOTALL)


def tell_windows(text, told, *, back=False):
    """The script's own program: of a group, what isn't there by name is added, or all of it is taken away."""
    script = told.replace("\r\n", "\n")
    parse(script)
    head, _, rest = script.partition("\n" + "\n".join(_PARAMETERS))
    assert all(line.startswith("#") for line in head.splitlines())
    found = _DATA.match(rest)
    assert rest[found.end() :] == "\n".join(_PROGRAM) + "\n"
    document = json.loads(text)
    assert found[2] in ("", document.get("computer", ""))
    known = {rule["Name"] for rule in document["rules"] if rule.get("Group") == found[1]}
    if back:
        document["rules"] = [rule for rule in document["rules"] if rule.get("Group") != found[1]]
    else:
        for rule in read_rules(found[3]):
            if rule["Name"] not in known:
                document["rules"].append(_as_windows_says(rule, found[1]))
    return json.dumps(document)


def _as_windows_says(rule, group):
    outer = {key: rule[key] for key in ("Name", "DisplayName", "Description", "Direction", "Action", "Enabled")}
    inner = {key: value for key, value in rule.items() if key not in outer}
    filters = {"LocalPort": "Any", "RemotePort": "Any", "IcmpType": "Any", "Program": "Any", **inner}
    return {**outer, "Group": group, "Profile": "Any", "PolicyStoreSourceType": "Local", "Filters": [filters]}


def _commands(told, back):
    lines = way_back(told) if back else told
    for line in lines.splitlines():
        if line and not line.startswith(("#", "set ", ": ")):
            yield split(line)


def _options(words):
    found, name = {}, ""
    for word in words:
        if word.startswith("--"):
            name = word.removeprefix("--")
            found[name] = []
        else:
            found[name].append(word)
    return found


def tell_azure(text, told, *, back=False):
    """Names of a group, and its priorities of one direction, are there once."""
    document = json.loads(text)
    groups = {one["name"]: one for one in document}
    for words in _commands(told, back):
        assert words[:4] == ["az", "network", "nsg", "rule"]
        options = _options(words[5:])
        group = groups[options["nsg-name"][0]]
        rules = group["securityRules"]
        assert options["resource-group"] == [group["resourceGroup"]]
        name = options["name"][0]
        if words[4] == "delete":
            assert name in [one["name"] for one in rules]
            group["securityRules"] = [one for one in rules if one["name"] != name]
            continue
        assert words[4] == "create"
        way, number = options["direction"][0], int(options["priority"][0])
        assert re.fullmatch(r"\w[\w.-]{0,78}\w", name)
        assert 100 <= number <= 4096
        assert name not in [one["name"] for one in rules]
        assert (way, number) not in [(one["direction"], one["priority"]) for one in rules]
        rules.append(
            {
                "name": name, "priority": number, "direction": way, "access": options["access"][0],
                "protocol": options["protocol"][0], "sourceAddressPrefixes": options["source-address-prefixes"],
                "destinationAddressPrefixes": options["destination-address-prefixes"], "sourcePortRange": "*",
                "destinationPortRanges": options["destination-port-ranges"],
                "description": options["description"][0],
            }
        )  # fmt: skip
    return json.dumps(document)


def tell_aws(text, told, *, back=False):
    """A rule of a group is there once; twice is an error, and so is to take one back that isn't there."""
    document = json.loads(text)
    groups = {one["GroupId"]: one for one in document["SecurityGroups"]}
    for words in _commands(told, back):
        verb, way = re.fullmatch(r"(authorize|revoke)-security-group-(ingress|egress)", words[2]).groups()
        options = _options(words[3:])
        group = groups[options["group-id"][0]]
        rules = group["IpPermissions" if way == "ingress" else "IpPermissionsEgress"]
        for permission in json.loads(options["ip-permissions"][0]):
            assert verb == "authorize" or "Description" not in options["ip-permissions"][0]
            for one in _divide(permission):
                there = [other for other in rules if _bare(other) == _bare(one)]
                assert bool(there) == (verb == "revoke"), one
                if there:
                    rules.remove(there[0])
                else:
                    rules.append(one)
    return json.dumps(document)


def _divide(permission):
    """One permission for each network: so a model compares them."""
    for key in ("IpRanges", "Ipv6Ranges"):
        for one in permission.get(key, ()):
            yield {**{name: permission[name] for name in ("IpProtocol", "FromPort", "ToPort")}, key: [one]}


def _bare(permission):
    return json.dumps(permission | {
        key: [{name: value for name, value in one.items() if name != "Description"} for one in permission.get(key, ())]
        for key in ("IpRanges", "Ipv6Ranges")
    }, sort_keys=True)  # fmt: skip


def tell_csv(text, told, *, back=False):
    """Rows before the line that they name, one after the other; the way back takes them out again."""
    sign = max(",;\t", key=text.splitlines()[0].count)
    [head, *rows] = csv.reader(io.StringIO(told, newline=""), delimiter=sign)
    assert head[0] == "Insert before line"
    assert head[1:] == next(csv.reader([text.splitlines()[0]], delimiter=sign))
    lines = text.splitlines()
    found = {}
    for place, *cells in rows:
        if any(cells):
            made = io.StringIO()
            csv.writer(made, delimiter=sign, lineterminator="").writerow(cells)
            found.setdefault(len(lines) if place == "the end" else int(place) - 1, []).append(made.getvalue())
    if back:
        ours = {line for several in found.values() for line in several}
        return "".join(f"{line}\n" for line in lines if line not in ours)
    done = [
        line for place, one in enumerate([*lines, None]) for line in (*found.get(place, ()), one) if line is not None
    ]
    return "".join(f"{line}\n" for line in done)


TELL = {"windows": tell_windows, "azure": tell_azure, "aws": tell_aws, "csv": tell_csv}
