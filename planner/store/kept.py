"""How the document of a revision is kept: whole now and then, and in between as what differs from the one before.

Why, and what was left: docs/adr/0020-differences-between-snapshots.md. Reading any revision takes one snapshot and at
most EVERY differences, which together are no larger than the snapshot is. What is read is held against a hash of the
document; what doesn't fit is `Damaged` and never guessed. Earlier versions kept each document whole, as JSON: such
rows stay as they are.
"""

import hashlib
import json
import logging
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Self

from django.apps import apps
from django.db import DatabaseError, models
from django.db.models.functions import Length

from planner.plan.differences import apply_difference, find_difference
from planner.store.documents import LONG, find_proof, keep_proof
from ports.written import Written

_logger = logging.getLogger(__name__)
Document = Mapping[str, Any]

EVERY = 32
"""At most so many differences stand between two snapshots."""
LARGE = "whole", "packed"
"""The columns that a document is in: to be deferred by who doesn't need it."""


class Damaged(DatabaseError):
    """What is kept of a revision isn't what was stored."""


class Link(NamedTuple):
    """What must be known of a revision to put the next one behind it."""

    behind: int | None
    """How many differences lie between its snapshot and it; None for a document that an earlier version kept whole."""
    proof: bytes | None
    size: int | None
    """Bytes."""


def prove(document: Document) -> bytes:
    """A hash of what a document says, whatever the order of its keys, in which databases differ."""
    known = find_proof(document)
    if known is None:
        text = _write(document)
        known = hashlib.blake2b(text, digest_size=16).digest()
        if len(text) >= LONG:
            keep_proof(document, known, len(text))
    return known


def _write(data: object) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":")).encode()


def _pack(data: object) -> bytes:
    # In the order in which keys are, so that a document comes out of either database as it went in.
    return zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 3)


def _unpack(packed: bytes | memoryview | None) -> Any:
    return json.loads(zlib.decompress(packed or b""))


class Proofs(NamedTuple):
    """Hashes of the document before an edit, and of the one after it."""

    before: bytes
    after: bytes


class Chain:
    """The newest revisions of a plan, oldest first, to which one after the other is added."""

    def __init__(self, links: Iterable[Link] = ()) -> None:
        self._links = list(links)

    def add(self, before: Document | None, after: Document, proofs: Proofs | None = None) -> dict[str, Any]:
        """The values of the columns of a new revision with the document `after`.

        `before` is the document of the newest revision, None where there is none. Where it isn't the one of the last
        link, or a difference isn't worth it, the document is kept whole. `proofs` are those of both, where they
        are known.
        """
        proof = proofs.after if proofs else prove(after)
        difference = None
        if before is not None:
            difference = self._find_difference(before, after, proofs.before if proofs else prove(before))
        if difference is None:
            packed, behind = _pack(after), 0
            self._links = []
        else:
            packed, behind = difference, len(self._links)
        self._links.append(Link(behind, proof, len(packed)))
        return {"packed": packed, "behind": behind, "proof": proof}

    def _find_difference(self, before: Document, after: Document, proof: bytes) -> bytes | None:
        """The difference, unless a snapshot is due."""
        if not self._links:
            return None
        last = self._links[-1]
        if last.behind is None or not 0 <= last.behind < min(EVERY, len(self._links)):
            return None
        self._links = self._links[-1 - last.behind :]
        if [link.behind for link in self._links] != list(range(last.behind + 1)) or last.proof != proof:
            return None
        packed = _pack(find_difference(before, after))
        snapshot, *differences = (link.size or 0 for link in self._links)
        return packed if sum(differences) + len(packed) <= snapshot else None


