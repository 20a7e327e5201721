"""What kinds of firewalls there are, and what a plan may say of one."""

from planner.plan.devices import DEVICES


def test_where_a_file_is_on_a_device_is_said_by_the_options_that_are_a_place():
    nftables = DEVICES["nftables"]
    assert nftables.place({}) == {"table": "inet filter", "chain": "port_planner"}
    assert nftables.place({"chain": "vault"}) == {"table": "inet filter", "chain": "vault"}
