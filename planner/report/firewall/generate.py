"""The only module that knows Aerleon: policies and definitions in, the target's text out.

Aerleon's generators are called one by one instead of through its `api.Generate`, which imports all 34 of them and
every plug-in that happens to be installed. Nothing is read from files and nothing is written.
"""

import copy
import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from aerleon.lib import aclgenerator, naming, policy, policy_builder, windows_advfirewall

from planner.report.firewall.errors import NotExpressible
from planner.report.firewall.targets import (
    WINDOWS,
    Filter,
    Target,
    take_undecided,
)
from planner.report.firewall.words import clean

# Aerleon keeps the definitions that it is working with in a variable of a module.
_ONE_AT_A_TIME = threading.Lock()
_TAGS = re.compile(r"^.*\$(?:Id|Date|Revision):\$.*\n", re.MULTILINE)
_WINDOWS_RULE = re.compile(r"^netsh advfirewall firewall add rule name=(\S+) ", re.MULTILINE)


def generate(target: Target, filters: Sequence[Filter], definitions: dict[str, Any], *, open_undecided: bool) -> str:
    """The text of a target, in which undecided terms are disabled unless they are asked for.

    Raises NotExpressible when Aerleon refuses, or warns that it would leave something out.
    """
    filters = copy.deepcopy(list(filters))  # the builder writes into what it is given
    undecided = take_undecided(filters)
    comments = _list_comments(filters)
    with _ONE_AT_A_TIME, _warnings() as warnings:
        try:
            names = naming.Naming()
            names.ParseDefinitionsObject(definitions, "")
            source = {"filename": "plan", "filters": filters}
            # Optimised, neighbouring networks become one under the name of one endpoint, and another rule opens both.
            built = policy.FromBuilder(policy_builder.PolicyBuilder(source, names, optimize=False))
            text = str(windows_advfirewall.WindowsAdvFirewall(built, 2))
        except (aclgenerator.Error, policy.Error, naming.Error, ValueError, TypeError) as error:
            raise NotExpressible(target.label, clean(str(error), 300)) from error
    if warnings:
        raise NotExpressible(target.label, clean(warnings[0], 300))
    if undecided and not open_undecided:
        text = _disable(text, undecided)
    return _TAGS.sub("", _add_comments(text, comments)).strip("\n") + "\n"


def _list_comments(filters: Sequence[Filter]) -> dict[str, str]:
    """By the name of a rule of Windows, its comment."""
    return {
        f"{chosen['header']['targets'][WINDOWS.platform][0]}_{term['name']}": term["comment"]
        for chosen in filters
        for term in chosen["terms"]
    }


def _add_comments(text: str, comments: dict[str, str]) -> str:
    """The rules of Windows with their comments, which Aerleon 1.18 leaves out, as remarks before them."""

    def remark(match: re.Match[str]) -> str:
        # Once: a rule may take several lines.
        return "".join(f"rem {line}\n" for line in comments.pop(match[1], "").splitlines()) + match[0]

    return _WINDOWS_RULE.sub(remark, text)


def _disable(text: str, names: set[str]) -> str:
    """The rules that are named, disabled."""
    return _NETSH_RULE.sub(
        lambda found: f"{found['start']}{found['name']} enable=no" if found["name"] in names else found[0], text
    )


_NETSH_RULE = re.compile(
    r"^(?P<start>netsh advfirewall firewall add rule name=[^_ ]*_)(?P<name>\S+) enable=yes", re.MULTILINE
)


class _Collector(logging.Handler):
    """Keeps the messages that are logged, from warnings on."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """What Aerleon warns of meanwhile; it stays out of the service's log, where names of plans have no business."""
    logger, collector = logging.getLogger("absl"), _Collector()
    kept = logger.handlers[:], logger.propagate
    logger.handlers[:], logger.propagate = [collector], False
    try:
        yield collector.messages
    finally:
        logger.handlers[:], logger.propagate = kept
