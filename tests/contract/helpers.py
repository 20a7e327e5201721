"""The contract tests' only door to the product, and a short notation for plans and flows.

Nothing here may take an expectation from the product: facts are typed in the tests, from the vendor document and the
contract.
"""

import copy
import functools
import json
import unicodedata

import yaml

KINDS = {
    "Internal": "internal",
    "Servers": "internal",
    "DMZ": "dmz",
    "Internet": "internet",
    "Cloud": "cloud",
    "Branch": "remote-site",
    "Depot": "remote-site",
}


class _PlainDumper(yaml.CSafeDumper):
    """No aliases, and quotes that escape wherever there is a control character."""

    def ignore_aliases(self, data):
        return True

    def represent_text(self, data):
        escaped = '"' if any(unicodedata.category(character) == "Cc" for character in data) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=escaped)


_PlainDumper.add_representer(str, _PlainDumper.represent_text)


@functools.cache
def matrix():
    from ports.queries import shipped_matrix

    return shipped_matrix()


def host(name, *roles, zone="Internal", **more):
    """An endpoint. It has no address unless it is given one."""
    endpoint = {"name": name, "zone": zone, "roles": list(roles)}
    return endpoint | more


def target(name="T", *platforms, zone="Internal", **more):
    return {"name": name, "zone": zone, "platforms": list(platforms)} | more


def make_plan(*endpoints, **more):
    """A plan with just the zones that its endpoints use, unless `zones` is given."""
    if "zones" not in more:
        names = dict.fromkeys(endpoint["zone"] for endpoint in endpoints) or {"Internal": None}
        more["zones"] = [{"name": name, "kind": KINDS[name]} for name in names]
    return {"format": 1, "name": "Test", "endpoints": list(endpoints)} | more


def encode(plan, syntax="json"):
    if syntax == "json":
        return json.dumps(plan, ensure_ascii=False).encode()
    return yaml.dump(plan, Dumper=_PlainDumper, allow_unicode=True, sort_keys=False).encode()


def read(data, syntax="json"):
    from planner.plan.document import read_plan

    if isinstance(data, str):
        data = data.encode()
    if isinstance(data, dict):
        data = encode(data, syntax)
    return read_plan(data, matrix=matrix(), syntax=syntax)


def report(plan, syntax="json"):
    """The JSON report of a plan: a mapping, or bytes or text in a syntax."""
    from planner.engine import evaluate_report
    from planner.report.formats.json import report_data

    return report_data(evaluate_report(matrix(), read(plan, syntax)))


def faults(plan, syntax="json"):
    """What reading this plan complains about: (where, message) pairs; none if it is accepted."""
    from planner.plan.document import PlanError

    try:
        read(plan, syntax)
    except PlanError as error:
        found = error.faults
    else:
        return []
    assert isinstance(found, tuple)
    assert found, "a PlanError without a fault"
    for fault in found:
        assert isinstance(fault.where, str)
        assert isinstance(fault.message, str)
        assert fault.message.strip()
    return [(fault.where, fault.message) for fault in found]


def line(flow):
    """A flow in one line: 'PS -> T tcp/389 §9 §16 directory-port=ldap'."""
    ports = "" if flow["ports"] is None else f"/{flow['ports']}"
    words = [f"{flow['source']} -> {flow['destination']} {flow['protocol']}{ports}"]
    words += [f"§{section}" for section in flow["sections"]]
    words += [f"{mark['choice']}={mark['option']}" for mark in flow["any_of"]]
    return " ".join(words)


def lines(data):
    return sorted(line(flow) for flow in data["flows"])


def flows(plan):
    """Every flow of a plan, sorted, one line each (a flow listed twice shows up twice)."""
    return lines(report(plan))


def flow_between(data, source, destination, protocol, ports):
    found = [
        flow
        for flow in data["flows"]
        if (flow["source"], flow["destination"], flow["protocol"], flow["ports"])
        == (source, destination, protocol, ports)
    ]
    assert len(found) == 1, f"{len(found)} flows {source} -> {destination} {protocol}/{ports} in {lines(data)}"
    return found[0]


def text(finding):
    return " ".join(str(finding[key]) for key in ("code", "subject", "message"))


def told(plan, code):
    """{subject: (severity, endpoints)} of the findings with this code."""
    return {f["subject"]: (f["severity"], f["endpoints"]) for f in report(plan)["findings"] if f["code"] == code}


def changed(plan, path, value):
    """A copy of a plan with something else at a path such as ("endpoints", 0, "zone")."""
    plan = copy.deepcopy(plan)
    place = plan
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return plan


def without(plan, path):
    plan = copy.deepcopy(plan)
    place = plan
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return plan
