"""The page that compares a firewall's own rules with a plan's: read in memory, answered, and kept nowhere."""

import json
import logging

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.test import Client

from planner.engine.existing.readers import READERS
from planner.plan.limits import EXISTING
from planner.store import existing
from planner.store.compared_models import Compared
from planner.store.models import Revision
from planner.web.forms import existing as forms
from tests.made import made
from tests.web.views.pages import Page, store
from tests.web.views.test_acceptance import figures, write_plan

pytestmark = pytest.mark.django_db

TABLE = (
    "source,destination,service,action,comment\n"
    "10.9.0.5,10.0.0.10,tcp/443,allow,Hunter2-of-the-vault\n"
    "10.0.0.10,10.0.2.20,any,allow,\n"
    "10.0.0.10,SRV-MAIL,tcp/587,allow,\n"
)
ZONED = (
    "from zone,to zone,source,destination,service,action\n"
    "inside,db,10.0.0.10,10.0.2.20,tcp/1433,allow\n"
    "inside,db,10.0.0.10,10.0.2.25,tcp/25,allow\n"
    "Clients,inside,10.9.0.5,10.0.0.10,tcp/443,allow\n"
)


@pytest.fixture
def plan():
    return store(write_plan())[0]


def address(plan):
    return f"/plans/{plan.key}/existing/"


def send(client, plan, text="", name="csv", file=None, extra=None, **more):
    sent = {"format": name, "text": text} | more
    if file is not None:
        sent["file"] = SimpleUploadedFile("rules.txt", file)
    return client.post(address(plan), sent, **(extra or {}))


def rows(page, heading):
    """The cells of the table under a heading."""
    (section,) = (one for one in page.all("section") if one.get("aria-labelledby") == heading)
    return [[" ".join("".join(cell.itertext()).split()) for cell in row.iter("td")] for row in section.iter("tr")][1:]


def test_a_pasted_configuration_is_compared_flow_by_flow(client, plan):
    page = Page(send(client, plan, TABLE))
    assert figures(page) == {"open": "2", "refused": "0", "blocked": "1", "unproven": "0"}
    flows = {(row[1], row[2], row[3]): (row[4], row[5]) for row in rows(page, "flows")}
    assert flows["PS01 10.0.0.10", "SQL01 10.0.2.20", "tcp 1433"][0] == "open"
    assert flows["Staff 10.9.0.5", "PS01 10.0.0.10", "tcp 443"] == ("open", "row 2")
    assert flows["PS01 10.0.0.10", "MAIL01 10.0.2.25", "tcp 25"] == ("closed", "end of the table of rules")
    assert "1 rule of the plan is missing" in page.text()
    (wider,) = rows(page, "wider")
    assert wider[:3] == ["row 3", "PS01", "SQL01"]


def test_what_must_stay_closed_and_what_is_left_over_stand_by_themselves(client):
    closed = {
        "from": {"endpoint": "PS01"},
        "to": {"endpoint": "SQL01"},
        "protocol": "tcp",
        "ports": "22",
        "reason": "No.",
    }
    plan = store(write_plan() | {"never": [closed]})[0]
    table = (
        TABLE.replace("Hunter2-of-the-vault", '"CLI-INT-990, tcp 8080 - Gone."') + "10.9.0.5,10.0.0.10,tcp/8080,allow,"
    )
    page = Page(send(client, plan, table + '"CLI-INT-990, tcp 8080 - Gone."\n'))
    assert [row[0] for row in rows(page, "forbidden")] == ["row 3"]
    assert rows(page, "forbidden")[0][1] == (
        "tcp 22 from PS01 to SQL01, though the plan keeps tcp 22 closed from PS01 to SQL01: No."
    )
    assert [row[0] for row in rows(page, "stale")] == ["row 5"]


def test_names_that_are_no_text_are_shown_and_kept(client, plan):
    rules = [
        {"table": {"family": "inet", "name": "f"}},
        {
            "chain": {
                "family": "inet",
                "table": "f",
                "name": "c",
                "handle": 1,
                "type": "filter",
                "hook": "forward",
                "prio": 0,
                "policy": "drop",
            }
        },
        {
            "rule": {
                "family": "inet",
                "table": "f",
                "chain": "c",
                "handle": 2,
                "comment": "a\ud800b\x00c",
                "expr": [{"accept": None}],
            }
        },
    ]
    text = json.dumps({"nftables": rules})
    page = Page(send(client, plan, text, "nftables", keep_answer="1"))
    assert figures(page)["open"] == "3"
    number = Compared.objects.get().pk
    picks = Page(client.get(f"{address(plan)}kept/{number}/")).all("input", name="rule")
    sent = [pick.get("value") for pick in picks]
    assert client.post(f"{address(plan)}kept/{number}/states/", {"rule": sent}).status_code == 302
    assert "\x00" not in plan.states.first().comment
    assert b"".join(client.post(f"{address(plan)}delta", {"format": "nftables", "text": text}).streaming_content)


