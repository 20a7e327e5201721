"""A table of endpoints as a file or pasted, and what of it is shown before it is stored."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError

from planner.plan.endpoint_import import Column, Comparison, Missing, Summed, Wishes, compare, list_targets
from planner.plan.endpoint_table import MAX_BYTES, Sheet, TableError, decode, read_sheet
from planner.plan.kinds import KINDS
from planner.web.forms.plans import EditForm
from ports.matrix import Matrix
from ports.text import many

LISTED = 50
"""Most faults, changes and zones that the page lists of each."""
FOLDED = 2_000
"""Most of each that it has, the folded ones counted in."""
NAMED = 20
"""Most new endpoints that it names."""


class Mapped(NamedTuple):
    """A column of the table, with what it can be read as."""

    column: Column
    options: list[tuple[str, str, bool]]


class EndpointsImportForm(EditForm):
    """A table of endpoints. After validation `sheet` is what was read; `comparison` what it comes to on a plan."""

    file = forms.FileField(required=False, allow_empty_file=True)
    text = forms.CharField(required=False, strip=False)
    confirmed = forms.BooleanField(required=False)

    sheet: Sheet | None = None
    comparison: Comparison | None = None
    source = ""
    """The table as text, which what is shown of it carries along."""
    faults: tuple[Summed, ...] = ()
    asked = False
    """Whether it has to be confirmed."""

    def clean(self) -> dict[str, Any]:
        """Read the table; its faults are kept for the page to list."""
        file, text = self.cleaned_data.get("file"), self.cleaned_data.get("text") or ""
        if self.errors:
            return self.cleaned_data
        if file and text.strip():
            raise ValidationError("There is a file and a pasted table; give one of them.")
        if not file and not text.strip():
            raise ValidationError("Choose a file or paste a table.")
        data = file.read(MAX_BYTES + 1) if file else text.encode("utf-8", "surrogatepass")
        size = file.size if file else len(data)
        if size > MAX_BYTES:
            raise ValidationError(f"The table has {size / 2**20:.1f} MiB; at most {MAX_BYTES // 2**20} MiB are read.")
        try:
            self.sheet = read_sheet(data)
            self.source = decode(data)
        except TableError as error:
            self._refuse([Summed(fault.where, fault.message, 1) for fault in error.faults], len(error.faults))
        return self.cleaned_data

    def compare_with(self, document: Mapping[str, Any], matrix: Matrix) -> Comparison | None:
        """What a valid form's table comes to on a plan document."""
        if self.sheet is not None:
            self.comparison = compare(self.sheet, document, self.wishes, matrix=matrix)
        return self.comparison

    def ask(self) -> None:
        """Nothing is stored: what the table comes to has to be confirmed, or to be mended first."""
        self.asked = True
        if self.comparison and (self.comparison.faults or self.comparison.trouble):
            trouble = [Summed(fault.where, fault.message, 1) for fault in self.comparison.trouble]
            count = len(self.comparison.faults) + len(trouble)
            self._refuse([*trouble, *self.comparison.summed], count)

    def _refuse(self, faults: list[Summed], count: int) -> None:
        self.faults = tuple(faults)
        self.add_error(None, f"The table has {many(count, 'fault')}; nothing was added.")

    @property
    def is_looked_at(self) -> bool:
        """Whether it comes from what was shown of it, where something is decided about it."""
        return bool(self.data.get("mapped"))

    @property
    def wishes(self) -> Wishes:
        """What its sender has decided so far."""
        data = self.data
        places = range(len(self.sheet.header) if self.sheet and self.is_looked_at else 0)
        zones = dict(zip(data.getlist("made"), data.getlist("made_kind"), strict=False))
        asked = data.get("make", "")
        for at in range(LISTED):
            name, kind = data.get(f"missing-{at}"), data.get(f"kind-{at}", "")
            if name and asked in (str(at), "all"):
                zones[name] = kind
        return Wishes(
            columns={place: data.get(f"column-{place}", "") for place in places},
            zones={name: kind for name, kind in zones.items() if kind in KINDS},
            zone=data.get("zone", ""),
            clears=bool(data.get("clears")),
        )

    # ---- what the page shows ----

    @property
    def listed(self) -> tuple[Summed, ...]:
        """The faults that the page lists."""
        return self.faults[:LISTED]

    @property
    def folded(self) -> tuple[Summed, ...]:
        """Those that it folds."""
        return self.faults[LISTED:FOLDED]

    @property
    def beyond(self) -> int:
        """How many it doesn't name at all."""
        return max(0, len(self.faults) - FOLDED)

    @property
    def mapped(self) -> list[Mapped]:
        """The columns of the table, each with what it can be read as."""
        targets = list_targets().items()
        columns = self.comparison.columns if self.comparison else ()
        return [
            Mapped(column, [(key, title, key == column.field) for key, title in (("", "left out"), *targets)])
            for column in columns
        ]

    @property
    def is_foreign(self) -> bool:
        """Whether a column is headed otherwise than downloads are."""
        return any(not column.own for column in (self.comparison.columns if self.comparison else ()))

    @property
    def missing(self) -> tuple[Missing, ...]:
        """The zones that aren't there, as many as are listed."""
        return self.comparison.missing[:LISTED] if self.comparison else ()

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that a zone can be of."""
        return tuple(KINDS)

    @property
    def summary(self) -> str:
        """2 new, 1 changed, 20 the same, 1 faulty."""
        if self.comparison is None:
            return ""
        found = self.comparison
        lines = len({fault.line for fault in found.faults})
        counts = (len(found.new), "new"), (len(found.changed), "changed"), (found.same, "the same"), (lines, "faulty")
        return ", ".join(f"{count:,} {word}" for count, word in counts)

    @property
    def named(self) -> tuple[str, ...]:
        """The new endpoints that are named."""
        return self.comparison.new[:NAMED] if self.comparison else ()

    @property
    def also_new(self) -> tuple[str, ...]:
        """Those that are folded."""
        return self.comparison.new[NAMED:FOLDED] if self.comparison else ()

    @property
    def differing(self) -> tuple[Any, ...]:
        """The changed endpoints that are listed."""
        return self.comparison.changed[:LISTED] if self.comparison else ()

    @property
    def also_differing(self) -> tuple[Any, ...]:
        """Those that are folded."""
        return self.comparison.changed[LISTED:FOLDED] if self.comparison else ()

    @property
    def left_out(self) -> tuple[tuple[str, int], ...]:
        """What has no place in a plan, as much as is listed."""
        return self.comparison.left_out[:LISTED] if self.comparison else ()

    @property
    def offer(self) -> str:
        """What the button says that stores it; empty where there is nothing to be stored."""
        found = self.comparison
        if found is None or found.trouble or not found.count:
            return ""
        return f"Store {many(found.count, 'row')}" + (" without the faulty ones" if found.faults else "")
