"""How a link can stand, invented: in memory alone, so that the pages can be shown without a claim and a token."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cpor_web.consent.answers import LEAST_UNDO
from cpor_web.consent.queries import LinkState, Standing
from cpor_web.models import (
    Answer,
    AnswerKind,
    Claim,
    ClaimProduct,
    CustomerContact,
    Invitation,
    MpnId,
    MpnKind,
    Partner,
    Round,
    RoundState,
)
from cpor_web.programme import Programme
from cpor_web.rules import deadlines
from cpor_web.rules.reasons import Denial, Rejection, Way
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

LINK, UNDO, CONFIRM = (f"customers/{page}.html" for page in ("link", "undo", "confirm"))
SOME_TIME_AGO = timedelta(days=2)
LONG_AGO = timedelta(days=30)


@dataclass(frozen=True)
class Stage:
    """When and for whom something is invented."""

    now: datetime
    programme: Programme

    def asked(self, state: RoundState, *, ago: timedelta = SOME_TIME_AGO, needs_yes: bool = False) -> Invitation:
        """Return one who was asked so long ago, of an approved claim whose round is in this state."""
        at = self.now - ago
        end = deadlines.consent_end(at, self.programme.periods.consent, self.programme.calendar).at
        contact = CustomerContact(name="Jamie Doe", email="jamie.doe@adatum.example.org", language="en", position=1)
        round_ = Round(number=1, state=state, needs_yes=needs_yes, opened_at=at, ends_at=end, claim=self._claim(at))
        return Invitation(round=round_, contact=contact, printed_end=end, taken_at=at)

    def _claim(self, at: datetime) -> Claim:
        area = next(iter(self.programme.catalogue.areas.values()))
        claim = Claim(
            name="Rollout at Adatum",
            customer_name="Adatum Corporation",
            tenant_id=UUID("5a0f8a3e-2f6b-4c55-9d0b-3b1d0d2f4e11"),
            area=area.key,
            activity=next(iter(area.activities)),
            status=Status.APPROVED,
            status_since=at,
            partner=Partner(name="Fabrikam Consulting"),
            mpn_id=MpnId(number="2000117", kind=MpnKind.LOCATION),
        )
        claim.products = [ClaimProduct(key=key) for key in list(area.products)[:2]]
        return claim


@dataclass(frozen=True)
class State:
    """A state of a link: what staff call it (a msgid), its page, and how to invent it."""

    label: str
    template: str
    invent: Callable[[Stage], Standing]


def _open(stage: Stage) -> Standing:
    return _standing(LinkState.OPEN, stage.asked(RoundState.RUNNING))


def _waiting(stage: Stage) -> Standing:
    return _standing(LinkState.OPEN, stage.asked(RoundState.WAITING))


def _stopped(stage: Stage) -> Standing:
    said = _answer(stage, AnswerKind.NOT_THE_RIGHT_PERSON)
    return _standing(LinkState.OPEN, stage.asked(RoundState.STOPPED), said)


def _denied(stage: Stage) -> Standing:
    return _standing(LinkState.DENIED, _rejected(stage.asked(RoundState.DENIED)), _denial(stage))


def _denied_late(stage: Stage) -> Standing:
    asked = _rejected(stage.asked(RoundState.DENIED, ago=LONG_AGO))
    return _standing(LinkState.DENIED, asked, _denial(stage, is_late=True))


def _can_be_undone(stage: Stage) -> Standing:
    denied = _denied(stage)
    return Standing(**{**vars(denied), "can_undo_until": stage.now + LEAST_UNDO})


def _restored(stage: Stage) -> Standing:
    said = (_denial(stage), _answer(stage, AnswerKind.UNDONE))
    return _standing(LinkState.OPEN, stage.asked(RoundState.RUNNING), *said)


def _passed(stage: Stage) -> Standing:
    return _standing(LinkState.PASSED, stage.asked(RoundState.PASSED, ago=LONG_AGO))


def _superseded(stage: Stage) -> Standing:
    asked = stage.asked(RoundState.RUNNING)
    asked.superseded_at = stage.now
    return _standing(LinkState.SUPERSEDED, asked)


def _ended(stage: Stage) -> Standing:
    return _standing(LinkState.OVER, _rejected(stage.asked(RoundState.ENDED), Rejection.PARTNER_REQUEST))


def _no_yes(stage: Stage) -> Standing:
    asked = _rejected(stage.asked(RoundState.SILENT, ago=LONG_AGO, needs_yes=True))
    return _standing(LinkState.OVER, asked)


def _asked_again(stage: Stage) -> Standing:
    return _standing(LinkState.OPEN, stage.asked(RoundState.RUNNING, needs_yes=True))


def _yes_pressed(stage: Stage) -> Standing:
    asked = stage.asked(RoundState.RUNNING, needs_yes=True)
    return _standing(LinkState.OPEN, asked, _answer(stage, AnswerKind.YES_PRESSED))


def _yes_confirmed(stage: Stage) -> Standing:
    asked = stage.asked(RoundState.RUNNING, needs_yes=True)
    asked.round.yes_at = stage.now
    return _standing(LinkState.OPEN, asked, _answer(stage, AnswerKind.YES_CONFIRMED))


STATES = {
    "open": State(N_("Open: the customer may deny"), LINK, _open),
    "waiting": State(N_("Open, before the notices are out"), LINK, _waiting),
    "stopped": State(N_("Open, the time stands still"), LINK, _stopped),
    "denied": State(N_("Denied"), LINK, _denied),
    "denied-late": State(N_("Denied after the consent period"), LINK, _denied_late),
    "passed": State(N_("Passed without a denial"), LINK, _passed),
    "superseded": State(N_("Superseded by another contact's link"), LINK, _superseded),
    "ended": State(N_("Ended by the partner"), LINK, _ended),
    "asked-again": State(N_("Asked again after a dispute"), LINK, _asked_again),
    "no-yes": State(N_("Ended without the yes that was needed"), LINK, _no_yes),
    "can-be-undone": State(N_("Undo: the denial can be undone"), UNDO, _can_be_undone),
    "restored": State(N_("Undo: the association is restored"), UNDO, _restored),
    "nothing-to-undo": State(N_("Undo: its time is over"), UNDO, _denied),
    "yes-pressed": State(N_("Confirm: a yes was pressed"), CONFIRM, _yes_pressed),
    "yes-confirmed": State(N_("Confirm: the yes counts"), CONFIRM, _yes_confirmed),
    "nothing-to-confirm": State(N_("Confirm: there is nothing to confirm"), CONFIRM, _no_yes),
}
"""Every state of a customer's link by its name in the address of its preview."""


def _standing(state: LinkState, asked: Invitation, *mine: Answer) -> Standing:
    denial = next((answer for answer in mine if answer.kind is AnswerKind.DENIED), None)
    is_denied = state is LinkState.DENIED
    return Standing(
        state=state,
        invitation=asked,
        round=asked.round,
        claim=asked.round.claim,
        denial=denial if is_denied else None,
        mine=list(mine),
        can_undo_until=None,
    )


def _rejected(asked: Invitation, why: Rejection = Rejection.CUSTOMER_DECLINE) -> Invitation:
    asked.round.claim.status, asked.round.claim.rejection = Status.REJECTED, why
    return asked


def _denial(stage: Stage, *, is_late: bool = False) -> Answer:
    made = _answer(stage, AnswerKind.DENIED)
    made.reason, made.is_late = Denial.NO_LONGER_OUR_PARTNER, is_late
    return made


def _answer(stage: Stage, kind: AnswerKind) -> Answer:
    return Answer(kind=kind, at=stage.now, way=Way.PAGE, words="", is_late=False)