class KeptDocument(models.Model):
    """A row with a document, a state of what others of its table have other states of."""

    number: Any
    whole = models.JSONField(
        db_column="document", default=dict, editable=False, help_text="As earlier versions kept it; empty where packed"
    )
    packed = models.BinaryField(null=True, help_text="The document or what differs from the one before, compressed")
    behind = models.IntegerField(
        null=True, editable=False, help_text="How many differences lie between the last whole document and this row"
    )
    proof = models.BinaryField(null=True, help_text="A hash of the document")

    class Meta:
        abstract = True

    _document: dict[str, Any] | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The document; another query where differences have to be applied. Raises Damaged."""
        return self.load()

    @document.setter
    def document(self, document: dict[str, Any]) -> None:
        """Keep a document whole."""
        for column, value in Chain().add(None, document).items():
            setattr(self, column, value)
        self._document = document

    def load(self) -> dict[str, Any]:
        """Read the document, unless it has been read."""
        if self._document is None:
            if self.behind is None:
                self._document = self.whole
            else:
                links = [self] if self.behind == 0 else list(self._list_links())
                self._document = _unfold(self, links)
        return self._document

    def refresh_from_db(self, *args: Any, **named: Any) -> None:
        """Read the row anew."""
        super().refresh_from_db(*args, **named)
        self._document = None

    def _list_links(self) -> Iterable["KeptDocument"]:
        """The rows from the snapshot to this one."""
        raise NotImplementedError

    def follow(self, before: Self) -> None:
        """Take the document of the row before, which has been read, to have one's own of it."""
        if before._document is not None and self.behind and self.behind - 1 == before.behind:
            self._document = _unfold(self, [self], before._document)


def _unfold(row: KeptDocument, links: Sequence[KeptDocument], document: Document | None = None) -> dict[str, Any]:
    """The document of the last of the links, which is the row, beginning with a document or else with a snapshot."""
    start = 0 if document is None else (row.behind or 0)
    try:
        if [link.behind for link in links] != list(range(start, (row.behind or 0) + 1)):
            raise ValueError("a link is missing")
        for link in links:
            said = _unpack(link.packed)
            document = said if document is None else apply_difference(document, said)
        if not isinstance(document, dict) or row.proof is None or prove(document) != bytes(row.proof):
            raise ValueError("it is another document")
    except (ValueError, zlib.error, RecursionError) as error:
        raise Damaged(f"What is kept of revision {row.number} is damaged.") from error
    return document


def read_in_order[Row: KeptDocument](rows: Iterable[Row]) -> Iterator[Row]:
    """The rows, by number, with their documents: each is made of the one before where that came too."""
    last: Row | None = None
    for row in rows:
        if last is not None and last.number == row.number - 1:
            row.follow(last)
        row.load()
        yield row
        last = row


def _write_links(plan: int, first: int, last: int) -> "models.QuerySet[Any, Any]":
    revisions = apps.get_model("planner", "Revision")._default_manager
    rows = revisions.filter(plan=plan, number__gte=first, number__lte=last).order_by("number")
    return rows.values_list("number", "behind", "proof", Length("packed"))


_links = Written(_write_links, 2**62, 2**30, 2**30 + 1)


def list_links(plan: int, newest: int) -> list[Link]:
    """The links of the revisions of a plan that a new one may stand behind; `newest` is the number of the last."""
    found = _links.ask(plan, newest - EVERY, newest)
    if not found or found[-1][0] != newest:
        return []
    return [Link(behind, None if proof is None else bytes(proof), size) for _, behind, proof, size in found]


def read_documents(plan: Any, numbers: Iterable[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Some revisions of a plan by number, with their documents, in two queries for a hundred.

    Those that aren't there are left out, and those that are damaged, which the log tells.
    """
    revisions = plan.revisions
    wanted = sorted(set(numbers))
    for first in range(0, len(wanted), _AT_ONCE):
        some = frozenset(wanted[first : first + _AT_ONCE])
        spans = models.Q(pk=None)
        for number, behind in revisions.filter(number__in=some).values_list("number", "behind"):
            spans |= models.Q(number__range=(number - (behind or 0), number))
        links: list[KeptDocument] = []
        for row in revisions.filter(spans).order_by("number").iterator(chunk_size=10):
            links = [*links, row] if row.behind else [row]
            if row.number in some:
                try:
                    document = row.whole if row.behind is None else _unfold(row, links)
                except Damaged as error:
                    _logger.error("plan %s: %s", plan.key, error)
                else:
                    yield row.number, document


_AT_ONCE = 100
