"""The process as data: which action is allowed in which status, by whom, and what follows.

Pages offer what `offered` allows, `lifecycle.advance` refuses what `find` refuses, and the documentation draws
its picture from `TABLE`: three readers, one truth.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from cpor_web.rules.actions import Action
from cpor_web.rules.exc import GuardFailed, NotAllowed, NotYours
from cpor_web.rules.roles import CLAIMANTS, CUSTOMERS, REVIEWERS, SYSTEM_ONLY, Role
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_


class Clock(StrEnum):
    """What a transition does to the claim's deadline."""

    NONE = "none"
    KEEP = "keep"
    SUBMITTED = "submitted"
    REVIEW = "review"
    PARTNER = "partner"
    DISPUTE_REVIEW = "dispute-review"


class Facts(NamedTuple):
    """What guards may know of a claim and of who acts on it."""

    missing: tuple[str, ...] = ()
    has_proof: bool = True
    was_ever_submitted: bool = False
    actor_holds: bool = False
    unconfirmed_contacts: bool = False
    consent_running: bool = False
    yes_needed: bool = False
    contact_overdue: bool = False
    declined_by_customer: bool = False
    edited_since_denial: bool = False
    dispute_used: bool = False
    dispute_in_time: bool = False
    may_review_dispute: bool = True


class Guard(NamedTuple):
    """A condition, with the sentence that a person reads where it fails."""

    name: str
    holds: Callable[[Facts], bool]
    sentence: str


COMPLETE = Guard("every required field", lambda f: not f.missing, N_("Fill in what is missing first: %(missing)s."))
HAS_PROOF = Guard(
    "at least one proof",
    lambda f: f.has_proof,
    N_("Upload at least one proof of execution (PoE) first."),
)
NEVER_SUBMITTED = Guard(
    "never submitted",
    lambda f: not f.was_ever_submitted,
    N_("Only drafts can be deleted. What was ever submitted stays."),
)
HOLDER = Guard(
    "the claim's reviewer",
    lambda f: f.actor_holds,
    N_("Only the reviewer who holds this claim decides on it. Take it over first."),
)
NOT_HOLDER = Guard("not the claim's reviewer", lambda f: not f.actor_holds, N_("You hold this claim already."))
CONTACTS_CONFIRMED = Guard(
    "contacts confirmed",
    lambda f: not f.unconfirmed_contacts,
    N_("Confirm the customer contact first: its address needs a reviewer's eye."),
)
ANOTHER_REVIEWER = Guard(
    "another reviewer, where there is one",
    lambda f: f.may_review_dispute,
    N_("You rejected this claim. Another reviewer decides on its dispute."),
)
CONSENT_RUNNING = Guard("window running", lambda f: f.consent_running, N_("The consent period is not running."))
SILENCE_SUFFICES = Guard(
    "silence suffices", lambda f: not f.yes_needed, N_("This consent period needs the customer's explicit yes.")
)
YES_NEEDED = Guard("a yes is needed", lambda f: f.yes_needed, N_("In this consent period silence suffices."))
CONTACT_OVERDUE = Guard(
    "contact overdue", lambda f: f.contact_overdue, N_("The partner's time to name a contact has not passed.")
)
DECLINED = Guard(
    "declined by the customer",
    lambda f: f.declined_by_customer,
    N_("There is no denial that could be undone."),
)
AS_DENIED = Guard(
    "not edited since",
    lambda f: not f.edited_since_denial,
    N_("The partner has changed the claim since it was denied. If it is approved, you are asked again."),
)
DISPUTE_UNUSED = Guard(
    "not disputed before",
    lambda f: not f.dispute_used,
    N_("This claim was disputed once; the decision is final. You can start a new claim from this one."),
)
DISPUTE_IN_TIME = Guard(
    "within the dispute period",
    lambda f: f.dispute_in_time,
    N_("The time to dispute has passed. You can start a new claim from this one."),
)


class Rule(NamedTuple):
    """One row: from `source`, `action` by one of `by` leads to `target`, if every guard holds.

    `event` is the history kind it leaves, `mails` go to the partner contact in the same transaction, `clock` says
    which deadline starts. None as a source is "not there yet", as a target "gone".
    """

    source: Status | None
    action: Action
    target: Status | None
    by: frozenset[Role]
    event: str
    guards: tuple[Guard, ...] = ()
    mails: tuple[str, ...] = ()
    clock: Clock = Clock.NONE


