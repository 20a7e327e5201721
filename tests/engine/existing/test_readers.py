"""Which reader is for the firewall of a plan, by the format of its files."""

from planner.engine.existing.readers import READERS, find_reader


def test_a_device_is_read_in_one_way_however_its_files_are_written():
    assert find_reader("paloalto-set") is find_reader("paloalto") is READERS["paloalto"]
    assert find_reader("windows") is READERS["windows"]
    assert find_reader("mikrotik") is None