def test_a_file_does_the_same_and_what_is_not_understood_is_named(client, plan):
    page = Page(send(client, plan, file=TABLE.replace("tcp/587", "tcp/25").encode("utf-16")))
    assert figures(page)["unproven"] == "1"
    assert rows(page, "not-understood") == [["destination “SRV-MAIL”", "row 4", "1 flow"]]


def test_zones_of_the_device_are_guessed_chosen_and_kept_with_the_firewall(client, plan):
    page = Page(send(client, plan, ZONED))
    assert figures(page)["open"] == "0"
    assert "not chosen" in page.text()
    told = {"zone": ["Internal", "Data", "Clients"], "side": ["inside", "db", "Clients"]}
    page = Page(send(client, plan, ZONED, **told))
    assert figures(page)["open"] == "3"
    assert "Nothing is missing" in page.text()
    assert "Choose the firewall" not in page.text()
    page = Page(send(client, plan, ZONED, **told, firewall="FW-CORE", keep="1"))
    assert "Kept with FW-CORE." in page.text()
    plan.refresh_from_db()
    assert plan.document["firewalls"][0]["zones"] == {"Internal": "inside", "Data": "db", "Clients": "Clients"}
    assert figures(Page(send(client, plan, ZONED)))["open"] == "3"
    assert "has it so already" in Page(send(client, plan, ZONED, **told, firewall="FW-CORE", keep="1")).text()


def test_a_plan_without_firewalls_guesses_by_name_and_keeps_nothing(client):
    plan = store(write_plan() | {"firewalls": []})[0]
    page = Page(send(client, plan, ZONED.replace("inside", "internal").replace("db", "DATA"), keep="1"))
    assert figures(page)["open"] == "3"
    assert "guessed from names and addresses" in page.text()
    assert "Not kept: choose the firewall of the plan" in page.text()
    assert Revision.objects.filter(plan=plan).count() == 1


def test_what_can_not_be_kept_is_told(client, plan):
    told = {"zone": ["Internal", "Nowhere"], "side": ["x" * 300, "db"]}
    said = Page(send(client, plan, ZONED, **told, firewall="FW-CORE", keep="1")).text()
    assert "Not kept: " in said


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "Choose a file with the configuration, or paste it."),
        ({"text": " \n"}, "Choose a file with the configuration, or paste it."),
        ({"text": "x", "file": b"y"}, "There is a file and a pasted text; give one of them."),
        ({"text": "x\ny"}, "none of them is the source"),
        ({"text": "[]", "name": "aws"}, "The JSON has no security groups"),
        ({"file": b"PK\x03\x04"}, "This is no text but a zip archive"),
        ({"file": b""}, "The configuration is empty; it is made by "),
        ({"text": TABLE, "name": "word"}, "Select a valid choice"),
        ({"text": TABLE, "firewall": "FW-NONE"}, "Select a valid choice"),
        ({"file": lambda: b"x" * (EXISTING + 1)}, "has more than 20 MiB, which is the most that is read"),
        ({"file": lambda: b"x" * (EXISTING + 2**20 + 1)}, "A configuration has at most 20 MiB."),
    ],
    ids=range(11),
)
def test_what_can_not_be_read_is_told_in_a_sentence(client, plan, sent, said):
    response = send(client, plan, **{name: made(value) for name, value in sent.items()})
    assert response.status_code == 200
    assert said in Page(response).text()


def test_several_firewalls_of_the_plan_need_a_choice(client):
    document = write_plan()
    document["firewalls"].append(
        document["firewalls"][0] | {"name": "FW-TWO", "zones": {"Internal": "inside", "Data": "db"}}
    )
    plan = store(document)[0]
    page = Page(send(client, plan, ZONED, firewall="FW-TWO"))
    assert figures(page) == {"open": "2", "refused": "0", "blocked": "0", "unproven": "0"}
    assert "Nothing is missing: every flow between zones that passes FW-TWO is open." in page.text()
    assert "1 flow between zones doesn’t pass FW-TWO and is left out." in page.text()
    sides = {row[0]: row[1] for row in rows(page, "sides")}
    assert "guessed" not in page.text(), "Clients is called like the device's own, and the plan has it elsewhere"
    assert sides.keys() == {"Internal", "Data", "Clients"}
    assert figures(Page(send(client, plan, ZONED)))["open"] == "3", "where none is named nothing is left out"