def _table() -> tuple[Rule, ...]:  # pragma: no mutate block
    editing, submitted, review = Status.EDITING, Status.SUBMITTED, Status.UNDER_REVIEW
    waiting, approved, rejected = Status.PARTNER_ACTION_REQUIRED, Status.APPROVED, Status.REJECTED
    decide = (HOLDER, ANOTHER_REVIEWER)
    return (
        Rule(None, Action.CREATE, editing, CLAIMANTS, "claim:created"),
        Rule(
            editing, Action.SUBMIT, submitted, CLAIMANTS, "claim:submitted",
            (COMPLETE, HAS_PROOF), ("claim-received",), Clock.SUBMITTED,
        ),
        Rule(editing, Action.DELETE, None, CLAIMANTS, "claim:deleted", (NEVER_SUBMITTED,)),
        Rule(
            submitted, Action.START_REVIEW, review, REVIEWERS, "claim:review-started",
            (ANOTHER_REVIEWER,), ("review-started",), Clock.REVIEW,
        ),
        Rule(
            review, Action.REQUEST_INFORMATION, waiting, REVIEWERS, "claim:information-requested",
            decide, ("information-requested",), Clock.PARTNER,
        ),
        Rule(
            waiting, Action.RESUBMIT, submitted, CLAIMANTS, "claim:resubmitted",
            (COMPLETE, HAS_PROOF), ("claim-received",), Clock.SUBMITTED,
        ),
        Rule(
            review, Action.APPROVE, approved, REVIEWERS, "claim:approved",
            (*decide, CONTACTS_CONFIRMED), ("approved",),
        ),
        Rule(review, Action.REJECT, rejected, REVIEWERS, "claim:rejected", decide, ("rejected",)),
        Rule(
            review, Action.TAKE_OVER, review, REVIEWERS, "claim:taken-over",
            (NOT_HOLDER, ANOTHER_REVIEWER), clock=Clock.KEEP,
        ),
        *(
            Rule(source, Action.WITHDRAW, rejected, CLAIMANTS, "claim:withdrawn", mails=("rejected",))
            for source in (submitted, review, waiting, approved)
        ),
        Rule(waiting, Action.LAPSE, rejected, SYSTEM_ONLY, "claim:lapsed", mails=("rejected",)),
        Rule(approved, Action.DENY, rejected, CUSTOMERS, "consent:denied", mails=("rejected",)),
        Rule(
            approved, Action.PASS, approved, SYSTEM_ONLY, "consent:passed",
            (CONSENT_RUNNING, SILENCE_SUFFICES), ("consent-period-passed",),
        ),
        Rule(
            approved, Action.DECLINE_BY_SILENCE, rejected, SYSTEM_ONLY, "consent:declined-by-silence",
            (CONSENT_RUNNING, YES_NEEDED), ("rejected",),
        ),
        Rule(
            approved, Action.CONTACT_LAPSE, rejected, SYSTEM_ONLY, "claim:lapsed", (CONTACT_OVERDUE,),
            ("rejected",),
        ),
        Rule(approved, Action.REPLACE, rejected, SYSTEM_ONLY, "claim:replaced", mails=("rejected",)),
        Rule(
            rejected, Action.DISPUTE, review, CLAIMANTS, "claim:disputed",
            (DISPUTE_UNUSED, DISPUTE_IN_TIME), ("claim-received",), Clock.DISPUTE_REVIEW,
        ),
        *(
            Rule(source, Action.UNDO_DENIAL, approved, CUSTOMERS, "consent:undone", (DECLINED, AS_DENIED))
            for source in (rejected, review, waiting, submitted)  # also wherever its dispute is
        ),
    )  # fmt: skip


TABLE = _table()
"""Every transition there is, in the order in which a claim meets them."""

_BY_KEY = {(rule.source, rule.action): rule for rule in TABLE}


def find(source: Status | None, action: Action, role: Role, facts: Facts) -> Rule:
    """Return the rule by which `role` may do `action` in `source`.

    Raises NotAllowed where the table has no such row, NotYours where it is not this role's, GuardFailed where a
    condition does not hold: each with a sentence that says why.
    """
    rule = row(source, action, role)
    check(rule, facts)
    return rule


def row(source: Status | None, action: Action, role: Role) -> Rule:
    """Return the row of the table by which `role` does `action` in `source`, whatever its guards say of it.

    Raises NotAllowed where the table has no such row, NotYours where it is not this role's.
    """
    rule = _BY_KEY.get((source, action))
    if rule is None:
        raise NotAllowed(
            N_("“%(action)s” is not possible while a claim is “%(status)s”."),
            {"action": action.label, "status": source.label if source else N_("not there")},
        )
    if role not in rule.by:
        raise NotYours(
            N_("“%(action)s” is not for your role (%(role)s)."),
            {"action": rule.action.label, "role": role.label},
        )
    return rule


def check(rule: Rule, facts: Facts) -> None:
    """Raise GuardFailed where a condition of a row does not hold. A row without any needs no facts."""
    for guard in rule.guards:
        if not guard.holds(facts):
            raise GuardFailed(guard.sentence, {"missing": facts.missing})


def offered(source: Status, role: Role, facts: Facts) -> frozenset[Action]:
    """Return the actions that a page may offer `role` in `source`: those that `find` would allow."""
    return frozenset(
        rule.action
        for rule in TABLE
        if rule.source is source and role in rule.by and all(guard.holds(facts) for guard in rule.guards)
    )
