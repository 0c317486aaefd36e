"""The steps of a claim's way: what each is called, who acts in it, in which words, and what comes after it."""

from dataclasses import dataclass, replace
from enum import StrEnum

from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_


class Who(StrEnum):
    """Whose turn it is."""

    PARTNER = "partner"
    REVIEWER = "reviewer"
    CUSTOMER = "customer"
    NOBODY = "nobody"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    Who.PARTNER: N_("The partner"),
    Who.REVIEWER: N_("A reviewer"),
    Who.CUSTOMER: N_("The customer"),
    Who.NOBODY: N_("Nobody"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A stretch of a claim's way: its name, who acts, what they do, and what comes after it if all goes well.

    The sentences speak to the partner; `for_reviewer` is what reviewers read instead, where that is another one.
    `ahead` is the sentence while the step is still to come. `lasts` names the period (see `rules.deadlines.Periods`)
    that it takes at most.
    """

    name: str
    who: Who
    sentence: str
    then: "Step | None" = None
    ahead: str = ""
    for_reviewer: str = ""
    lasts: str = ""


_ASSESSMENT = N_("Assessment for incentives")
_CONSENT = N_("Approved: the consent period")

ELIGIBLE = Step(
    _ASSESSMENT, Who.NOBODY, N_("The consent period has passed. The association is eligible for incentives.")
)
NOT_ELIGIBLE = Step(
    _ASSESSMENT,
    Who.NOBODY,
    N_("The consent period has passed. The association stands, but is not eligible for incentives."),
)
ASSESSED = Step(
    _ASSESSMENT,
    Who.NOBODY,
    N_("The consent period has passed. The association is assessed for incentives."),
    ahead=N_("The association is assessed for incentives. You read the result and the reasons here."),
)
ASKED = Step(
    _CONSENT,
    Who.CUSTOMER,
    N_("The customer may deny. Without a denial the claim is assessed."),
    ASSESSED,
    ahead=N_("The customer is asked, and can deny. Without a denial the claim is assessed."),
    lasts="consent",
)
ASKED_FOR_YES = Step(
    _CONSENT,
    Who.CUSTOMER,
    N_("The customer must confirm the association, or it ends as declined."),
    ASSESSED,
    lasts="consent",
)
NOTICE = Step(
    _CONSENT, Who.NOBODY, N_("We are sending the customer the notice. Their time to deny starts then."), ASKED
)
IN_DOUBT = Step(
    _CONSENT,
    Who.REVIEWER,
    N_("We do not know whether the notice to the customer was delivered. A reviewer sends it again; no time runs."),
    ASKED,
)
PROPOSED = Step(
    _CONSENT,
    Who.REVIEWER,
    N_("A reviewer confirms the contact that you proposed."),
    ASKED,
    for_reviewer=N_("A reviewer confirms the contact that the partner proposed."),
)
LOOKED_AT = Step(
    _CONSENT, Who.REVIEWER, N_("The consent period stands still. A reviewer decides how it goes on."), ASKED
)
REPLIED = Step(
    _CONSENT,
    Who.REVIEWER,
    N_("A person at the customer has replied. A reviewer reads the reply; the consent period is not closed before."),
    replace(ASKED, lasts=""),  # it has begun before, and goes on
    for_reviewer=N_("Read the customer's reply. The consent period is not closed before."),
)
REPLIED_BEFORE_YES = replace(REPLIED, then=replace(ASKED_FOR_YES, lasts=""))
CONTACT_NEEDED = Step(
    _CONSENT,
    Who.PARTNER,
    N_("The right customer contact is needed, or the claim is rejected. The consent period stands still meanwhile."),
    replace(PROPOSED, ahead=N_("A reviewer confirms the contact that you propose.")),
)
UNDER_REVIEW = Step(
    Status.UNDER_REVIEW.label,
    Who.REVIEWER,
    N_("The reviewer approves, rejects, or asks for more."),
    ASKED,
    lasts="review",
)
DISPUTED = replace(UNDER_REVIEW, sentence=N_("A reviewer takes up the dispute and decides."), lasts="dispute_review")
SUBMITTED = Step(
    Status.SUBMITTED.label, Who.REVIEWER, N_("A reviewer starts the review."), UNDER_REVIEW, lasts="submitted"
)
SENT_BACK = Step(
    Status.PARTNER_ACTION_REQUIRED.label,
    Who.PARTNER,
    N_("Provide what is missing and resubmit, or the claim is rejected."),
    SUBMITTED,
    for_reviewer=N_("The partner provides what is missing and resubmits, or the claim is rejected."),
)
SENT_BACK_UNTOLD = replace(
    SENT_BACK,
    sentence=N_("Provide what is missing and resubmit. Your time starts once our mail is out."),
    for_reviewer=N_("The partner provides what is missing and resubmits. The time starts once our mail is out."),
)
DRAFT = Step(
    Status.EDITING.label,
    Who.PARTNER,
    N_("Complete the draft, with proof of execution, and submit it."),
    SUBMITTED,
)
HELD = {
    ASKED: replace(
        ASKED,
        sentence=N_(
            "The customer may deny. The operator holds all closing, because too many notices were not delivered:"
            " no consent period passes until that is released."
        ),
    ),
    ASKED_FOR_YES: replace(
        ASKED_FOR_YES,
        sentence=N_(
            "The customer must confirm the association. The operator holds all closing, because too many notices were"
            " not delivered: no consent period ends until that is released."
        ),
    ),
    SENT_BACK: replace(
        SENT_BACK,
        sentence=N_(
            "Provide what is missing and resubmit. The operator holds all closing, because too many notices were not"
            " delivered: no deadline passes until that is released."
        ),
        for_reviewer=N_(
            "The partner provides what is missing and resubmits. The operator holds all closing, because too many"
            " notices were not delivered: no deadline passes until that is released."
        ),
    ),
    CONTACT_NEEDED: replace(
        CONTACT_NEEDED,
        sentence=N_(
            "The right customer contact is needed. The operator holds all closing, because too many notices were not"
            " delivered: no deadline passes until that is released."
        ),
    ),
}
"""The steps that would end by themselves, as they are while all closing is held."""

DISPUTABLE = Step(
    Status.REJECTED.label,
    Who.PARTNER,
    N_("You may dispute this rejection once."),
    for_reviewer=N_("The partner may dispute this rejection once."),
)
WITHDRAWN = replace(
    DISPUTABLE,
    sentence=N_(
        "Your organisation asked for this rejection. Nothing needs doing;"
        " if it was a mistake, you may dispute it once."
    ),
    for_reviewer=N_("The partner asked for this rejection, and may dispute it once."),
)
TOO_LATE = Step(
    Status.REJECTED.label,
    Who.NOBODY,
    N_("The time to dispute has passed. You can start a new claim from this one."),
    for_reviewer=N_("The time to dispute has passed. The partner can start a new claim from this one."),
)
FINAL = Step(
    Status.REJECTED.label,
    Who.NOBODY,
    N_("This rejection is final. You can start a new claim from this one."),
    for_reviewer=N_("This rejection is final. The partner can start a new claim from this one."),
)
