"""One sentence for each kind of event, for partners and reviewers alike, and who it was.

To add a kind is to add a line here. A kind without one is shown by its own name, never left out.
"""

from flask_babel import gettext as _

from cpor_web.consent.stops import FOR_A_REVIEWER
from cpor_web.models import ERASED, Event
from cpor_web.rules.words import N_

SENTENCES = {
    "claim:created": N_("The claim was created."),
    "claim:edited": N_("The claim was edited."),
    "claim:warned": N_("The partner was warned, and went on."),
    "claim:submitted": N_("The claim was submitted for approval."),
    "claim:deleted": N_("The draft was deleted."),
    "claim:review-started": N_("The review started."),
    "claim:information-requested": N_("The reviewer asked for more."),
    "claim:resubmitted": N_("The claim was resubmitted."),
    "claim:approved": N_("The claim was approved."),
    "claim:rejected": N_("The claim was rejected."),
    "claim:taken-over": N_("A reviewer took the claim over."),
    "claim:assigned": N_("The claim was given to another reviewer."),
    "claim:given-back": N_("The claim was given back: no reviewer has it."),
    "claim:competes": N_("It competes with other partners' claims."),
    "claim:preferred": N_(
        "The claim was approved over another partner's association, which ends with the consent period."
    ),
    "claim:contested": N_(
        "Another partner's claim was approved over this one. This association ends once that claim's consent period"
        " has passed without a denial."
    ),
    "claim:replaced": N_("The association ended: another partner's claim took its place."),
    "claim:contact-confirmed": N_("The customer contact %(contact)s was confirmed."),
    "claim:withdrawn": N_("The partner requested the rejection; the claim was rejected."),
    "claim:lapsed": N_("The partner's deadline passed; the claim was rejected."),
    "claim:disputed": N_("The rejection was disputed."),
    "contact:proposed": N_("Another customer contact was proposed: %(contact)s instead of %(instead_of)s."),
    "contact:corrected": N_("The proposed contact was confirmed: %(contact)s instead of %(instead_of)s is asked."),
    "comment:added": N_("A comment was added."),
    "note:added": N_("An internal note was added."),
    "document:uploaded": N_("The document %(filename)s was uploaded."),
    "document:removed": N_("The document %(filename)s was removed before it was submitted."),
    "document:infected": N_("A virus was found in the document %(filename)s. Nobody can download it."),
    "proof:located": N_("The partner said where the proof is."),
    "proof:judged": N_("The reviewer checked the proof."),
    "consent:opened": N_("The customer is asked: a consent period was opened."),
    "consent:started": N_("The notices are out; the consent period started."),
    "consent:extended": N_("The notice was sent again, so the consent period ends later."),
    "consent:stopped": N_("The consent period was stopped: a right contact is needed."),
    "consent:reached": N_("The notice was delivered after all; the consent period begins once every notice is out."),
    "consent:resumed": N_("The consent period goes on, with its full length from now."),
    "consent:denied": N_("The customer denied the association."),
    "consent:denied-by-superseded": N_("A contact who was replaced denied; a reviewer looks at it."),
    "consent:undone": N_("The customer restored the association."),
    "consent:no-objection": N_("The customer has no objection."),
    "consent:wrong-person": N_("The contact is not the right person."),
    "consent:yes-pressed": N_("The customer said yes; it counts once it is confirmed."),
    "consent:yes-confirmed": N_("The customer confirmed the yes."),
    "consent:passed": N_("The consent period passed without a denial."),
    "consent:declined-by-silence": N_(
        "The consent period passed without the customer's yes; the claim was rejected."
    ),
    "reply:noted": N_("The customer replied; a reviewer reads it before the consent period is closed."),
    "reply:read": N_("A reviewer has read the customer's reply."),
    "assessment:queued": N_("The association was sent to be assessed for incentives."),
    "assessment:assessed": N_("The association was assessed for incentives."),
    "assessment:handed-over-again": N_("Message %(sequence)s to the assessor was sent again."),
    "assessment:flagged": N_("The association ended; its assessment was flagged."),
    "assessment:restored": N_("The association was restored; the flag on its assessment was lifted."),
    "mail:queued": N_("A mail was queued."),
    "mail:sent": N_("A mail was sent."),
    "mail:refused": N_("A mail could not be delivered."),
    "mail:bounced": N_("A mail came back."),
    "mail:delayed": N_("A mail is delayed; nothing follows from it yet."),
    "mail:sent-again": N_("A mail was sent again."),
    "mail:unknown": N_("It is not known whether a mail was delivered: the server's answer was lost twice."),
    "mail:dealt-with": N_("A mail that failed was dealt with."),
    "history:erased": N_("Personal values in this history were erased."),
}
"""By kind of event; %(…)s places are filled from the event's data."""

KINDS = {
    "claim": N_("Claim"),
    "document": N_("Documents"),
    "proof": N_("Check of the proof"),
    "comment": N_("Comments"),
    "contact": N_("Contacts"),
    "consent": N_("Consent"),
    "reply": N_("Replies"),
    "assessment": N_("Assessment"),
    "mail": N_("Mails"),
    "history": N_("Erasures"),
}
"""What a history can be filtered by: the part of a kind before the colon."""

_DENIED_LATE = N_("The customer denied the association after the consent period.")
_STARTED_BY_ANOTHER = N_("The review started: another reviewer took the claim.")
_REPLIED_AFTER_DENYING = N_("The customer replied after the denial. A reviewer reads it if the denial is undone.")
_STOPPED_FOR_A_REVIEWER = N_("The consent period was stopped: a reviewer looks into it.")


class _Erased(dict[str, str]):
    """Fills every place of a sentence."""

    def __missing__(self, name: str) -> str:
        return str(_(ERASED))


def told(event: Event) -> str:
    """Return the sentence that tells of `event`, in the reader's language."""
    sentence = _special(event) or SENTENCES.get(event.kind)
    if sentence is None:
        return event.kind
    try:
        return str(_(sentence) % (_Erased() if event.is_erased else event.data))
    except (KeyError, ValueError, TypeError):  # an event of an older version lacks a value
        return str(_(sentence))


def _special(event: Event) -> str | None:
    """Return the sentence of an event that is no everyday one of its kind."""
    if event.kind == "consent:stopped" and event.data.get("why") in FOR_A_REVIEWER:
        return _STOPPED_FOR_A_REVIEWER
    if event.kind == "consent:denied" and event.data.get("late"):
        return _DENIED_LATE
    if event.kind == "reply:noted" and event.data.get("denied"):
        return _REPLIED_AFTER_DENYING
    if event.kind == "claim:review-started" and event.data.get("from"):
        return _STARTED_BY_ANOTHER
    return None


def actor(event: Event) -> str:
    """Return by whom it was done: the name, and the role in the reader's language."""
    role = _(event.role.label)
    if event.is_erased:
        return f"{_(ERASED)} ({role})"
    return role if _(event.actor) == role else f"{event.actor} ({role})"
