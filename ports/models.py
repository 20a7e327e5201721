"""The port matrix as rows. Rows name each other by slug; `ports.matrix` says what holds a matrix together."""

import secrets

from django.db import models

from ports.matrix import ICONS, PROTOCOLS, QUESTION_KINDS, ROLE_KINDS, SEVERITIES, record_key


def new_stamp() -> int:
    """A random number of 62 bits. Random, as a count would come again after a transaction that was rolled back."""
    return secrets.randbits(62)


class MatrixManager(models.Manager["PortMatrix"]):
    """Finds a matrix by its slug, as fixtures name it."""

    def get_by_natural_key(self, slug: str) -> "PortMatrix":
        """The matrix with that slug."""
        return self.get(slug=slug)


class PortMatrix(models.Model):
    """One vendor document, as received; its rows hang below it."""

    slug = models.SlugField(unique=True)
    product = models.CharField(max_length=100)
    document = models.CharField(max_length=200)
    received = models.CharField(max_length=100, help_text="Version or date of the document as it was received")
    digest = models.CharField(max_length=64, editable=False, default="", help_text="SHA-256 of the rows as shipped")
    active = models.BooleanField(default=False, help_text="Plans are evaluated against the active matrix")
    stamp = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="Another number after every change of its rows"
    )

    objects = MatrixManager()

    class Meta:
        verbose_name = "port matrix"
        verbose_name_plural = "port matrices"
        constraints = (
            models.UniqueConstraint(fields=["active"], condition=models.Q(active=True), name="one_active_matrix"),
        )

    def __str__(self) -> str:
        return f"{self.product} {self.document}, as received {self.received}"

    def natural_key(self) -> tuple[str]:
        """What fixtures call it."""
        return (self.slug,)


class RowManager(models.Manager["Row"]):
    """Finds a row by its matrix and its key within it, as fixtures name it."""

    def get_by_natural_key(self, matrix: str, key: str) -> "Row":
        """The row with that key in the matrix with that slug."""
        return self.get(**{"matrix__slug": matrix, record_key(self.model._meta.model_name or ""): key})


class Row(models.Model):
    """A row of a matrix, at its position among rows of its kind."""

    matrix = models.ForeignKey(PortMatrix, on_delete=models.CASCADE, related_name="%(class)ss")
    position = models.PositiveIntegerField(default=0)

    objects = RowManager()

    class Meta:
        abstract = True
        ordering = ("matrix", "position")

    def natural_key(self) -> tuple[str, str]:
        """What fixtures call it."""
        return (self.matrix.slug, getattr(self, record_key(self._meta.model_name or "")))


class SluggedRow(Row):
    """A row that others name by its slug."""

    slug = models.CharField(max_length=100)

    class Meta(Row.Meta):
        abstract = True
        constraints = (models.UniqueConstraint(fields=["matrix", "slug"], name="unique_%(class)s"),)

    def __str__(self) -> str:
        return self.slug


def _list(**options: object) -> models.JSONField:
    return models.JSONField(default=list, blank=True, **options)  # type: ignore[arg-type]


def _mapping(**options: object) -> models.JSONField:
    return models.JSONField(default=dict, blank=True, **options)  # type: ignore[arg-type]


def _choices(values: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(value, value) for value in values]


def _icon() -> models.CharField:
    return models.CharField(
        max_length=20, choices=_choices(ICONS), blank=True, default="", help_text="What it looks like in diagrams"
    )


class Section(Row):
    """A section of the document."""

    number = models.CharField(max_length=20)
    title = models.CharField(max_length=200)

    class Meta(Row.Meta):
        constraints = (models.UniqueConstraint(fields=["matrix", "number"], name="unique_section"),)

    def __str__(self) -> str:
        return f"§{self.number} {self.title}"


class Role(SluggedRow):
    """What an endpoint does, or a group of such roles."""

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=_choices(ROLE_KINDS))
    label = models.CharField(max_length=60, help_text="Short, for chips and tables")
    icon = _icon()
    description = models.TextField(blank=True)
    is_a = _list(help_text="Slugs of the groups that this role belongs to")
    exclusive = models.BooleanField(default=False, help_text="An endpoint holds one role of this group at most")


