"""What thousands of entries name is put together once: a group of thousands of ports, addresses or unknown things."""

import pytest

from planner.engine.existing.parts.entries import MOST_OBSCURE
from planner.engine.existing.reading import read_existing

MANY, LINES = 500, 3


def fortigate(*, known):
    kind = "set tcp-portrange {port}" if known else "set protocol weird"
    services = "".join(f'edit "s{n}"\n{kind.format(port=2 * n + 1)}\nnext\n' for n in range(MANY))
    members = " ".join(f'"s{n}"' for n in range(MANY))
    policies = "".join(
        f"edit {n}\nset srcintf any\nset dstintf any\nset srcaddr all\nset dstaddr all\nset service {members}\n"
        "set schedule always\nset action accept\nnext\n"
        for n in range(1, LINES + 1)
    )
    return f"config firewall service custom\n{services}end\nconfig firewall policy\n{policies}end\n"


def asa(*, known):
    ports = "".join(f" port-object eq {2 * n + 1 if known else f'weird{n}'}\n" for n in range(MANY))
    lines = "access-list a extended permit tcp any any object-group s\n" * LINES
    return f"interface e0\n nameif in\nobject-group service s tcp\n{ports}{lines}access-group a global\n"


def asa_services(*, known):
    ports = "".join(f" service-object tcp destination eq {2 * n + 1 if known else f'w{n}'}\n" for n in range(MANY))
    lines = "access-list a extended permit object-group s any any\n" * LINES
    return f"interface e0\n nameif in\nobject-group service s\n{ports}{lines}access-group a global\n"


def paloalto(*, known):
    services = "".join(
        f'<entry name="s{n}"><protocol><{"tcp" if known else "weird"}><port>{2 * n + 1}</port>'
        f"</{'tcp' if known else 'weird'}></protocol></entry>"
        for n in range(MANY)
    )
    members = "".join(f"<member>s{n}</member>" for n in range(MANY))
    anything = "".join(
        f"<{tag}><member>any</member></{tag}>" for tag in ("from", "to", "source", "destination", "application")
    )
    rules = "".join(
        f'<entry name="r{n}">{anything}<service><member>g</member></service><action>allow</action></entry>'
        for n in range(LINES)
    )
    return (
        '<config version="10.1.0"><devices><entry name="localhost.localdomain"><vsys><entry name="vsys1">'
        f'<service>{services}</service><service-group><entry name="g"><members>{members}</members></entry>'
        f"</service-group><rulebase><security><rules>{rules}</rules></security></rulebase></entry></vsys></entry>"
        "</devices></config>"
    )


def srx(*, known):
    lines = [
        f"set applications application x{n} protocol {'tcp' if known else 'weird'}\n"
        f"set applications application x{n} destination-port {2 * n + 1}\n"
        f"set applications application-set s application x{n}"
        for n in range(MANY)
    ]
    for n in range(LINES):
        policy = f"set security policies global policy p{n}"
        lines += [f"{policy} match {word} any" for word in ("source-address", "destination-address")]
        lines += [f"{policy} match application s", f"{policy} then permit"]
    return "\n".join(lines)


WRITERS = {"fortigate": fortigate, "asa": asa, "asa, of services": asa_services, "paloalto": paloalto, "srx": srx}


def read(name, **options):
    found = read_existing(WRITERS[name](**options).encode(), name.partition(",")[0])
    return [entry for stage in found.stages for entry in stage.entries if entry.verdict == "accept"]


@pytest.mark.parametrize("name", WRITERS)
def test_entries_that_name_a_group_of_many_ports_have_the_same_ones(name):
    entries = read(name, known=True)
    ports = [one.ports for entry in entries for one in entry.matches if one.family == 4]
    assert len(ports) == LINES
    assert len(ports[0].spans) == MANY
    assert all(one is ports[0] for one in ports)


@pytest.mark.parametrize("name", WRITERS)
def test_entries_that_name_many_things_that_are_not_understood_say_some_and_how_many(name):
    entries = read(name, known=False)
    assert len(entries) == LINES
    for entry in entries:
        assert len(entry.obscure) == MOST_OBSCURE + 1
        assert entry.obscure[-1] == f"and {MANY - MOST_OBSCURE:,} more in it"


def test_addresses_that_are_not_understood_are_cut_alike():
    rows = "".join(f'"{";".join(f"name{n}" for n in range(MANY))}",any,any,allow\n' for _ in range(LINES))
    found = read_existing(f"source,destination,service,action\n{rows}".encode(), "csv")
    said = [entry.obscure for entry in found.stages[0].entries]
    assert [len(one) for one in said] == [MOST_OBSCURE + 1] * LINES
