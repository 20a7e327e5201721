"""Whether a plan admits one packet, by which rules and why."""

import json
import sys
from typing import Any

from django.core.management.base import CommandParser

from planner.engine.ask import Answer, NotAskable, ask
from planner.engine.ways import find_ways
from planner.management.plan_command import PlanCommand
from planner.management.statuses import TOLD
from planner.report.said.asking import WORDS
from planner.report.said.voice import say_way
from ports.text import show_line


class Command(PlanCommand):
    """Exit status: 0 for what is allowed, 3 for what isn't.

    1 when the plan is bad; 2 for wrong usage, and for a name that the plan doesn't have.
    """

    help = "Say whether a plan admits what is sent from one side to another, by which rules, and why."

    def add_arguments(self, parser: CommandParser) -> None:
        """The plan, the packet, and how the answer is written."""
        self.parser = parser
        parser.add_argument("plan", metavar="PLAN", help="a plan document, JSON or YAML")
        parser.add_argument("source", metavar="FROM", help="an endpoint, a zone (each of its endpoints) or an address")
        parser.add_argument("destination", metavar="TO", help="likewise")
        parser.add_argument("service", metavar="SERVICE", help="tcp/443, udp/53, icmp")
        parser.add_argument("--format", choices=("text", "json"), default="text", help="how to write the answer")
        parser.add_argument("--edition", default="", metavar="SLUG", help="ask under this edition of the port matrix")

    def handle(self, *args: Any, plan: str, **options: Any) -> None:
        """Print the answer, and leave with the status that it has."""
        report = self.evaluate(plan, options["edition"])
        try:
            answer = ask(report, options["source"], options["destination"], options["service"])
        except NotAskable as error:
            self.complain(str(error))
            sys.exit(2)
        said = " ".join((answer.reason, *(say_way(report, way, "planner") for way in find_ways(report, answer))))
        self.stdout.write(_say(answer, said) if options["format"] == "text" else _dump(answer, said))
        if answer.outcome != "allowed":
            sys.exit(TOLD)


def _say(answer: Answer, said: str) -> str:
    by = f", by {', '.join(answer.rules)}" if answer.rules else ""
    return show_line(f"{WORDS[answer.outcome]}{by}. {said}")


def _dump(answer: Answer, said: str) -> str:
    return json.dumps(
        {"answer": answer.outcome, "rules": list(answer.rules), "reason": said}, ensure_ascii=False, indent=2
    )
