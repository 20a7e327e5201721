"""What kinds of firewalls there are, and what a plan may say of one."""

import subprocess

from planner.plan.devices import DEVICES


def test_where_a_file_is_on_a_device_is_said_by_the_options_that_are_a_place():
    nftables = DEVICES["nftables"]
    assert nftables.place({}) == {"table": "inet filter", "chain": "port_planner"}
    assert nftables.place({"chain": "vault"}) == {"table": "inet filter", "chain": "vault"}


WORDS = "accept expires ge ibriport ibrname iifgroup le ne obriport obrname oifgroup pkttype rt0 rt2"
"""Words of nft, of which most are hard to guess."""
LIKE_WORDS = "forward filter nat state saddr sdif last bytes secpath echo ACCEPT ge_ sack0 ct_state"
"""Others, which it takes for names."""


def test_nft_makes_neither_chains_nor_tables_of_what_is_reserved_and_of_all_else():
    chain, table = (DEVICES["nftables"].options[name] for name in ("chain", "table"))
    for form in ("add chain inet filter {}", "add table inet {}"):
        for word in WORDS.split():
            assert refuses([form.format(word)]), word
            assert chain.is_reserved(word)
            assert table.is_reserved(f"inet {word}"), word
        assert not refuses(["add table inet filter", *map(form.format, LIKE_WORDS.split())])
    assert not [word for word in LIKE_WORDS.split() if table.is_reserved(f"ip {word}")]


def refuses(lines):
    """Whether nft would not load a file of these lines."""
    done = subprocess.run(
        ["nft", "-c", "-f", "-"], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False,
        env={"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"},
    )  # fmt: skip
    return done.returncode != 0
