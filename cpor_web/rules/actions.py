"""What can happen to a claim, by the words of the process."""

from enum import StrEnum

from cpor_web.rules.words import N_


class Action(StrEnum):
    """Everything that can happen to a claim's status."""

    CREATE = "create"
    SUBMIT = "submit"
    DELETE = "delete"
    START_REVIEW = "start-review"
    REQUEST_INFORMATION = "request-information"
    RESUBMIT = "resubmit"
    APPROVE = "approve"
    REJECT = "reject"
    TAKE_OVER = "take-over"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"
    DENY = "deny"
    PASS = "pass"  # noqa: S105 - a window passes
    DECLINE_BY_SILENCE = "decline-by-silence"
    CONTACT_LAPSE = "contact-lapse"
    DISPUTE = "dispute"
    UNDO_DENIAL = "undo-denial"
    REPLACE = "replace"

    @property
    def label(self) -> str:
        """The words on the button, or for what happens by itself, in the sentence that tells of it."""
        return _LABELS[self]


_LABELS = {
    Action.CREATE: N_("Add customer"),
    Action.SUBMIT: N_("Submit for approval"),
    Action.DELETE: N_("Delete draft"),
    Action.START_REVIEW: N_("Start review"),
    Action.REQUEST_INFORMATION: N_("Request information"),
    Action.RESUBMIT: N_("Resubmit"),
    Action.APPROVE: N_("Approve"),
    Action.REJECT: N_("Reject"),
    Action.TAKE_OVER: N_("Take over"),
    Action.WITHDRAW: N_("Request rejection"),
    Action.LAPSE: N_("The partner's deadline passes"),
    Action.DENY: N_("Deny this association"),
    Action.PASS: N_("The consent period passes"),
    Action.DECLINE_BY_SILENCE: N_("The consent period passes without the customer's yes"),
    Action.CONTACT_LAPSE: N_("The deadline for a right contact passes"),
    Action.DISPUTE: N_("Dispute"),
    Action.UNDO_DENIAL: N_("Restore the association"),
    Action.REPLACE: N_("Another claim takes its place"),
}
