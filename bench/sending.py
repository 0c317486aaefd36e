"""Send notices: one worker against bytes that lie ready, and two workers against one."""

import json
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import LiteralString

from sqlalchemy import select

from bench.chore import Chore
from bench.house import ROOT, House, Place
from bench.rows import Row, interleaved
from cpor_web.emails.catalogue import facts
from cpor_web.emails.composing import Composer
from cpor_web.emails.rendering import Renderer
from cpor_web.models import Claim, Invitation, Mail, MailState
from tests.support.servers import free_port

QUEUE: LiteralString = """
    WITH round AS (
        UPDATE rounds SET state = 'waiting', ends_at = NULL, end_rule = NULL, closes_at = NULL
        WHERE id = ANY(%(ids)s) RETURNING id),
    invitation AS (UPDATE invitations SET taken_at = NULL, printed_end = NULL WHERE id = ANY(%(ids)s))
    INSERT INTO mails (kind, claim_id, invitation_id, to_address, to_name, language, context, state, queued_at,
        due_at)
    SELECT 'consent-notice', c.claim_id, c.id, c.email, c.name, c.language, %(context)s, 'queued', now(), now()
    FROM customer_contacts c JOIN round ON round.id = c.id
"""


def send(house: House) -> Iterator[Row]:
    """Send consent notices through the outbox; the limit hands prepared bytes over one kept connection."""
    place = house.place()
    with _sink() as port:
        more = {"CPOR_MAIL_PORT": str(port)}
        with Chore(place, more) as first, Chore(place, more) as second:
            queue(place, 3)
            first.seconds("send")
            second.seconds("send")
            message, many, few = _one_message(place), house.times(4000), house.times(1200)

            def limit() -> float:
                with smtplib.SMTP("127.0.0.1", port) as server:
                    began = time.perf_counter()
                    for _each in range(many):
                        server.sendmail("returns@vendor.example.com", ["carla@customer.example.com"], message)
                    return many / (time.perf_counter() - began)

            def alone() -> float:
                queue(place, few)
                return few / first.seconds("send")

            def both() -> float:
                queue(place, 2 * few)
                began = time.perf_counter()
                for worker in (first, second):
                    worker.begin("send")
                for worker in (first, second):
                    worker.end()
                return 2 * few / (time.perf_counter() - began)

            yield Row("send mail, one worker", "/s", *interleaved(limit, alone), 0.30)
            yield Row("send mail, two workers against one", "/s", *interleaved(alone, both), 1.8)


def queue(place: Place, number: int) -> None:
    """Queue notices of claims whose windows wait for them."""
    ids = place.take(number)
    with place.session() as session, place.connect() as connection:
        about = facts.about(session.get_one(Claim, ids[0]), place.programme)
        context = json.dumps({**about, "contact": "Carla Conti"})
        connection.execute("UPDATE mails SET due_at = due_at + interval '1 year' WHERE due_at < now()")
        connection.execute(QUEUE, {"ids": ids, "context": context})


def _one_message(place: Place) -> bytes:
    """Return the bytes of a notice that was just sent."""
    composer = Composer(
        place.programme, place.signers, Renderer(place.programme.calendar.zone.key), lambda _mail: None
    )
    with place.session() as session:
        mail = session.scalars(
            select(Mail).where(Mail.state == MailState.SENT).order_by(Mail.id.desc()).limit(1)
        ).first()
        assert mail is not None
        return composer.compose(mail, session.get_one(Invitation, mail.invitation_id))


@contextmanager
def _sink() -> Iterator[int]:
    port = free_port()
    child = subprocess.Popen([sys.executable, "-m", "bench.sink", str(port)], cwd=ROOT)
    try:
        for _try in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield port
    finally:
        child.terminate()
        child.wait()
