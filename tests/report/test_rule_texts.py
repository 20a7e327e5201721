"""The rules as text to be pasted: complete, with every address, and each service with its own reasons."""

import pytest

from planner.report.formats.rule_texts import COLUMNS, RULE_TEXTS, write_markdown, write_table, write_ticket
from planner.report.said.by_service import outline_services
from planner.report.said.filters import Filter, select
from planner.report.said.outline import NO_ADDRESS
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, hostile, write_plan

REPORT = evaluate(contoso())


def rows(report):
    head, *lines = write_table(report).splitlines()
    assert head.split("\t") == list(COLUMNS)
    return [dict(zip(COLUMNS, line.split("\t"), strict=True)) for line in lines]


def test_every_service_of_a_rule_stands_once_with_its_own_reasons_and_sections():
    for rule in REPORT.rules:
        found = {}
        for ask in outline_services(rule, REPORT):
            found |= dict.fromkeys(ask.ports, (ask.reasons, ask.sections))
            assert [line.ports for line in ask.services] == [str(ports) for ports in ask.ports]
        own = zip(rule.service_reasons, rule.service_sections, strict=True)
        assert found == dict(zip(rule.services, own, strict=True))


def test_services_with_other_reasons_stand_apart():
    rule = next(rule for rule in REPORT.rules if len(set(rule.service_reasons)) > 1)
    own = zip(rule.service_reasons, rule.service_sections, strict=True)
    assert len(outline_services(rule, REPORT)) == len(set(own))


def test_the_table_has_every_rule_and_service_and_address():
    said = rows(REPORT)
    assert list(dict.fromkeys(row["Rule"] for row in said)) == [rule.id for rule in REPORT.rules]
    for rule in REPORT.rules:
        of_rule = [row for row in said if row["Rule"] == rule.id]
        assert {part for row in of_rule for part in row["Service"].split(", ")} == {str(one) for one in rule.services}
        for row in of_rule:
            for column, ends in (("Source", rule.sources), ("Destination", rule.destinations)):
                for end in ends:
                    assert f"{end.name} ({', '.join(end.addresses) or NO_ADDRESS})" in row[column]


def test_a_ticket_says_by_boundary_what_to_open_and_why():
    text = write_ticket(REPORT, None)
    for boundary in REPORT.boundaries:
        part = text.partition(f"\n{boundary.label} (")[2]
        assert part.startswith(f"{len(boundary.rules)} rule")
        assert f"\n{boundary.rules[0].id}\n  Source:       " in part
    assert f"Portal ({NO_ADDRESS})" in text
    assert "  Undecided:    only with VMware ESXi access: PowerCLI\n" in text
    assert "Only a part" not in text


@pytest.mark.parametrize("name", RULE_TEXTS)
def test_a_part_of_the_rules_is_only_that(name):
    part, selection = select(REPORT, Filter(endpoint="ESX01"))
    assert 0 < len(part.rules) < len(REPORT.rules)
    text = RULE_TEXTS[name].write(part, selection)
    assert {rule.id for rule in REPORT.rules if rule.id in text} == {rule.id for rule in part.rules}
    assert name == "table" or "Endpoint: ESX01" in text


def test_nothing_crosses_a_zone():
    report = evaluate(write_plan({"name": "PS01", "zone": "Internal", "roles": ["web-primary"]}))
    assert [text.write(report, None).count("\n") for text in RULE_TEXTS.values()] == [1, 3, 3, 2, 1, 1]


def test_hostile_names_stay_text_in_every_way_to_write_them():
    for name in (*HOSTILE_NAMES, "tab\tand\nlines", "right\u202eleft"):
        report = evaluate(hostile(name)) if "\n" not in name else None
        if report is None:
            continue  # a plan can't have such a name
        table = write_table(report)
        assert all(line.count("\t") == len(COLUMNS) - 1 for line in table.splitlines())
        assert not [cell for line in table.splitlines() for cell in line.split("\t") if cell[:1] in ("=", "+", "@")]
        assert "\u202e" not in table + write_ticket(report, None)
        markdown = write_markdown(report, None)
        lines = [line for line in markdown.splitlines() if line.startswith("|")]
        assert lines
        assert "<b>" not in markdown
        assert "](javascript" not in markdown.replace("\\]", "")