class Platform(SluggedRow):
    """A kind of managed system."""

    name = models.CharField(max_length=200)
    icon = _icon()


class Operation(SluggedRow):
    """Something that is done to managed systems."""

    name = models.CharField(max_length=200)
    section = models.CharField(max_length=20)
    needs_platform = models.BooleanField(default=True)


class Session(SluggedRow):
    """A kind of remote session."""

    name = models.CharField(max_length=200)


class Service(SluggedRow):
    """A named protocol and destination port."""

    name = models.CharField(max_length=200)
    protocol = models.CharField(max_length=10, choices=_choices(PROTOCOLS))
    ports = models.CharField(max_length=20, blank=True, help_text="443 or 49152-65535; empty for ICMP")
    configurable = models.BooleanField(default=False, help_text="Plans may override the port")
    listener = models.CharField(max_length=100, blank=True, help_text="Services of one listener share a socket")


class Choice(SluggedRow):
    """A decision that the document leaves to its reader."""

    name = models.CharField(max_length=200)
    question = models.CharField(max_length=300)
    sections = _list()
    options = _list(help_text="A list of {slug, name, consequence}")
    many = models.BooleanField(default=False)
    default = models.JSONField(null=True, blank=True, help_text="A list of options; null starts undecided")


class Pairing(SluggedRow):
    """How the sources of a target are found."""

    name = models.CharField(max_length=200)
    managed_by = models.BooleanField(default=False)
    near = models.CharField(max_length=100)
    fallback = models.CharField(max_length=100)
    fallback_not_in = _list()
    near_section = models.CharField(max_length=20, blank=True)


class Requirement(SluggedRow):
    """One row or sentence of the document: who must reach whom, on which services, when."""

    section = models.CharField(max_length=20)
    topic = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=200, help_text="The document's own name of the row")
    summary = models.TextField()
    source = models.CharField(max_length=100, blank=True)
    destination = models.CharField(max_length=100, blank=True)
    pairing = models.CharField(max_length=100, blank=True)
    target = _mapping()
    services = _list()
    when = _list()
    correction = models.CharField(max_length=100, blank=True)


class Caveat(SluggedRow):
    """Where the document is probably wrong, ambiguous or silent."""

    sections = _list()
    title = models.CharField(max_length=200)
    text = models.TextField()
    about = _mapping()
    correction = models.CharField(max_length=300, blank=True)
    service_ports = _mapping()


class Check(Row):
    """A finding that follows from the matrix."""

    code = models.CharField(max_length=100)
    severity = models.CharField(max_length=20, choices=_choices(SEVERITIES))
    subject = models.CharField(max_length=100)
    message = models.TextField()
    advice = models.TextField()
    when = _list()
    needs = _list()
    opening = _mapping()

    class Meta(Row.Meta):
        constraints = (models.UniqueConstraint(fields=["matrix", "code"], name="unique_check"),)

    def __str__(self) -> str:
        return self.code


class Question(SluggedRow):
    """A question whose answers describe a topology."""

    title = models.CharField(max_length=200)
    topic = models.CharField(max_length=200, help_text="The heading that it stands under")
    text = models.TextField()
    kind = models.CharField(max_length=10, choices=_choices(QUESTION_KINDS))
    module = models.BooleanField(default=False, help_text="Can be switched on and off in a plan")
    off = models.CharField(max_length=100, blank=True, help_text="The option that switches the module off")
    roles = _list(help_text="Slugs of the roles whose presence means that the module is on")
    when = _mapping(help_text="{question, options}: asked only after these answers to an earlier question")
    default = _list(help_text="Options that it counts as when it is skipped")
    options = _list(help_text="A list of {slug, name, consequence, effect}")
    each = _mapping(help_text="For a list: {zones, endpoints} that there are once for each name")


ROWS: tuple[type[Row], ...] = (
    Section, Role, Platform, Operation, Session, Service, Choice, Pairing, Requirement, Caveat, Check, Question,
)  # fmt: skip