def test_where_nothing_passes_the_firewall_that_is_named_nothing_is_said_to_be_open(client):
    document = write_plan()
    document["firewalls"][0]["zones"] = {"Data": "db", "Clients": "Clients"}
    page = Page(send(client, store(document)[0], ZONED, firewall="FW-CORE"))
    assert "no flow between zones passes FW-CORE" in page.text()
    assert "Nothing is missing" not in page.text()


def test_htmx_gets_the_answer_alone(client, plan):
    response = client.post(address(plan), {"format": "csv", "text": TABLE}, headers={"HX-Request": "true"})
    text = response.content.decode()
    operation, answer = text.strip().split("\n", 1)
    assert operation.startswith('<input type="hidden" id="existing-operation"')
    assert answer.strip().startswith('<div class="existing-answer" id="existing-answer">')
    assert "<form" not in text
    assert response.headers["Cache-Control"] == "private, no-store"
    assert "HX-Request" in response.headers["Vary"]


def test_the_configuration_goes_nowhere(client, plan, caplog, monkeypatch):
    """Neither into the answer, a log, the database nor a file on a disk; also where something breaks."""
    secret = "Hunter2-of-the-vault"

    def refuse(*_, **__):
        raise AssertionError("a file of a form went to a disk")

    monkeypatch.setattr(TemporaryFileUploadHandler, "new_file", refuse)
    caplog.set_level(logging.DEBUG)
    filler = "# " + "x" * 4_998 + "\n"  # few rows that are long
    large = TABLE.encode() + (f'10.0.0.1,10.0.0.2,tcp/1,deny,"{filler}"\n'.encode() * 3_400)
    assert len(large) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    for response in (
        send(client, plan, TABLE),
        send(client, plan, file=TABLE.encode()),
        send(client, plan, file=large),
        send(client, plan, TABLE.replace("source", secret, 1)[: len(TABLE)]),
    ):
        assert response.status_code == 200
        if b"none of them is" not in response.content:  # where the names of columns are told
            assert secret.encode() not in response.content
    broken = Client(raise_request_exception=False)
    broken.cookies = client.cookies
    monkeypatch.setattr("planner.store.existing.compare_with", lambda *_: 1 / 0)
    response = send(broken, plan, TABLE)
    assert response.status_code == 500
    assert secret.encode() not in response.content
    assert secret not in caplog.text
    assert Session.objects.count() == 0
    assert Revision.objects.filter(plan=plan).count() == 1


def test_a_form_of_another_site_is_refused(plan, client):
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert send(strict, plan, TABLE).status_code == 403


def test_the_page_offers_every_format_and_says_how_the_file_is_made(client, plan):
    page = Page(client.get(address(plan)))
    assert [option.get("value") for option in page.all("option")][: len(READERS)] == list(READERS)
    for reader in READERS.values():
        assert reader.made_by in page.text()
    assert READERS["windows"].script in "".join(page.one("pre").itertext())


def test_a_file_goes_into_memory_up_to_the_largest_size():
    handler = forms.InMemory()
    for size, taken in ((EXISTING, True), (EXISTING + forms.ENVELOPE, True), (EXISTING + forms.ENVELOPE + 1, False)):
        handler.handle_raw_input(None, {}, size, b"", None)
        assert handler.activated == taken


def test_a_configuration_that_can_not_be_read_is_told_with_what_writes_that_of_the_firewall(client, plan):
    options = {one.get("value"): one.get("data-written-by") for one in Page(client.get(address(plan))).all("option")}
    assert options["FW-CORE"] == "fortigate"
    told = "By the plan FW-CORE is written by FortiGate: choose that under “Written by”."
    assert told in Page(send(client, plan, "config system global\nend\n", "nftables", firewall="FW-CORE")).text()
    assert told not in Page(send(client, plan, "no rules\n", "fortigate", firewall="FW-CORE")).text()
    assert told not in Page(send(client, plan, "no rules\n", "nftables")).text()
    assert told not in Page(send(client, plan, TABLE, firewall="FW-CORE")).text(), "a table of it can be read"


def test_what_is_open_beyond_the_plan_comes_before_all_flows(client, plan):
    headings = [one.get("aria-labelledby") for one in Page(send(client, plan, TABLE)).all("section")]
    assert headings.index("wider") < headings.index("flows")


