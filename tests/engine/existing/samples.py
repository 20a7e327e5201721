"""A small good configuration of each format, which the tests of broken and hostile files begin with."""

import json

from tests.engine.existing import test_aws, test_azure, test_windows

# fmt: off
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
    "nftables": json.dumps(
        {
            "nftables": [
                {"metainfo": {"json_schema_version": 1}},
                {"table": {"family": "inet", "name": "filter", "handle": 1}},
                {"chain": {"family": "inet", "table": "filter", "name": "forward", "handle": 2, "type": "filter",
                           "hook": "forward", "prio": 0, "policy": "drop"}},
                {"set": {"family": "inet", "table": "filter", "name": "web", "handle": 3, "type": "inet_service",
                         "elem": [443, {"range": [8000, 8010]}]}},
                {"rule": {"family": "inet", "table": "filter", "chain": "forward", "handle": 4,
                          "comment": "Vault", "expr": [
                    {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}},
                               "right": {"prefix": {"addr": "10.0.0.0", "len": 24}}}},
                    {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}},
                               "right": "@web"}},
                    {"accept": None},
                ]}},
            ]
        }
    ),
    "iptables": (
        "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:VAULT - [0:0]\n"
        "-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n-A FORWARD -i eth0 -j VAULT\n"
        '-A VAULT -s 10.0.0.0/24 -p tcp -m multiport --dports 443,8000:8010 -m comment --comment "Vault" -j ACCEPT\n'
        "-A VAULT -j RETURN\nCOMMIT\n"
    ),
    "fortigate": (
        'config firewall address\n    edit "net"\n        set subnet 10.0.0.0 255.255.255.0\n    next\nend\n'
        'config firewall addrgrp\n    edit "nets"\n        set member "net"\n    next\nend\n'
        'config firewall policy\n    edit 17\n        set name "Vault"\n        set srcintf "port1"\n'
        '        set dstintf "port2"\n        set action accept\n        set srcaddr "nets"\n'
        '        set dstaddr "all"\n'
        '        set schedule "always"\n        set service "HTTPS"\n    next\nend\n'
    ),
    "asa": (
        "ASA Version 9.16(4)\nhostname fw\ninterface GigabitEthernet0/0\n nameif inside\n"
        " ip address 10.0.0.1 255.255.255.0\n"
        "object network WEB\n host 10.1.0.1\nobject-group network SERVERS\n network-object object WEB\n"
        "access-list INSIDE extended permit tcp 10.0.0.0 255.255.255.0 object-group SERVERS eq https\n"
        "access-group INSIDE in interface inside\n"
    ),
    "paloalto": (
        '<config version="10.1.0"><devices><entry name="localhost.localdomain"><vsys><entry name="vsys1">'
        '<address><entry name="WEB"><ip-netmask>10.1.0.1</ip-netmask></entry></address>'
        '<rulebase><security><rules><entry name="Vault"><from><member>lan</member></from><to><member>dmz</member></to>'
        "<source><member>10.0.0.0/24</member></source><destination><member>WEB</member></destination>"
        "<application><member>any</member></application><service><member>service-https</member></service>"
        "<action>allow</action></entry></rules></security></rulebase></entry></vsys></entry></devices></config>"
    ),
    "srx": (
        "set security address-book global address WEB 10.1.0.1/32\n"
        "set security address-book global address NET 10.0.0.0/24\n"
        "set security policies from-zone lan to-zone dmz policy Vault match source-address NET\n"
        "set security policies from-zone lan to-zone dmz policy Vault match destination-address WEB\n"
        "set security policies from-zone lan to-zone dmz policy Vault match application junos-https\n"
        "set security policies from-zone lan to-zone dmz policy Vault then permit\n"
    ),
}
# fmt: on
"""By format."""
