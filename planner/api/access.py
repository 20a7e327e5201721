"""From a token to a plan: who may do what is decided here, for every operation, before anything is read or done."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from planner.api.problems import NOTHING, Problem
from planner.api.spec import read_key
from planner.deploy.turns import in_turn
from planner.sharing import tokens
from planner.store.actions import Sender
from planner.store.admission import admitted, held, lock
from planner.store.comments import Writer
from planner.store.holders import Holder, find_held, note_opening
from planner.store.models import Hold, Plan, make_token
from planner.store.sent_before import Answered, derive, once
from planner.store.token_models import ApiToken


class Bearer(HttpBearer):
    """The token of `Authorization: Bearer`; no cookie counts here, so no other site can ask in one's name."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        """The token, if it works."""
        return tokens.find(token, request.META.get("REMOTE_ADDR", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: by which token, and for whom it acts."""

    token: ApiToken
    holder: Holder

    def sender(self, *, base: int | None = None) -> Sender:
        """The caller as who sends an edit."""
        author = tokens.author_of(self.token)
        return Sender(base=base, author=author, who=author, token=self.token.pk)

    def writer(self) -> Writer:
        """The caller as who comments. What whoever made the token wrote themselves is its own, too."""
        user = self.token.user
        key = f"account {user.pk}" if user is not None else self.token.browser
        return Writer(name=tokens.author_of(self.token), key=key)

    def secret(self, key: str, purpose: str) -> str:
        """A secret of 256 bits, as addresses have them: under the program's own key of the request always the same.

        So it is the same when the request is sent again, and is kept nowhere.
        """
        if not key:
            return make_token()
        return base64.urlsafe_b64encode(bytes.fromhex(derive(self.token, key, purpose))).decode().rstrip("=")


def caller_of(request: HttpRequest) -> Caller:
    """Who asks, of a request that was let in."""
    token: ApiToken = request.auth  # type: ignore[attr-defined]  # Bearer has put it there
    return Caller(token=token, holder=tokens.holder_of(token))


def count_once(request: HttpRequest, said: str, act: Callable[[], Answered]) -> Answered:
    """What `act` answers, or what it answered when the program sent this very request before, under the same key.

    `said` is what the request has in its body; where it is sent to and on what it is based are part of it, too. Raises
    as `planner.store.sent_before.once` does, and Problem for a key that is none.
    """
    based = request.headers.get("If-Match", "")
    asked = f"{request.method} {request.get_full_path()} {based} {said}".encode("utf-8", "surrogatepass")
    return once(caller_of(request).token, read_key(request), asked, act)


def make_once[Row](request: HttpRequest, secret: str, make: Callable[[], Row]) -> Row:
    """The row that `make` makes for a secret of `Caller.secret`, or has made when this very request came before.

    Raises as `count_once` does, and what `make` raises where the row leads nowhere any more.
    """

    def act() -> Answered:
        make()
        return Answered(status=201, answer={})

    count_once(request, secret, act)
    return make()


def check_maker(request: HttpRequest) -> None:
    """Raise Problem unless whoever asks may have plans worked out: anybody where there are no accounts."""
    token = getattr(request, "auth", None)
    if isinstance(token, ApiToken) and token.scope == ApiToken.Scope.RESULTS:
        raise _refuse_scope(token)


def check_makes(caller: Caller, *, writes: bool) -> None:
    """Raise Problem unless the token's scope admits what isn't about one plan: listing plans, or making one."""
    if not tokens.may(caller.token, Hold.Role.EDIT, writes=writes):
        raise _refuse_scope(caller.token)
    if writes and caller.token.plan_id is not None:
        raise Problem(code="not-allowed", detail="This token is for one plan, and makes no other.")


def anybody(request: HttpRequest) -> object:
    """Lets in whoever may make plans, as pages do: with accounts only by a token, else without one, too."""
    if request.headers.get("Authorization"):
        return Bearer()(request)
    return not settings.REQUIRE_LOGIN and "nobody"


@contextmanager
def let_in(
    request: HttpRequest, key: UUID, role: Hold.Role, *, writes: bool = False, document: bool = True,
    results: bool = False, binned: bool = False,
) -> Iterator[Plan]:  # fmt: skip
    """Work on the plan of an address, for those who hold it in that role by a token whose scope admits it.

    `writes`: whether something is to be stored; `document`: whether the plan's document is needed; `results`: whether
    a token that reports results may do it, too; `binned`: whether the plan may be in the bin. Raises Problem: 404 for
    a plan that whoever the token acts for doesn't hold, the same as for none; 403, and 410. Raises turns.NotYet.
    """
    caller = caller_of(request)
    token = caller.token
    hold = find_held(caller.holder, key, document=document)
    if hold is None or token.plan_id not in (None, hold.plan_id):
        raise Problem(code="nothing-here", detail=NOTHING)
    plan = hold.plan
    if plan.gone is not None and plan.gone <= timezone.now():
        raise Problem(code="nothing-here", detail=NOTHING)
    if not (results and token.scope == ApiToken.Scope.RESULTS) and not tokens.may(token, role, writes=writes):
        raise _refuse_scope(token)
    if not hold.allows(role):
        said = f"You may {'edit' if hold.allows(Hold.Role.EDIT) else 'read'} this plan, but not do that."
        raise Problem(code="not-allowed", detail=f"{said} Ask whoever owns it.")
    if plan.deleted is not None and not binned:
        raise Problem(code="in-the-bin", detail=f"It was deleted, and can be restored until {plan.gone:%Y-%m-%d}.")
    size = len(plan.document.get("endpoints", ())) if document else 0
    with in_turn(request.META, size) if document else nullcontext():
        if request.method in ("GET", "HEAD"):
            note_opening(hold)
        request.hold = hold  # type: ignore[attr-defined]  # what readers see differs from what editors see
        with admitted(lambda: held(hold, role), lambda: lock(tokens.still_live(token)).first()):
            yield plan


def check_number(number: int) -> int:
    """The number of a row. Raises Problem for one that no row can have."""
    if not 0 < number < 2**63:
        raise Problem(code="nothing-here", detail="Nothing has this number here.")
    return number


def _refuse_scope(token: ApiToken) -> Problem:
    scope = ApiToken.Scope(token.scope)
    return Problem(code="not-allowed", detail=f"The scope of this token is “{scope.label}”; that isn't in it.")


def is_reader(request: HttpRequest) -> bool:
    """Whether whoever was let in may only read the plan: they see what readers see, and no more."""
    hold: Hold = request.hold  # type: ignore[attr-defined]
    return not hold.allows(Hold.Role.EDIT)
