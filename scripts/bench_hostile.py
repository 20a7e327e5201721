"""How long readers take with files of 20 MiB that are broken or made to do harm: `python scripts/bench_hostile.py`.

Each file is read in a process of its own and its processor time printed; a sentence or a ruleset has to come of it
within five seconds. `--only asa,csv` reads these formats alone; `--over 1` prints only what takes longer than that;
`--own` leaves out what is the same for all.
"""

import argparse
import gzip
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers import READERS
from planner.engine.existing.reading import read_existing
from planner.plan.limits import ENTRIES, EXISTING
from scripts.bench_formats import WRITERS

MOST = 5
"""Seconds of a processor that a file may take."""
ENDS = 60
"""Seconds after which a reader is ended."""
DEEP = 100_000
Shapes = Mapping[str, Callable[[], str | bytes]]


def fill(text: str, begin: str = "", end: str = "") -> str:
    """A text as often as it goes into a file, between two others."""
    return begin + text * ((EXISTING - len(begin) - len(end) - 100) // len(text.encode())) + end


def chain(write: Callable[[int], str], count: int, begin: str = "", end: str = "") -> str:
    """What is written of each number, as far as it goes into a file."""
    parts, size = [], EXISTING - len(begin) - len(end) - 100
    for number in range(count):
        part = write(number)
        size -= len(part)
        if size < 0:
            break
        parts.append(part)
    return begin + "".join(parts) + end


def many(form: str) -> str:
    """As many plain entries as go into a file, more than are read."""
    if form == "nftables":
        rule = '{"rule":{"family":"inet","table":"f","chain":"c","handle":1,"expr":[{"accept":null}]}},'
        return fill(rule, NFT, '{"metainfo":{}}]}')
    if form == "iptables":
        return fill(
            "-A FORWARD -s 10.0.0.1 -p tcp --dport 1 -j ACCEPT\n", "*filter\n:FORWARD DROP [0:0]\n", "COMMIT\n"
        )
    if form == "csv":
        return fill("10.0.0.1,10.0.0.2,tcp/1,allow\n", "source,destination,service,action\n")
    rules = [(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", "10.9.0.0/16", n % 60000 + 1) for n in range(ENTRIES + 10)]
    text = WRITERS[form](rules)
    while len(text) > EXISTING:
        rules = rules[: min(len(rules) - 1, len(rules) * EXISTING // len(text))]
        text = WRITERS[form](rules)
    return text


NFT = (
    '{"nftables":[{"table":{"family":"inet","name":"f"}},{"chain":{"family":"inet","table":"f","name":"c",'
    '"type":"filter","hook":"forward","prio":0,"policy":"drop"}},'
)
BOTH: Shapes = {
    "one line": lambda: fill("x"),
    "lines of one letter": lambda: fill("x\n"),
    "empty lines": lambda: fill("\n", end="x"),
    "spaces": lambda: fill(" ", end="x"),
    "quotes": lambda: fill('"'),
    "lines of a quote": lambda: fill('"\n'),
    "words on lines": lambda: fill("a b c d e f g h\n"),
    "digits": lambda: fill("9"),
    "open lists and mappings": lambda: fill("[{"),
    "100,000 lists in each other": lambda: "[" * DEEP + "]" * DEEP,
    "empty lists": lambda: fill("[],", "[", "[]]"),
    "empty mappings": lambda: fill("{},", "[", "{}]"),
    "keys of a mapping": lambda: chain(lambda n: f'"{n}":1,', 10**7, "{", '"x":1}'),
    "one text": lambda: fill("\\u0041", '["', '"]'),
    "tags": lambda: fill("<a>"),
    "100,000 tags in each other": lambda: "<a>" * DEEP + "</a>" * DEEP,
    "empty tags": lambda: fill("<a/>", "<config>", "</config>"),
    "attributes": lambda: chain(lambda n: f' a{n}="1"', 10**7, "<config", "/>"),
    "entities within entities": lambda: (
        '<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx">'
        + "".join(f'<!ENTITY b{n} "{("&b" + str(n - 1 if n else "") + ";") * 10}">' for n in range(30))
        + "]><config>&b29;</config>"
    ),
    "UTF-16": lambda: fill("x").encode("utf-16")[:EXISTING],
    "no UTF-8 at the end": lambda: fill("a b\n").encode() + b"\xff",
    "packed": lambda: gzip.compress(b"x" * EXISTING),
    "signs of right to left": lambda: fill("\u202e\x01"),
}
OWN: Mapping[str, Shapes] = {
    "nftables": {
        "a set of a million addresses": lambda: chain(
            lambda n: f'"10.{n >> 16}.{n >> 8 & 255}.{n & 255}",', 10**6,
            NFT + '{"set":{"family":"inet","table":"f","name":"s","type":"ipv4_addr","elem":[', '"10.0.0.1"]}}]}',
        ),
        "rules that name a large set": lambda: fill(
            '{"rule":{"family":"inet","table":"f","chain":"c","handle":1,"expr":[{"match":{"op":"==","left":{"payload":'
            '{"protocol":"ip","field":"saddr"}},"right":"@s"}},{"accept":null}]}},',
            NFT + '{"set":{"family":"inet","table":"f","name":"s","type":"ipv4_addr","elem":['
            + ",".join(f'"10.{n >> 8}.{n & 255}.1"' for n in range(20_000)) + "]}},", '{"metainfo":{}}]}',
        ),
        "chains that jump to each other": lambda: chain(
            lambda n: f'{{"chain":{{"family":"inet","table":"f","name":"c{n}"}}}},{{"rule":{{"family":"inet",'
            f'"table":"f","chain":"c{n}","handle":{n},"expr":[{{"jump":{{"target":"c{n + 1}"}}}}]}}}},',
            DEEP, NFT, '{"metainfo":{}}]}',
        ),
        "rules with many matches": lambda: (
            NFT + '{"rule":{"family":"inet","table":"f","chain":"c","handle":1,"expr":['
            + '{"match":{"op":"!=","left":{"payload":{"protocol":"tcp","field":"dport"}},"right":7}},' * 150_000
            + '{"accept":null}]}}]}'
        ),
    },
    "iptables": {
        "chains that jump to each other": lambda: chain(
            lambda n: f":C{n} - [0:0]\n-A C{n} -j C{n + 1}\n", 10**6,
            "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -j C0\n",
        ),
        "rules of fifteen ports": lambda: fill(
            "-A FORWARD -p tcp -m multiport --dports 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29 -j ACCEPT\n",
            "*filter\n:FORWARD DROP [0:0]\n",
        ),
        "words of a rule": lambda: fill(" -m comment", "*filter\n:FORWARD DROP [0:0]\n-A FORWARD")[: 2**20 - 9],
    },
    "fortigate": {
        "groups in each other": lambda: chain(
            lambda n: f'edit "g{n}"\nset member "g{n + 1}"\nnext\n', 10**6, "config firewall addrgrp\n",
            f'end\n{POLICY}',
        ),
        "groups of the same groups": lambda: chain(
            lambda n: f'edit "g{n}"\nset member {" ".join(f"g{m}" for m in range(n + 1, n + 60))}\nnext\n', 10**6,
            "config firewall addrgrp\n", f'end\n{POLICY}',
        ),
        "members of a group": lambda: fill(
            ' "a"', 'config firewall address\nedit "a"\nset subnet 10.0.0.0 255.0.0.0\nnext\nend\n'
            'config firewall addrgrp\nedit "g0"\nset member', f"\nnext\nend\n{POLICY}",
        )[: 2**20],
        "sections in each other": lambda: "config a\nedit 1\n" * DEEP,
        "sections": lambda: fill("config firewall policy\n"),
        "virtual domains": lambda: chain(lambda n: f"edit v{n}\nnext\n", 10**7, "config vdom\n", "end\n"),
        "a quote that never ends": lambda: fill("x\n", 'config firewall policy\nedit 1\nset comments "'),
    },
    "asa": {
        "groups in each other": lambda: chain(
            lambda n: f"object-group network g{n}\n group-object g{n + 1}\n", 10**6,
            end="access-list a extended permit ip object-group g0 any\naccess-group a global\n",
        ),
        "groups of the same groups": lambda: chain(
            lambda n: f"object-group network g{n}\n" + "".join(f" group-object g{m}\n" for m in range(n + 1, n + 60)),
            10**6, end="access-list a extended permit ip object-group g0 any\naccess-group a global\n",
        ),
        "addresses of a group": lambda: chain(
            lambda n: f" network-object host 10.{n >> 16}.{n >> 8 & 255}.{n & 255}\n", 10**6,
            "object-group network g0\n", "access-list a extended permit ip object-group g0 object-group g0\n",
        ),
        "lines with large groups": lambda: fill(
            "access-list a extended permit tcp object-group g0 object-group g0 object-group g1\n",
            "object-group network g0\n"
            + "".join(f" network-object host 10.0.{n >> 8}.{n & 255}\n" for n in range(5000))
            + "object-group service g1 tcp\n" + "".join(f" port-object eq {2 * n + 1}\n" for n in range(5000)),
        ),
        "names": lambda: chain(lambda n: f"name 10.{n >> 16}.{n >> 8 & 255}.{n & 255} n{n}\n", 10**6),
        "interfaces": lambda: chain(lambda n: f"interface e{n}\n nameif n{n}\n security-level 0\n", 10**6),
    },
    "paloalto": {
        "groups in each other": lambda: chain(
            lambda n: f'<entry name="g{n}"><static><member>g{n + 1}</member></static></entry>', 10**6,
            PALO + "<address-group>", f"</address-group>{PALO_RULE}",
        ),
        "groups of the same groups": lambda: chain(
            lambda n: f'<entry name="g{n}"><static>' + "".join(f"<member>g{m}</member>" for m in range(n + 1, n + 60))
            + "</static></entry>", 10**6, PALO + "<address-group>", f"</address-group>{PALO_RULE}",
        ),
        "members of a rule": lambda: chain(
            lambda n: f"<member>10.{n >> 16}.{n >> 8 & 255}.{n & 255}</member>", 10**6,
            PALO + '<rulebase><security><rules><entry name="r"><action>allow</action><source>',
            "</source></entry></rules></security></rulebase></entry></vsys></entry></devices></config>",
        ),
    },
    "srx": {
        "sets in each other": lambda: chain(
            lambda n: f"set security address-book global address-set g{n} address-set g{n + 1}\n", 10**6, end=SRX
        ),
        "sets of the same sets": lambda: chain(
            lambda n: f"set security address-book global address-set g{n // 50} address-set g{n // 50 + n % 50 + 1}\n",
            10**6, end=SRX,
        ),
        "lines that delete": lambda: fill(
            "delete security policies\nset security policies global policy a then permit\n"
        ),
        "lines that insert": lambda: chain(
            lambda n: f"set security policies global policy p{n} then permit\ninsert security policies global policy "
            f"p{n} before policy p{n // 2}\n", 10**6,
        ),
        "lines that deactivate": lambda: chain(
            lambda n: f"deactivate security policies global policy p{n}\n", 10**6
        ),
        "words of a line": lambda: fill("a ", "set ")[: 2**20],
    },
    "windows": {
        "addresses of a rule": lambda: chain(
            lambda n: f'"10.{n >> 16}.{n >> 8 & 255}.{n & 255}",', 10**6,
            '{"rules":[{"Direction":1,"Action":2,"Enabled":1,"Protocol":"TCP","LocalPort":"1","Program":"Any",'
            '"RemoteAddress":[', '"10.0.0.1"]}]}',
        ),
        "filters of a rule": lambda: fill(
            '{"Protocol":"TCP"},', '{"rules":[{"Direction":1,"Action":2,"Enabled":1,"Filters":[', "{}]}]}"
        ),
        "rules that only have a way": lambda: fill('{"Direction":1},', '{"rules":[', '{"Direction":1}]}'),
    },
    "azure": {
        "prefixes of a rule": lambda: chain(
            lambda n: f'"10.{n >> 16}.{n >> 8 & 255}.{n & 255}",', 10**6,
            '[{"name":"a","priority":100,"access":"Allow","direction":"Inbound","protocol":"Tcp","sourcePortRange":"*",'
            '"destinationPortRange":"1","destinationAddressPrefix":"*","sourceAddressPrefixes":[', '"10.0.0.1"]}]',
        ),
        "groups": lambda: chain(
            lambda n: f'{{"name":"g{n}","securityRules":[]}},', 10**6, "[", '{"name":"g","securityRules":[]}]'
        ),
    },
    "aws": {
        "ranges of a rule": lambda: chain(
            lambda n: f'{{"CidrIp":"10.{n >> 16}.{n >> 8 & 255}.{n & 255}/32"}},', 10**6,
            '[{"GroupId":"a","IpPermissions":[{"IpProtocol":"-1","IpRanges":[', '{"CidrIp":"10.0.0.1/32"}]}]}]',
        ),
        "groups": lambda: chain(
            lambda n: f'{{"GroupId":"g{n}","IpPermissions":[]}},', 10**6, "[", '{"GroupId":"x","IpPermissions":[]}]'
        ),
        "groups that name each other": lambda: chain(
            lambda n: f'{{"GroupId":"g{n}","IpPermissions":[{{"IpProtocol":"-1",'
            f'"UserIdGroupPairs":[{{"GroupId":"g{n + 1}"}}]}}]}},',
            10**6, "[", '{"GroupId":"x","IpPermissions":[]}]',
        ),
    },
    "csv": {
        "values of a cell": lambda: fill("10.0.0.1;", CSV + '"', '",any,any,allow\n'),
        "other values of a cell": lambda: chain(
            lambda n: f"10.{n >> 16}.{n >> 8 & 255}.{n & 255};", 10**7, CSV + '"', '",any,any,allow\n'
        ),
        "words of a cell": lambda: fill("a ", CSV + "any,any,", ",allow\n"),
        "brackets of a cell": lambda: fill("(", CSV + "any,any,", ",allow\n"),
        "services of a cell": lambda: chain(lambda n: f"tcp/{n % 65536};", 10**7, CSV + 'any,any,"', '",allow\n'),
        "columns": lambda: fill("a,"),
        "cells of a line": lambda: fill(",", CSV),
        "rows of other cells": lambda: chain(
            lambda n: f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}-10.255.0.0,host{n}.example.com,tcp/{n % 60000},allow\n",
            ENTRIES - 1, CSV,
        ),
    },
}  # fmt: skip
POLICY = (
    'config firewall policy\nedit 1\nset srcintf any\nset dstintf any\nset srcaddr "g0"\nset dstaddr all\n'
    "set service ALL\nset schedule always\nset action accept\nnext\nend\n"
)
PALO = '<config version="10.1.0"><devices><entry name="localhost.localdomain"><vsys><entry name="vsys1">'
PALO_RULE = (
    '<rulebase><security><rules><entry name="r"><from><member>any</member></from><to><member>any</member></to>'
    "<source><member>g0</member></source><destination><member>any</member></destination><service><member>any</member>"
    "</service><application><member>any</member></application><action>allow</action></entry></rules></security>"
    "</rulebase></entry></vsys></entry></devices></config>"
)
SRX = (
    "set security policies global policy p match source-address g0\n"
    "set security policies global policy p match destination-address any\n"
    "set security policies global policy p match application any\nset security policies global policy p then permit\n"
)
CSV = "source,destination,service,action\n"


def list_shapes(form: str) -> Iterator[tuple[str, Callable[[], str | bytes]]]:
    """All that a reader is given, by what it is."""
    yield from BOTH.items()
    yield "as many entries as go into it", lambda: many(form)
    yield from OWN[form].items()


def attempt(form: str, name: str, answers: "multiprocessing.SimpleQueue[tuple[float, float, float, str]]") -> None:
    """Read one file, and answer its size, the seconds of a processor, the most memory, and what came of it."""
    resource.setrlimit(resource.RLIMIT_CPU, (ENDS, ENDS))
    made = dict(list_shapes(form))[name]()
    data = made if isinstance(made, bytes) else made.encode()[:EXISTING]
    del made
    start = time.process_time()
    try:
        said = f"{len(read_existing(data, form).stages[0].entries):,} entries"
    except Unreadable as refused:
        said = str(refused)
    took = time.process_time() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    answers.put((len(data) / 2**20, took, memory, said))


def main() -> None:
    """Measure, as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default=",".join(READERS))
    parser.add_argument("--over", type=float, default=0)
    parser.add_argument("--own", action="store_true", help="only what is made for a format")
    options = parser.parse_args()
    for form in options.only.split(","):
        worst: tuple[float, str] = (0, "")
        for name, _ in list_shapes(form):
            if options.own and name in BOTH:
                continue
            answers: multiprocessing.SimpleQueue[tuple[float, float, float, str]] = multiprocessing.SimpleQueue()
            child = multiprocessing.Process(target=attempt, args=(form, name, answers))
            child.start()
            child.join()
            size, took, memory, said = (0, ENDS, 0, "ended") if answers.empty() else answers.get()
            worst = max(worst, (took, name))
            if took >= options.over:
                print(json.dumps([form, name, round(size, 1), round(took, 2), round(memory), said[:90]]), flush=True)
        print(
            f"{form}: the longest {worst[0]:.1f} s, {worst[1]}" + (" TOO LONG" if worst[0] > MOST else ""), flush=True
        )


if __name__ == "__main__":
    main()
