"""Large documents of plans, kept in the memory of a process as they were read or written last.

The document of a plan of thousands of endpoints is a few MB of JSON, and one request comes across it several times: it
takes the plan, its lock, and the plan once more when it is changed. What was read of the same text, or written as it,
is the same value, so it is read once. Nobody changes a document: an edit makes another one.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import models

from planner.store.recent import Recent

LONG = 200_000
"""So many characters a text has to have to be kept."""


class _Known(NamedTuple):
    document: Any
    length: int


_documents: Recent[_Known] = Recent(lambda known: known.length // 40, count=4)  # as heavy as so many flows
_proofs: Recent["_Proven"] = Recent(lambda _: 1, count=4)


class DocumentField(models.JSONField):
    """JSON that is read once from the same text, if that is long. It is the same column as any JSON."""

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """What migrations call it."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The document of a text: the one that it was read as, or written from, where that is known."""
        read = super().from_db_value
        if not isinstance(value, str) or len(value) < LONG:
            return read(value, expression, connection)
        return _documents.find(value, lambda: _Known(read(value, expression, connection), len(value))).document

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """The text of a document. Where the database keeps it as it is, what is read of it is the document itself."""
        text = super().get_db_prep_value(value, connection, prepared)
        if isinstance(text, str) and len(text) >= LONG:
            _documents.keep(text, _Known(value, len(text)))
        return text


class _Proven(NamedTuple):
    document: object
    proof: bytes
    length: int


def find_proof(document: Mapping[str, Any]) -> bytes | None:
    """What `keep_proof` was told of this very object; None where that isn't known."""
    known = _find(document)
    return known.proof if known else None


def find_length(document: Mapping[str, Any]) -> int | None:
    """How many characters `keep_proof` was told that this very object takes; None where that isn't known."""
    known = _find(document)
    return known.length if known else None


def _find(document: object) -> _Proven | None:
    known = _proofs.get(id(document))
    return known if known is not None and known.document is document else None


def keep_proof(document: Mapping[str, Any], proof: bytes, length: int) -> None:
    """Remember the hash of a long document, and how many characters its JSON takes, in ASCII and without spaces."""
    _proofs.keep(id(document), _Proven(document, proof, length))
