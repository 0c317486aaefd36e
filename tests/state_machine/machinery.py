"""What happens by itself: time passes, mails go out or do not, windows close, deadlines pass."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy.orm import Session

from cpor_web import assessment
from cpor_web.claims import lapsing, posting, reminders
from cpor_web.consent import rounds, stops
from cpor_web.emails import outbox
from cpor_web.emails.outcomes import Accepted, Outcome, Permanent, Transient, Unavailable, Unknown
from cpor_web.models import Mail
from cpor_web.rules.exc import Refused
from tests.state_machine import mails
from tests.state_machine.played import Played, numbers
from tests.support.rows import changed

SPANS = {
    "a second": timedelta(seconds=1),
    "ten minutes": timedelta(minutes=10),
    "an hour": timedelta(hours=1),
    "a day": timedelta(days=1),
    "three days": timedelta(days=3),
    "a week": timedelta(days=7, minutes=20),
    "a month": timedelta(days=31),
}
OUTCOMES: dict[str, Outcome | None] = {
    "taken": Accepted("250 2.0.0 queued"),
    "put off": Transient("451 4.7.1 later"),
    "refused": Permanent("550 5.1.1 no such user"),
    "lost": Unknown("the connection was lost"),
    "not tried": Unavailable("connection refused", "connect"),
    "in the hands of a worker that is killed": None,
}
MOMENTS = (("claims", "due_at"), ("claims", "dispute_until"), ("rounds", "closes_at"), ("rounds", "contact_due_at"))


class Machinery(Played):
    """The clock, the mail server and the jobs."""

    @rule(span=st.sampled_from(tuple(SPANS)))
    def time_passes(self, span: str) -> None:
        self.world.wait(SPANS[span])

    @rule(seconds=st.sampled_from((0, 1, -1)))
    def the_next_deadline_comes(self, seconds: int = 1) -> None:
        stored = (row[name] for table, name in MOMENTS for row in self.world.rows[table])
        coming = sorted(at for text in stored if text and (at := datetime.fromisoformat(text)) > self.world.now)
        if coming:
            self.world.wait(max(coming[0] - self.world.now + timedelta(seconds=seconds), timedelta(0)))

    @rule(outcome=st.sampled_from(("taken", "taken", *OUTCOMES)), most=st.sampled_from((1, 3, 100)))
    def mails_are(self, outcome: str = "taken", most: int = 100) -> None:
        for number in self.world.act(lambda s: list(outbox.abandoned(s, now=self.world.now, most=100))):
            self.world.act(lambda s, n=number: posting.take_back(s, n, **self.about))
        leased = self.world.act(lambda s: list(outbox.lease(s, now=self.world.now, most=most)))
        said = OUTCOMES[outcome]
        while leased:
            number = leased.pop(0)
            if not self.world.act(lambda s, n=number: self._begin(s, n)):
                continue
            if said is None:
                return
            self.world.act(lambda s, n=number: posting.settle(s, n, said, **self.about))
            if isinstance(said, Unavailable):
                self.world.act(lambda s: outbox.release(s, leased))
                return

    @rule(number=numbers)
    def a_notice_comes_back(self, number: int) -> None:
        taken = [row["id"] for row in self.world.rows["invitations"] if row["taken_at"]]
        mails = sorted(row["id"] for row in self.world.rows["mails"] if row["invitation_id"] in taken)
        if mails:
            chosen = mails[number % len(mails)]
            self.world.act(lambda s: stops.notice_failed(s, s.get_one(Mail, chosen), **self.about))

    @rule()
    def windows_close(self) -> None:
        self._sweep(lambda s: rounds.due(s, now=self.world.now, most=9), rounds.close)

    @rule()
    def deadlines_pass(self) -> None:
        self._sweep(lambda s: lapsing.due(s, now=self.world.now, most=9), lapsing.lapse)
        self._sweep(lambda s: lapsing.contacts_due(s, now=self.world.now, most=9), lapsing.lapse_contact)

    @rule()
    def assessments_are_made(self) -> None:
        self._sweep(lambda s: assessment.due(s, most=9), assessment.assess)

    @rule(number=numbers)
    def a_job_comes_too_early_or_twice(self, number: int) -> None:
        """Jobs act on what is due and on nothing else, whatever id they are rung with."""
        for table, due, act in (
            ("rounds", lambda s: rounds.due(s, now=self.world.now, most=99), rounds.close),
            ("claims", lambda s: lapsing.due(s, now=self.world.now, most=99), lapsing.lapse),
            ("rounds", lambda s: lapsing.contacts_due(s, now=self.world.now, most=99), lapsing.lapse_contact),
            ("assessments", lambda s: assessment.due(s, most=99), assessment.assess),
        ):
            due_ids = self.world.act(lambda s, due=due: list(due(s)))
            ids = [row["id"] for row in self.world.rows[table] if row["id"] not in due_ids]
            if ids:
                before, chosen = self.world.rows, ids[number % len(ids)]
                done = self.world.act(lambda s, act=act, chosen=chosen: act(s, chosen, **self.about))
                assert done is False or isinstance(done, Refused)
                assert changed(before, self.world.rows) == []

    @rule()
    def partners_are_reminded(self) -> None:
        for number in self.world.act(lambda s: list(reminders.reminders_due(s, **self.about))):
            (claim,) = (row for row in self.world.rows["claims"] if row["id"] == number)
            letters = mails.reminders(self.world.rows, claim)
            self.world.act(lambda s, n=number: reminders.remind(s, n, **self.about), also=letters)
            self.world.act(lambda s, n=number: reminders.remind(s, n, **self.about))  # once a day is enough

    @rule()
    def administrators_get_their_digest(self) -> None:
        (to,) = (str(row["email"]) for row in self.world.rows["users"] if row["role"] == "administrator")
        self.world.act(lambda s: reminders.send_digest(s, **self.about), also=[("overdue-digest", to)])

    def _begin(self, session: Session, number: int) -> bool:
        return posting.begin(session, number, **self.about) is not None

    def _sweep(self, due: Callable[[Session], Any], act: Callable[..., bool]) -> None:
        for number in self.world.act(lambda s: list(due(s))):
            self.world.act(lambda s, n=number: act(s, n, **self.about))
