"""Deny: sixteen customers at once, one alone, and how long the slowest wait. And the page before it."""

from collections.abc import Iterator
from itertools import cycle, islice
from typing import LiteralString

from psycopg import Connection

from bench.house import House, Place
from bench.rows import Row, interleaved
from bench.wire import Line, Run, at_once, one_by_one

CUSTOMERS, CONNECTIONS = 16, 8
DENY: LiteralString = """
    WITH claim AS (
        UPDATE claims SET version = version + 1, status = 'rejected', status_since = now(), rejection_comment = '',
            rejection = 'customer-decline', dispute_until = now() + interval '30 days', dispute_rule = '{}'
        WHERE id = %(claim)s RETURNING id, version),
    round AS (UPDATE rounds SET state = 'denied', closed_at = now() WHERE id = %(claim)s),
    answer AS (
        INSERT INTO answers (invitation_id, kind, at, way, reason)
        VALUES (%(claim)s, 'denied', now(), 'page', 'not-our-partner')),
    opening AS (
        INSERT INTO openings (invitation_id, at, page, method, client, agent)
        VALUES (%(claim)s, now(), 'd', 'POST', 'browser', 'Firefox/140')),
    head AS (
        UPDATE history_heads SET position = position + 1, link = sha256(link || convert_to(%(facts)s, 'UTF8'))
        WHERE claim_id = %(claim)s RETURNING position, link),
    event AS (
        INSERT INTO events (claim_id, position, version, kind, at, role, actor, data, salt, said, link)
        SELECT id, position, version, 'claim:denied', now(), 'customer', 'Carla Conti', %(facts)s::jsonb,
            substr(sha256('salt'), 1, 16), sha256('said'), link FROM claim, head)
    INSERT INTO mails (kind, claim_id, invitation_id, to_address, to_name, language, context, state, queued_at,
        due_at)
    SELECT kind, %(claim)s, CASE WHEN n = 1 THEN %(claim)s END, 'carla@customer.example.com', 'Carla Conti', 'en',
        %(facts)s::jsonb, 'queued', now(), now() + interval '1 year'
    FROM (VALUES (1, 'denial-recorded'), (2, 'denial-recorded-partner'), (3, 'rejected')) mail (n, kind)
"""
FACTS = (
    '{"operator": "Example Vendor", "programme": "Claimed Partner of Record (CPOR)", "claim_name": "Claim 1",'
    ' "guide_url": "https://vendor.example.com/programme-guide", "reference": "C1234567890", "partner": "Fabrikam",'
    ' "mpn_id": "2000001", "customer": "Contoso 1", "tenant_id": "00000000-0000-0000-0000-000000000000",'
    ' "area": "Microsoft 365", "activity": "Usage", "products": ["Teams"], "reason": "Not our partner"}'
)


def write_denial(connection: Connection, claim: int) -> None:
    """Write the rows that a denial writes, in one statement."""
    connection.execute(DENY, {"claim": claim, "facts": FACTS})


def press(place: Place, line: Line, claim: int) -> None:
    """Deny as a customer does on the page."""
    answer = line.post(place.path(claim), reason="not-our-partner")
    assert answer.status == 303, answer


def deny(house: House) -> Iterator[Row]:
    """Deny through the page; the limit writes the same rows over bare connections."""
    place = house.place()
    with place.line() as line, place.connect() as connection:
        one_by_one(lambda claim: press(place, line, claim), place.take(2))
        many, few = house.times(3200), house.times(960)

        def crowd_limit() -> Run:
            return at_once(CONNECTIONS, place.connect, write_denial, place.take(many))

        def crowd() -> Run:
            return at_once(CUSTOMERS, place.line, lambda line, claim: press(place, line, claim), place.take(few))

        def alone_limit() -> Run:
            return one_by_one(lambda claim: write_denial(connection, claim), place.take(house.times(200)))

        def alone() -> Run:
            return one_by_one(lambda claim: press(place, line, claim), place.take(house.times(100)))

        limits, ours = interleaved(crowd_limit, crowd)
        yield Row("deny, 16 at once", "/s", [r.rate for r in limits], [r.rate for r in ours], 0.30)
        half, slow = ([run.percentile(share) for run in ours] for share in (0.5, 0.99))
        yield Row("deny, 16 at once: p99, against its p50", "ms", half, slow, 3)
        limits, ours = interleaved(alone_limit, alone)
        half = [run.percentile(0.5) for run in limits]
        yield Row("deny, one at a time: p50", "ms", half, [run.percentile(0.5) for run in ours], 4)


def page(house: House) -> Iterator[Row]:
    """Open the customer's page; the limit is a view that renders a constant, under the same server."""
    place, number = house.place(), house.times(1500)
    port, claims = house.bare, place.take(house.times(50))

    def opened(line: Line, claim: int) -> None:
        assert line.get(place.path(claim)).status == 200

    def limit() -> float:
        return at_once(8, lambda: Line(port), lambda line, path: line.get(path), ["/constant"] * 4 * number).rate

    def ours() -> float:
        return at_once(8, place.line, opened, islice(cycle(claims), number)).rate

    ours()
    yield Row("open the customer's page", "/s", *interleaved(limit, ours), 0.35)
