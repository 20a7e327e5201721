"""Results of checks: the JSON document that a check script writes, read and checked. Pure.

What it means for a plan is for `planner.engine.acceptance` to say. docs/checks.md describes the format.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.json_schema import WithJsonSchema

from planner.plan import limits
from ports.text import MAX_NAME, cut, many, show_line

FORMAT = 1
Outcome = Literal["open", "refused", "filtered", "unresolved", "error", "unproven", "skipped"]
"""What came of one attempt."""
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
MAX_ERROR = 300
"""How many characters of a system's words are kept."""
_PORT = re.compile(r"[1-9][0-9]{0,4}")


class BadResults(ValueError):
    """The file has no results that can be read. The message is a sentence without the file's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One attempt: a check at one address and port, and what came of it."""

    id: str
    destination: str
    address: str
    """The address that was tried, or the name that isn't known."""
    protocol: str
    port: str | None
    """None for ICMP."""
    outcome: Outcome
    milliseconds: int | None
    error: str | None
    """The system's words, at most MAX_ERROR characters; None where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """One run of one source's script."""

    plan: str
    report: str
    """The digest of the report that the script was made from: `planner.engine.checks.digest_of`."""
    source: str
    host: str
    """The machine that it ran on, as that calls itself."""
    started: datetime
    """In UTC."""
    results: tuple[Result, ...]


YEARS = range(2000, 9999)
"""In which a run can have been made: times at the edges of the calendar have none in other time zones."""


def as_started(time: datetime) -> datetime:
    """When a run was made, in UTC; a time that names no zone is. Raises BadResults where no run was made then."""
    if time.year not in YEARS:
        raise BadResults(
            f"It says that it was made in the year {time.year}; from {YEARS[0]} to {YEARS[-1]} is allowed. "
            "Set that machine's clock."
        )
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)


def _read_port(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _check_port(value: str | None) -> str | None:
    if value is not None and not (_PORT.fullmatch(value) and int(value) <= 65535):
        raise ValueError("a port is a number from 1 to 65535, as text")
    return value


_Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
_Port = Annotated[
    str | None,
    BeforeValidator(_read_port),
    AfterValidator(_check_port),
    WithJsonSchema({"type": ["string", "null"], "pattern": f"^{_PORT.pattern}$"}),
]
_Error = Annotated[str, Field(max_length=10_000), AfterValidator(lambda text: cut(show_line(text), MAX_ERROR))]


class _ResultModel(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    id: Annotated[str, Field(min_length=1, max_length=100)]
    destination: _Name
    address: Annotated[str, Field(min_length=1, max_length=300)]
    protocol: Literal["tcp", "udp", "icmp"]
    port: _Port
    outcome: Outcome
    milliseconds: Annotated[int, Field(ge=0)] | None
    error: _Error | None


class _ResultsModel(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, title="Results of checks")

    format: Literal[1]
    plan: _Name
    report: Annotated[str, Field(min_length=1, max_length=100)]
    source: _Name
    host: Annotated[str, Field(max_length=MAX_NAME)]
    started: AwareDatetime
    results: Annotated[list[_ResultModel], Field(max_length=limits.RESULT_ROWS)]


def read_results(data: bytes) -> Results:
    """Read a file of results: JSON in UTF-8, with or without a byte order mark (Windows PowerShell writes one).

    UTF-16, which that writes with `>`, is read as well. Keys that aren't known are left alone. Raises BadResults with
    one sentence: what is wrong with it, where, and what is allowed.
    """
    if len(data) > limits.RESULTS:
        raise BadResults(f"It has more than {limits.RESULTS // 2**20} MiB, which is the most that is read.")
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadResults(f"It is not UTF-8: the byte at offset {error.start} fits no character.") from None
    try:
        model = _ResultsModel.model_validate_json(text)
    except ValidationError as error:
        raise BadResults(_say(error)) from None
    return Results(
        plan=model.plan,
        report=model.report,
        source=model.source,
        host=cut(show_line(model.host), MAX_NAME),
        started=as_started(model.started),
        results=tuple(
            Result(
                id=one.id,
                destination=one.destination,
                address=one.address,
                protocol=one.protocol,
                port=one.port,
                outcome=one.outcome,
                milliseconds=one.milliseconds,
                error=one.error,
            )
            for one in model.results
        ),
    )


def _say(error: ValidationError) -> str:
    """The first fault in a sentence, and how many more there are."""
    faults = error.errors(include_url=False, include_context=False)
    first = faults[0]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    match first["type"]:
        case "json_invalid":
            said = "It is no JSON document, or it ends too early"
        case "too_long" if where == "results":
            said = f"It has more than {limits.RESULT_ROWS:,} results, which is the most that is read"
        case "missing":
            said = f"{show_line(where)} is missing"
        case _:
            said = f"{show_line(where) or 'The document'}: {show_line(first['msg'])}"
    return said + (f"; and {many(len(faults) - 1, 'more fault')}." if len(faults) > 1 else ".")


def results_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of what `read_results` reads."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_ResultsModel.model_json_schema()}