def test_of_an_endpoint_without_an_address_no_entries_are_quoted(client):
    document = write_plan()
    document["endpoints"][1]["addresses"] = []
    more = "".join(f"10.0.0.10,10.0.3.{number},tcp/1433,allow,\n" for number in range(50))
    page = Page(send(client, store(document)[0], TABLE + more, keep_answer="1"))
    [row] = (row for row in rows(page, "not-understood") if "SQL01" in row[0])
    assert row == ["no address in the plan: SQL01", "entries for addresses", "1 flow"]
    [flow] = (row for row in rows(page, "flows") if row[2].startswith("SQL01"))
    assert flow[4:] == ["unknown", "not understood or not known: no address in the plan: SQL01"]
    kept = Page(client.get(f"{address(Compared.objects.get().plan)}kept/{Compared.objects.get().pk}/"))
    [flow] = (row for row in rows(kept, "flows") if row[2].startswith("SQL01"))
    assert flow[4:] == ["unknown", "not understood or not known: no address in the plan: SQL01"]


def test_what_zones_are_behind_of_one_firewall_is_not_taken_for_another(client):
    document = write_plan()
    [known] = document["firewalls"]
    other = known | {"name": "FW-TWO", "zones": {"Internal": "inside", "Data": "db", "Clients": "Clients"}}
    plan = store(document | {"firewalls": [known, other]})[0]
    page = Page(send(client, plan, ZONED, firewall="FW-CORE"))
    told = {name: [one.get("value") for one in page.all("input", name=name)] for name in ("zone", "sides_of")}
    assert told == {"zone": ["Internal", "Data", "Clients"], "sides_of": ["FW-CORE"]}
    sides = {"side": ["port1", "port2", "port3"]}
    assert figures(Page(send(client, plan, ZONED, firewall="FW-CORE", **told, **sides)))["open"] == "0"
    assert figures(Page(send(client, plan, ZONED, firewall="FW-TWO", **told, **sides)))["open"] == "3"
    of_none = told | {"sides_of": [""]}
    assert figures(Page(send(client, plan, ZONED, firewall="FW-TWO", **of_none, **sides)))["open"] == "0"


def write_pair(core, two):
    """A plan with FW-CORE and FW-TWO, and what each zone is behind on either."""
    document = write_plan()
    [known] = document["firewalls"]
    walls = [known | {"name": name, "zones": zones} for name, zones in (("FW-CORE", core), ("FW-TWO", two))]
    return document | {"firewalls": walls}


def filled_in(page):
    """What the form of an answer sends of zones as it stands there: sides that are chosen, and what was filled in."""
    fields = {name: [one.get("value") for one in page.all("input", name=name)] for name in ("zone", "filled")}
    chosen = [
        next((one.get("value") for one in select.iter("option") if one.get("selected") is not None), "")
        for select in page.all("select", name="side")
    ]
    return fields | {"side": chosen, "sides_of": page.one("input", name="sides_of").get("value")}


STRAIGHT = {"Internal": "inside", "Data": "db", "Clients": "Clients"}
TURNED = {"Internal": "db", "Data": "inside"}


@pytest.mark.parametrize(
    ("core", "two"),
    [
        (STRAIGHT, TURNED),
        (TURNED | {"Clients": "Clients"}, STRAIGHT),
        (TURNED | {"Clients": "Clients"}, {}),
    ],
    ids=["the other fits best", "both fit as well", "it has no zones"],
)
def test_what_was_filled_in_while_no_firewall_was_chosen_says_nothing_of_the_next_one(client, core, two):
    """Zones of the firewall that fitted best, or blanks where several did, went over those of the next one."""
    plan = store(write_pair(core, two))[0]
    fields = filled_in(Page(send(client, plan, ZONED)))
    at_once = Page(send(client, plan, ZONED, firewall="FW-TWO"))
    page = Page(send(client, plan, ZONED, firewall="FW-TWO", keep="1", **fields))
    assert (figures(page), filled_in(page)) == (figures(at_once), filled_in(at_once))
    plan.refresh_from_db()
    assert plan.document["firewalls"][1]["zones"] == (two or {"Clients": "Clients"})
    blank = {"zone": ["Internal", "Data"], "side": ["", ""], "sides_of": ""}  # nothing is told of what was filled in
    assert figures(Page(send(client, plan, ZONED, firewall="FW-TWO", **blank))) == figures(at_once)


