"""A world to play in: people, a clock that moves, two connections that take turns, and what the database holds."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from cpor_web.claims import queries
from cpor_web.models import Claim, Invitation, User
from cpor_web.programme import Programme
from cpor_web.rules.actions import Action
from cpor_web.rules.exc import GuardFailed, NotAllowed, NotYours, Refused
from cpor_web.rules.roles import Role
from tests.state_machine import invariants, mails
from tests.support import factories
from tests.support.claims import NOW
from tests.support.rows import changed, dump

PARTNERS = ("filer", "colleague")
REVIEWERS = ("rita", "rolf", "admin")
BYSTANDERS = ("viewer", "stranger")
"""Nobody of these may change a claim: one may only read, one belongs to another partner."""


class Unseen(Refused):
    """There is no such claim for who looked for it."""


class World:
    """Whoever acts here acts in a transaction of their own; after each step all that must hold is looked at."""

    def __init__(self, engine: Engine, programme: Programme) -> None:
        self.programme, self.now = programme, NOW
        self.sessions = [Session(engine), Session(engine)]
        self.reader = Session(engine)
        self._turns = cycle(self.sessions)
        with self.sessions[0].begin():
            self.actors = {name: user.actor for name, user in _cast(self.sessions[0]).items()}
        self.rows = self._look()

    def close(self) -> None:
        """Leave the database to others."""
        for session in (*self.sessions, self.reader):
            session.close()

    def act(self, verb: Callable[[Session], Any], *, also: Iterable[mails.Letter] = ()) -> Any:
        """Do one thing in a transaction, and return what came of it: also the refusal, which must change nothing.

        `also` are the mails that go out if this does something, and of which no event tells.
        """
        session = next(self._turns)
        try:
            result = verb(session)
            session.commit()
        except Refused as refused:
            session.rollback()
            result = refused
        before, self.rows = self.rows, self._look()
        if isinstance(result, Refused):
            assert changed(before, self.rows) == [], f"refused with “{result}”, and yet something changed"
        mails.assert_follow(before, self.rows, also=also if result is True else ())
        invariants.assert_hold(before, self.rows, self.programme)
        return result

    def person(self, who: str, number: int, verb: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Let somebody do something to a claim that they can see, as it is at this moment."""
        actor = self.actors[who]

        def step(session: Session) -> Any:
            claim = self.visible(session, who, number)
            return verb(session, claim, *args, actor=actor, now=self.now, **more)

        return self.act(step)

    def decide(self, action: Action, who: str, number: int, verb: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Let somebody press a button of the table: it does something exactly if a page would show it."""
        actor = self.actors[who]
        shown = False
        is_old = more.pop("is_old", False)

        def step(session: Session) -> Any:
            nonlocal shown
            claim = self.visible(session, who, number)
            about: dict[str, Any] = {"actor": actor, "now": self.now, "programme": self.programme}
            shown = action in queries.offered(session, claim, **about)
            return verb(session, claim, *args, **about, **more, seen=claim.version - is_old)

        result = self.act(step)
        if isinstance(result, NotAllowed | NotYours | GuardFailed):
            assert not shown or is_old, f"a page offers {action} to {who}, who is then told: {result}"
        if not isinstance(result, Refused):
            assert shown, f"no page offers {action} to {who}, and yet it was done"
            assert not is_old, "a decision was taken on a page that is older than the claim"
        return result

    def visible(self, session: Session, who: str, number: int) -> Claim:
        """Return a claim as its pages load it; raises Unseen where this person sees none."""
        claim = queries.claim_of(session, self.actors[who], self.reference(number))
        if claim is None:
            raise Unseen("There is no such claim.")
        return claim

    def reference(self, number: int) -> str:
        """Return the reference of one of the claims."""
        claims = self.rows["claims"]
        return str(claims_in_order(claims)[number % len(claims)]["reference"]) if claims else "2222-2222"

    def invited(self, number: int) -> Callable[[Session], Invitation]:
        """Return what loads one of all invitations, 0 being the newest; it raises Unseen where there is none."""
        ids = sorted((row["id"] for row in self.rows["invitations"]), reverse=True)

        def load(session: Session) -> Invitation:
            if not ids:
                raise Unseen("Nobody is invited.")
            return session.get_one(Invitation, ids[number % len(ids)])

        return load

    def wait(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span

    def _look(self) -> mails.Rows:
        with _nothing_left_open(self.reader):
            return dump(self.reader)


def claims_in_order(claims: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return claims in the order in which they were made."""
    return sorted(claims, key=lambda claim: int(claim["id"]))


@contextmanager
def _nothing_left_open(session: Session) -> Iterator[None]:
    yield
    session.rollback()


def _cast(session: Session) -> dict[str, User]:
    partner = factories.partner(session)
    return {
        "filer": factories.user(session, Role.INCENTIVES_ADMIN, partner=partner),
        "colleague": factories.user(session, Role.GLOBAL_ADMIN, partner=partner),
        "viewer": factories.user(session, Role.VIEWER, partner=partner),
        "stranger": factories.user(session, Role.BILLING_ADMIN),
        "rita": factories.user(session, Role.REVIEWER),
        "rolf": factories.user(session, Role.REVIEWER),
        "admin": factories.user(session, Role.ADMINISTRATOR),
    }
