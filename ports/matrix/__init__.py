"""The port matrix as frozen values: what a vendor's document asks for.

Pure: neither Django nor I/O. `build_matrix` turns plain records (fixture entries or database rows) into one
checked `Matrix`; `find_faults` says in sentences what is wrong with records that are none. A kind of row is declared
once, in the module of its subject (`basics`, `requirements`, `rule_groups`, `prohibitions`, `caveats`, `questions`,
`topologies`);
`rows` says what follows from that.
The vocabulary that requirements are written in is documented in docs/matrix-format.md.
"""

from ports.matrix.amendments import Conflict, NotAmendable, amend, build_amended
from ports.matrix.basics import Choice, Document, Operation, Option, Platform, Role, Section, Service, Session
from ports.matrix.caveats import About, Caveat, Check, Opening
from ports.matrix.effects import Effect, EndpointTemplate, Grant, Repeat, RepeatOf, ZoneTemplate
from ports.matrix.prohibitions import Prohibition
from ports.matrix.questions import Answer, Follows, Question
from ports.matrix.reading import (
    FIELDS,
    HEAD,
    MatrixError,
    Record,
    Records,
    build_matrix,
    complete,
    digest_records,
    find_faults,
    record_key,
)
from ports.matrix.requirements import (
    AnyOf,
    Ask,
    ChoiceIs,
    Condition,
    Pairing,
    Reason,
    Requirement,
    RoleAbsent,
    RolePresent,
    Simple,
    Target,
    choices_in,
    list_simple,
)
from ports.matrix.rows import KINDS, Row
from ports.matrix.rule_groups import RuleGroup
from ports.matrix.topologies import Topology, TopologyEndpoint, TopologyZone
from ports.matrix.vocabulary import (
    ICONS,
    PLACEHOLDER,
    PROTOCOLS,
    QUESTION_KINDS,
    ROLE_KINDS,
    SEVERITIES,
    ZONE_KINDS,
    port_span,
    product_slug,
    read_port_list,
    read_ports,
    read_typed_ports,
    section_key,
    split_ports,
)
from ports.matrix.whole import Amendment, Matrix

__all__ = [
    "FIELDS", "HEAD", "ICONS", "KINDS", "PLACEHOLDER", "PROTOCOLS", "QUESTION_KINDS", "ROLE_KINDS", "SEVERITIES",
    "ZONE_KINDS", "About", "Amendment", "Answer", "AnyOf", "Ask", "Caveat", "Check", "Choice", "ChoiceIs",
    "Condition", "Conflict", "Document", "Effect", "EndpointTemplate", "Follows", "Grant", "Matrix", "MatrixError",
    "NotAmendable", "Opening", "Operation", "Option", "Pairing", "Platform", "Prohibition", "Question", "Reason",
    "Record", "Records", "Repeat", "RepeatOf", "Requirement", "Role", "RoleAbsent", "RolePresent", "Row", "RuleGroup",
    "Section", "Service", "Session", "Simple", "Target", "Topology", "TopologyEndpoint", "TopologyZone",
    "ZoneTemplate", "amend", "build_amended", "build_matrix", "choices_in", "complete", "digest_records",
    "find_faults", "list_simple", "port_span", "product_slug", "read_port_list", "read_ports", "read_typed_ports",
    "record_key", "section_key", "split_ports",
]  # fmt: skip
