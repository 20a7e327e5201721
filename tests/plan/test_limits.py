"""What is too large is told by how much, with what can be done about it."""

from planner.plan.limits import say_passed, say_printed, say_written


def test_a_document_too_large_to_be_set_in_pages_is_told_by_its_size_and_what_is_set():
    said = say_printed(3 * 2**20 + 2**19, 2 * 2**20)
    assert said.startswith("as a web page it has 3.5 MiB, and at most 2 MiB are set in pages;")
    assert "filter" in said


def test_a_file_in_which_addresses_take_too_much_is_told_by_its_size_and_what_is_written():
    said = say_written(1_500 * 2**20)
    assert said.startswith("with the addresses of an endpoint wherever it stands it would have 1,500 MiB, and at ")
    assert "filter" in said


def test_files_for_firewalls_that_too_many_flows_pass_are_told_by_their_number():
    said = say_passed(6_000_000)
    assert said.startswith("its firewalls are passed by 6,000,000 flows, each counted at each firewall that it passes")
    assert "at most 1,000,000 are written." in said
    assert "filter" in said
