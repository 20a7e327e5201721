"""Each service of a printed rule has its own reasons beside it, also where there are eleven of them."""

from planner.report.said.objects import Grouping
from planner.report.said.printed_rules import print_boundaries
from tests.report.samples import evaluate


def test_the_eleven_services_of_a_domain_controller_have_their_reasons_beside_them():
    plan = {
        "format": 1,
        "name": "Directory",
        "zones": [{"name": "Internal", "kind": "internal"}, {"name": "Directory", "kind": "internal"}],
        "endpoints": [
            {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10"], "roles": ["web-primary"]},
            {"name": "PRP01", "zone": "Internal", "addresses": ["10.0.0.12"], "roles": ["password-reset-portal"]},
            {
                "name": "DC01", "zone": "Directory", "addresses": ["10.0.4.30"], "roles": ["domain-controller"],
                "platforms": ["active-directory"], "operations": ["discovery", "reset", "validation"],
            },
        ],
        "choices": {"directory-port": "ldaps"},
        "corrections": ["ldap-tcp", "reset-kpasswd"],
    }  # fmt: skip
    report = evaluate(plan)
    (chapter,) = print_boundaries(report.boundaries, report, Grouping(report))
    (line,) = (one for one in chapter.rules if len(one.rule.services) > 8)
    assert line.why == "", "one block for all of them"
    ldap = next(one for one in line.services if "tcp 445" in one.said)
    assert "Password reset: Active Directory" in {str(reason) for reason in ldap.reasons}
    assert {ports for one in line.services for ports in one.ports} == set(line.rule.services)
