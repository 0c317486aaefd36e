"""Tables and their constraints, one noun a file; no behaviour beyond properties."""

from cpor_web.models import words as words  # the functions that an index of claims needs
from cpor_web.models.assessment import Assessment, AssessmentState
from cpor_web.models.base import ERASED, Base
from cpor_web.models.checkpoint import Checkpoint, Seal
from cpor_web.models.claim import IS_PROPOSED, Claim, ClaimProduct, CustomerContact
from cpor_web.models.closure import Closure
from cpor_web.models.comment import Comment, Note
from cpor_web.models.consent import COUNTS, OPEN_STATES, Answer, AnswerKind, Invitation, Round, RoundState
from cpor_web.models.document import Document, Scan
from cpor_web.models.download import Download
from cpor_web.models.erasure import Erasure
from cpor_web.models.event import Event, HistoryHead
from cpor_web.models.handover import Handover, HandoverKind, HandoverState
from cpor_web.models.heartbeat import Heartbeat
from cpor_web.models.holding import Holding
from cpor_web.models.identity import Identity
from cpor_web.models.mail import FAILED, FAILED_UNATTENDED, Breaker, Mail, MailState
from cpor_web.models.opening import Client, Opening
from cpor_web.models.partner import MpnId, MpnKind, Partner
from cpor_web.models.passkey import Passkey
from cpor_web.models.proof_cell import ProofCell, Verdict
from cpor_web.models.received import ReceivedKind, ReceivedMail
from cpor_web.models.replacement import Replacement
from cpor_web.models.saved_filter import SavedFilter
from cpor_web.models.security_event import FailedSignIns, SecurityEvent, SecurityKind
from cpor_web.models.sign_in import Ended, SignIn
from cpor_web.models.user import User
from cpor_web.models.weekly_figure import Measure, WeeklyFigure

__all__ = [
    "COUNTS",
    "ERASED",
    "FAILED",
    "FAILED_UNATTENDED",
    "IS_PROPOSED",
    "OPEN_STATES",
    "Answer",
    "AnswerKind",
    "Assessment",
    "AssessmentState",
    "Base",
    "Breaker",
    "Checkpoint",
    "Claim",
    "ClaimProduct",
    "Client",
    "Closure",
    "Comment",
    "CustomerContact",
    "Document",
    "Download",
    "Ended",
    "Erasure",
    "Event",
    "FailedSignIns",
    "Handover",
    "HandoverKind",
    "HandoverState",
    "Heartbeat",
    "HistoryHead",
    "Holding",
    "Identity",
    "Invitation",
    "Mail",
    "MailState",
    "Measure",
    "MpnId",
    "MpnKind",
    "Note",
    "Opening",
    "Partner",
    "Passkey",
    "ProofCell",
    "ReceivedKind",
    "ReceivedMail",
    "Replacement",
    "Round",
    "RoundState",
    "SavedFilter",
    "Scan",
    "Seal",
    "SecurityEvent",
    "SecurityKind",
    "SignIn",
    "User",
    "Verdict",
    "WeeklyFigure",
]
