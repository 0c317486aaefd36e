"""Tables and their constraints, one noun a file; no behaviour beyond properties."""

from cpor_web.models.assessment import Assessment, AssessmentState
from cpor_web.models.base import Base
from cpor_web.models.checkpoint import Checkpoint, Seal
from cpor_web.models.claim import Claim, ClaimProduct, CustomerContact
from cpor_web.models.closure import Closure
from cpor_web.models.comment import Comment, Note
from cpor_web.models.consent import OPEN_STATES, Answer, AnswerKind, Invitation, Round, RoundState
from cpor_web.models.document import Document
from cpor_web.models.event import ERASED, Event, HistoryHead
from cpor_web.models.handover import Handover, HandoverKind, HandoverState
from cpor_web.models.heartbeat import Heartbeat
from cpor_web.models.holding import Holding
from cpor_web.models.mail import FAILED, FAILED_UNATTENDED, Breaker, Mail, MailState
from cpor_web.models.opening import Client, Opening
from cpor_web.models.partner import MpnId, MpnKind, Partner
from cpor_web.models.received import ReceivedKind, ReceivedMail
from cpor_web.models.user import User

__all__ = [
    "ERASED",
    "FAILED",
    "FAILED_UNATTENDED",
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
    "Event",
    "Handover",
    "HandoverKind",
    "HandoverState",
    "Heartbeat",
    "HistoryHead",
    "Holding",
    "Invitation",
    "Mail",
    "MailState",
    "MpnId",
    "MpnKind",
    "Note",
    "Opening",
    "Partner",
    "ReceivedKind",
    "ReceivedMail",
    "Round",
    "RoundState",
    "Seal",
    "User",
]
