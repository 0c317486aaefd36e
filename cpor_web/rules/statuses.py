"""The six statuses of a claim, with the guide's names and what each means."""

from enum import StrEnum

from cpor_web.rules.words import N_


class Status(StrEnum):
    """Where a claim stands. These six and no others."""

    EDITING = "editing"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under-review"
    PARTNER_ACTION_REQUIRED = "partner-action-required"
    APPROVED = "approved"
    REJECTED = "rejected"

    @property
    def label(self) -> str:
        """The guide's name."""
        return _LABELS[self]

    @property
    def meaning(self) -> str:
        """What the status says, in one sentence."""
        return _MEANINGS[self]


_LABELS = {
    Status.EDITING: N_("Editing"),
    Status.SUBMITTED: N_("Submitted"),
    Status.UNDER_REVIEW: N_("Under review"),
    Status.PARTNER_ACTION_REQUIRED: N_("Partner action required"),
    Status.APPROVED: N_("Approved"),
    Status.REJECTED: N_("Rejected"),
}

_MEANINGS = {
    Status.EDITING: N_("A draft. It stays here until proof of execution is uploaded and the claim is submitted."),
    Status.SUBMITTED: N_("Submitted; a reviewer has not started yet."),
    Status.UNDER_REVIEW: N_("A reviewer has started and will decide."),
    Status.PARTNER_ACTION_REQUIRED: N_("The reviewer needs more. Provide it and resubmit."),
    Status.APPROVED: N_("Approved by the reviewer. Approved does not mean paid."),
    Status.REJECTED: N_("The claim was rejected."),
}

WAITING_FOR_PARTNER = (Status.EDITING, Status.PARTNER_ACTION_REQUIRED)
"""In these the partner has the claim to hand in, or to hand in again."""

WAITING_FOR_OPERATOR = (Status.SUBMITTED, Status.UNDER_REVIEW)
"""In these a reviewer is to act, by a deadline of the operator's own."""

ASSIGNABLE = (*WAITING_FOR_OPERATOR, Status.PARTNER_ACTION_REQUIRED)
"""In these a claim is some reviewer's work, or will be."""

STANDING = (*ASSIGNABLE, Status.APPROVED)
"""In these a claim is, or may become, an association."""
