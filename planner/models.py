"""Where Django looks for the models of plans; they are in `planner.store.models`. Old migrations name what is here."""

from planner.store.account_models import Login, SecondFactor
from planner.store.compared_models import Compared
from planner.store.job_models import Job, Piece
from planner.store.models import (
    Attempt,
    Event,
    Handover,
    Hold,
    Opening,
    Plan,
    Revision,
    ShareLink,
    Viewer,
    Withdrawal,
    make_operation,
)
from planner.store.push_models import Push
from planner.store.run_models import CheckRun, UploadToken
from planner.store.token_models import ApiToken, SentBefore

__all__ = [
    "ApiToken",
    "Attempt",
    "CheckRun",
    "Compared",
    "Event",
    "Handover",
    "Hold",
    "Job",
    "Login",
    "Opening",
    "Piece",
    "Plan",
    "Push",
    "Revision",
    "SecondFactor",
    "SentBefore",
    "ShareLink",
    "UploadToken",
    "Viewer",
    "Withdrawal",
    "make_operation",
]
