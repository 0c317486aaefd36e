"""Close due windows by the hundred thousand, and what customers feel of it meanwhile."""

import threading
from collections.abc import Iterator, Sequence
from typing import LiteralString

from bench import rows
from bench.chore import Chore
from bench.denying import FACTS, press
from bench.house import House, Place
from bench.rows import Row, interleaved
from bench.wire import Line, Run, one_by_one

MAKE_DUE: LiteralString = """
    WITH made AS (
        UPDATE rounds SET ends_at = now() - interval '2 hours', closes_at = now() - interval '1 hour'
        WHERE id = ANY(%(ids)s) RETURNING id)
    UPDATE invitations SET taken_at = now() - interval '10 days', printed_end = now() - interval '2 hours'
    WHERE id IN (SELECT id FROM made)
"""
CLOSE: LiteralString = """
    WITH round AS (
        UPDATE rounds SET state = 'passed', closed_at = now()
        WHERE state = 'running' AND reply_at IS NULL AND closes_at <= now() RETURNING id, claim_id),
    claim AS (UPDATE claims SET version = version + 1 FROM round WHERE claims.id = claim_id RETURNING claims.id),
    record AS (
        INSERT INTO assessments (claim_id, round_id, state, queued_at)
        SELECT claim_id, id, 'queued', now() FROM round),
    head AS (
        UPDATE history_heads h SET position = position + 2,
            link = sha256(sha256(link || convert_to(%(facts)s, 'UTF8')) || convert_to(%(facts)s, 'UTF8'))
        FROM round WHERE h.claim_id = round.claim_id RETURNING h.claim_id, position, link),
    event AS (
        INSERT INTO events (claim_id, position, version, kind, at, role, actor, data, salt, said, link)
        SELECT claim_id, position - 1 + n, 2, kind, now(), 'system', 'system', '{"round": 1}',
            substr(sha256('salt'), 1, 16), sha256('said'), link
        FROM head, (VALUES (0, 'consent:passed'), (1, 'assessment:queued')) happened (n, kind))
    INSERT INTO mails (kind, claim_id, to_address, to_name, language, context, state, queued_at, due_at)
    SELECT 'consent-period-passed', claim_id, 'ines@fabrikam.example.org', 'Ines Incentives', 'en',
        %(facts)s::jsonb, 'queued', now(), now() + interval '1 year' FROM round
"""


def close(house: House) -> Iterator[Row]:
    """Close due windows as the worker does; the limit writes the same rows with one statement."""
    place = house.place()
    with Chore(place) as chore, place.connect() as connection, place.line() as line:
        make_due(place, 5)
        chore.seconds("close")
        many, some = house.times(5000), house.times(2000)

        def limit() -> float:
            make_due(place, many)
            spent = one_by_one(lambda statement: connection.execute(statement, {"facts": FACTS}), [CLOSE]).seconds
            return many / spent

        def ours() -> float:
            make_due(place, many)
            return many / chore.seconds("close")

        yield Row("close due windows", "/s", *interleaved(limit, ours), 0.60)
        quiet, meanwhile = [], []
        for _round in range(rows.ROUNDS):
            quiet.append(_denied(place, line, place.take(house.times(100))).percentile(0.99))
            make_due(place, some)
            closer = threading.Thread(target=chore.seconds, args=("close",))
            closer.start()
            meanwhile.append(_denied(place, line, place.take(house.times(100))).percentile(0.99))
            closer.join()
        yield Row("deny while windows close: p99", "ms", quiet, meanwhile, 20, absolute=True)


def make_due(place: Place, number: int) -> None:
    """Let so many windows be over, printed end and grace and all."""
    with place.connect() as connection:
        connection.execute(MAKE_DUE, {"ids": place.take(number, remainder=0)})


def _denied(place: Place, line: Line, claims: Sequence[int]) -> Run:
    return one_by_one(lambda claim: press(place, line, claim), claims)
