"""The file that says which interface or zone of a device is which zone of the plan."""

import pytest

from planner.engine.existing.sides import BadMap, read_map


@pytest.mark.parametrize(
    "data",
    [
        b"eth0: DMZ\neth1: 'Internal'\n",
        b'{"eth0": "DMZ", "eth1": "Internal"}',
        b"\xef\xbb\xbfeth0: DMZ\neth1: Internal",
        b"{eth0: DMZ, eth1: Internal}",
        b'{"eth0": DMZ, "eth1": Internal}',
    ],
)
def test_it_is_read_as_yaml_or_json(data):
    found = read_map(data)
    assert found == {"eth0": "DMZ", "eth1": "Internal"}
    assert {type(zone) for zone in found.values()} == {str}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"{", r"^[^:]+: .+"),
        (b"\xff", "not UTF-8"),
        (b"- eth0", "A map has a line for each interface or zone of the device, such as “eth1: DMZ”."),
        (b"", "A map has a line for each"),
        (b"eth0: DMZ\neth0: Internal\n", "^eth0 stands there more than once.$"),
        (b"eth0: DMZ\neth1: [DMZ]\n", "^eth1 is mapped to what is no name; a zone of the plan is allowed.$"),
        (b'{"eth0": 1}', "^eth0 is mapped to what is no name"),
    ],
)
def test_what_is_wrong_with_it_is_said_in_a_sentence(data, said):
    with pytest.raises(BadMap, match=said):
        read_map(data)