def test_what_was_chosen_while_no_firewall_was_goes_over_what_the_plan_has_of_the_next_one(client):
    plan = store(write_pair(STRAIGHT, {"Internal": "inside", "Data": "other", "Clients": "Clients"}))[0]
    first = filled_in(Page(send(client, plan, ZONED)))
    chosen = first | {"side": ["", "db", "Clients"]}
    assert first["side"] == ["inside", "db", "Clients"]
    page = Page(send(client, plan, ZONED, firewall="FW-TWO", **chosen))
    assert filled_in(page)["side"] == ["", "other", "Clients"]
    again = filled_in(Page(send(client, plan, ZONED, **chosen)))
    assert again == chosen, "it stays what somebody has chosen"
    page = Page(send(client, plan, ZONED, firewall="FW-TWO", **again))
    assert filled_in(page)["side"] == ["", "other", "Clients"]
    mended = filled_in(page) | {"side": ["inside", "db", "Clients"]}
    page = Page(send(client, plan, ZONED, firewall="FW-TWO", **mended))
    assert figures(page)["open"] == "3"


def test_once_what_was_chosen_is_kept_with_a_firewall_it_is_what_was_filled_in(client):
    plan = store(write_pair(TURNED, STRAIGHT))[0]
    fields = filled_in(Page(send(client, plan, ZONED, firewall="FW-CORE"))) | {"side": ["", "inside", "Clients"]}
    page = Page(send(client, plan, ZONED, firewall="FW-CORE", keep="1", **fields))
    plan.refresh_from_db()
    assert plan.document["firewalls"][0]["zones"] == {"Data": "inside", "Clients": "Clients"}
    kept = filled_in(page)
    assert kept["filled"] == kept["side"] == ["", "inside", "Clients"]
    page = Page(send(client, plan, ZONED, firewall="FW-CORE", **kept | {"side": ["db", "inside", ""]}))
    assert filled_in(page)["side"] == ["db", "inside", ""]


def test_what_is_guessed_is_said_to_be_so_until_somebody_chooses_or_keeps_it(client):
    plan = store(write_plan() | {"firewalls": []})[0]
    fields = filled_in(Page(send(client, plan, ZONED)))
    assert (fields["side"], fields["filled"]) == (["", "", "Clients"],) * 2
    guessed = "guessed from names and addresses"
    assert guessed in Page(send(client, plan, ZONED, **fields)).text()
    assert guessed not in Page(send(client, plan, ZONED, **fields | {"side": ["", "", "db"]})).text()
    plan = store(write_pair({}, {}))[0]
    page = Page(send(client, plan, ZONED, firewall="FW-TWO", keep="1"))
    assert ("Kept with FW-TWO." in page.text(), guessed in page.text()) == (True, False)


def test_what_zones_are_behind_stays_where_there_are_more_of_them_than_the_page_asks_about(client, monkeypatch):
    """What the lists hadn't was taken for nothing once the form was sent again, and kept so."""
    monkeypatch.setattr(existing, "MOST_SIDES", 2)
    plan = store(write_pair(STRAIGHT, {}))[0]
    page = Page(send(client, plan, ZONED, firewall="FW-CORE"))
    fields = filled_in(page)
    assert (fields["zone"], fields["side"]) == (["Internal", "Data"], ["inside", "db"])
    assert [one.get("value") for one in page.all("select", name="side")[0].iter("option")] == ["", "db", "inside"]
    page = Page(send(client, plan, ZONED, firewall="FW-CORE", keep="1", **fields))
    assert figures(page)["open"] == "3"
    plan.refresh_from_db()
    assert plan.document["firewalls"][0]["zones"] == STRAIGHT


def test_what_was_chosen_of_zones_outlives_a_configuration_that_cannot_be_read(client):
    """A firewall that is chosen brings what its configuration is written by, so the wrong one comes easily."""
    plan = store(write_pair(TURNED, {}))[0]
    chosen = filled_in(Page(send(client, plan, ZONED, firewall="FW-CORE"))) | {"side": ["inside", "db", "Clients"]}
    page = Page(send(client, plan, "no configuration at all", firewall="FW-CORE", **chosen))
    assert page.all("div", role="alert")
    told = {name: [one.get("value") for one in page.all("input", name=name)] for name in ("zone", "filled", "side")}
    assert told == {key: chosen[key] for key in told}
    told["sides_of"] = page.one("input", name="sides_of").get("value")
    assert filled_in(Page(send(client, plan, ZONED, firewall="FW-CORE", **told))) == chosen
    assert figures(Page(send(client, plan, ZONED, firewall="FW-CORE", **told)))["open"] == "3"
