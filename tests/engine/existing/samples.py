"""A small good configuration of each format, which the tests of broken and hostile files begin with."""

import json

from tests.engine.existing import test_aws, test_azure, test_windows

SAMPLES = {
    "csv": (
        "No.,From zone,To zone,Source,Destination,Service,Action,Comment,Enabled\n"
        '1,lan,dmz,"10.0.0.1; SRV (10.0.0.7)",10.1.0.0/24,"tcp/443, 8443",allow,INT-DMZ-150,yes\n'
        "2,any,!wan,not 10.0.0.0/8,vault.example.com,icmp/8,deny,,yes\n"
    ),
    "windows": json.dumps(
        {
            "computer": "PS01",
            "profiles": test_windows.profiles(),
            "rules": [test_windows.rule(), test_windows.rule("b")],
        }
    ),
    "azure": json.dumps({"name": "web", "securityRules": [test_azure.rule(), test_azure.DENY]}),
    "aws": json.dumps({"SecurityGroups": [test_aws.group(test_aws.permission()), test_aws.group(name="sg-2")]}),
}
"""By format."""
