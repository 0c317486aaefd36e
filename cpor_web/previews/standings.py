"""How a link can stand, invented: in memory alone, so that the pages can be shown without a claim and a token."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cpor_web.consent.answers import LEAST_UNDO
from cpor_web.consent.standing import Claimed, Denied, LinkState, Standing
from cpor_web.customers.forms import CONFIRM, LINK, UNDO
from cpor_web.models import AnswerKind, RoundState
from cpor_web.programme import Programme
from cpor_web.rules import deadlines
from cpor_web.rules.reasons import Denial, Rejection, Way
from cpor_web.rules.statuses import Status
from cpor_web.rules.words import N_

SOME_TIME_AGO = timedelta(days=2)
LONG_AGO = timedelta(days=30)


class Stage(NamedTuple):
    """When and for whom something is invented."""

    now: datetime
    programme: Programme

    def asked(self, state: LinkState, round_: RoundState, *, ago: timedelta = SOME_TIME_AGO, **more: Any) -> Standing:
        """Return how the link of one stands who was asked so long ago, of an approved claim."""
        at = self.now - ago
        end = deadlines.consent_end(at, self.programme.periods.consent, self.programme.calendar).at
        standing = Standing(
            state=state,
            language="en",
            claim=self._claim(at),
            round=round_,
            needs_yes=False,
            yes_at=None,
            ends_at=end,
            printed_end=end,
            superseded_at=None,
            denial=None,
            said={},
            can_undo_until=None,
        )
        return replace(standing, **more)

    def _claim(self, at: datetime) -> Claimed:
        area = next(iter(self.programme.catalogue.areas.values()))
        return Claimed(
            reference="K7QM-2RXD",
            partner="Fabrikam Consulting",
            mpn_id="2000117",
            customer="Adatum Corporation",
            domain="adatum.example.com",
            tenant_id="5a0f8a3e-2f6b-4c55-9d0b-3b1d0d2f4e11",
            area=area.key,
            activity=next(iter(area.activities)),
            products=tuple(sorted(list(area.products)[:2])),
            status=Status.APPROVED,
            status_since=at,
            rejection=None,
        )


class State(NamedTuple):
    """A state of a link: what staff call it (a msgid), its page, and how to invent it."""

    label: str
    template: str
    invent: Callable[[Stage], Standing]


def _open(stage: Stage) -> Standing:
    return stage.asked(LinkState.OPEN, RoundState.RUNNING)


def _waiting(stage: Stage) -> Standing:
    return stage.asked(LinkState.OPEN, RoundState.WAITING)


def _stopped(stage: Stage) -> Standing:
    said = {AnswerKind.NOT_THE_RIGHT_PERSON: stage.now}
    return stage.asked(LinkState.OPEN, RoundState.STOPPED, said=said, needs_contact=True)


def _looked_at(stage: Stage) -> Standing:
    return stage.asked(LinkState.OPEN, RoundState.STOPPED)


def _denied(stage: Stage) -> Standing:
    return _rejected(stage.asked(LinkState.DENIED, RoundState.DENIED, denial=_denial(stage)))


def _denied_late(stage: Stage) -> Standing:
    denial = _denial(stage, is_late=True)
    return _rejected(stage.asked(LinkState.DENIED, RoundState.DENIED, ago=LONG_AGO, denial=denial))


def _denied_by_erased(stage: Stage) -> Standing:
    return replace(_denied(stage), is_erased=True)


def _can_be_undone(stage: Stage) -> Standing:
    return replace(_denied(stage), can_undo_until=stage.now + LEAST_UNDO)


def _restored(stage: Stage) -> Standing:
    said = {AnswerKind.DENIED: stage.now, AnswerKind.UNDONE: stage.now}
    return stage.asked(LinkState.OPEN, RoundState.RUNNING, said=said)


def _restored_needing_yes(stage: Stage) -> Standing:
    return replace(_restored(stage), needs_yes=True)


def _passed(stage: Stage) -> Standing:
    return stage.asked(LinkState.PASSED, RoundState.PASSED, ago=LONG_AGO)


def _superseded(stage: Stage) -> Standing:
    return stage.asked(LinkState.SUPERSEDED, RoundState.RUNNING, superseded_at=stage.now)


def _ended(stage: Stage) -> Standing:
    return _rejected(stage.asked(LinkState.OVER, RoundState.ENDED), Rejection.PARTNER_REQUEST)


def _no_yes(stage: Stage) -> Standing:
    return _rejected(stage.asked(LinkState.OVER, RoundState.SILENT, ago=LONG_AGO, needs_yes=True))


def _asked_again(stage: Stage, **more: Any) -> Standing:
    return stage.asked(LinkState.OPEN, RoundState.RUNNING, needs_yes=True, **more)


def _yes_pressed(stage: Stage) -> Standing:
    return _asked_again(stage, said={AnswerKind.YES_PRESSED: stage.now})


def _yes_confirmed(stage: Stage) -> Standing:
    return _asked_again(stage, yes_at=stage.now, said={AnswerKind.YES_CONFIRMED: stage.now})


STATES = {
    "open": State(N_("Open: the customer may deny"), LINK, _open),
    "waiting": State(N_("Open, before the notices are out"), LINK, _waiting),
    "stopped": State(N_("Open, the time stands still"), LINK, _stopped),
    "looked-at": State(N_("Open, the time stands still for a reviewer"), LINK, _looked_at),
    "denied": State(N_("Denied"), LINK, _denied),
    "denied-late": State(N_("Denied after the consent period"), LINK, _denied_late),
    "denied-erased": State(N_("Denied, by a contact who was erased"), LINK, _denied_by_erased),
    "passed": State(N_("Passed without a denial"), LINK, _passed),
    "superseded": State(N_("Superseded by another contact's link"), LINK, _superseded),
    "ended": State(N_("Ended by the partner"), LINK, _ended),
    "asked-again": State(N_("Asked again after a dispute"), LINK, _asked_again),
    "no-yes": State(N_("Ended without the yes that was needed"), LINK, _no_yes),
    "can-be-undone": State(N_("Undo: the denial can be undone"), UNDO, _can_be_undone),
    "restored": State(N_("Undo: the association is restored"), UNDO, _restored),
    "restored-needs-yes": State(N_("Undo: restored, and a yes is needed"), UNDO, _restored_needing_yes),
    "nothing-to-undo": State(N_("Undo: its time is over"), UNDO, _denied),
    "yes-pressed": State(N_("Confirm: a yes was pressed"), CONFIRM, _yes_pressed),
    "yes-confirmed": State(N_("Confirm: the yes counts"), CONFIRM, _yes_confirmed),
    "nothing-to-confirm": State(N_("Confirm: there is nothing to confirm"), CONFIRM, _no_yes),
}
"""Every state of a customer's link by its name in the address of its preview."""


def _rejected(standing: Standing, why: Rejection = Rejection.CUSTOMER_DECLINE) -> Standing:
    return replace(standing, claim=replace(standing.claim, status=Status.REJECTED, rejection=why))


def _denial(stage: Stage, *, is_late: bool = False) -> Denied:
    return Denied(stage.now, Way.PAGE, Denial.NO_LONGER_OUR_PARTNER, is_late)
