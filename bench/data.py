"""Claims by the million, made set-based: rows first, then their indexes, then ANALYZE.

What claim n is up to follows from n alone, so that a benchmark finds what it needs without looking:

    n mod 10 = 0    approved, its window over and due to be closed once `closes_at` is set
    n mod 10 = 1    approved, its window running
    n mod 10 = 2    waits for the operator: submitted, or (n mod 20 = 12) under review
    n mod 100 = 3   partner action required;  13 a draft;  23 rejected, and may be disputed
    else            approved, its window passed, assessed

All are one partner's. A claim, its round, its contact and its invitation have one number, and the histories begin
empty: what is appended to them is the program's work.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from typing import Any, LiteralString

import psycopg
from argon2 import PasswordHasher
from psycopg import sql

from cpor_web.history import chain

PASSWORD = "seven quiet herons"  # noqa: S105 - of people who do not exist
PARTNER_USER, REVIEWER = "ines@fabrikam.example.org", "rita@vendor.example.com"
EMPTIED = ("claims", "partners", "users", "mails")
NUMBERED = ("claims", "rounds", "customer_contacts", "invitations")
PEOPLE: LiteralString = """
    INSERT INTO partners (name, domains) VALUES ('Fabrikam', '{fabrikam.example.org}');
    INSERT INTO mpn_ids (partner_id, number, kind, place)
        SELECT id, '2000001', 'location', 'Oslo' FROM partners;
    INSERT INTO users (email, name, role, partner_id, password, fs_uniquifier)
        SELECT 'ines@fabrikam.example.org', 'Ines Incentives', 'incentives-admin', id, %(password)s, 'ines'
        FROM partners;
    INSERT INTO users (email, name, role, password, fs_uniquifier)
        VALUES ('rita@vendor.example.com', 'Rita Reviewer', 'reviewer', %(password)s, 'rita')
"""
STEPS: tuple[LiteralString, ...] = (
    """INSERT INTO claims (id, reference, created_at, filed_by_id, partner_id, name, mpn_id_id, customer_name,
           customer_domain, tenant_id, area, activity, partner_contact_name, partner_contact_email, status,
           status_since, first_submitted_at, reviewer_id, due_at, due_rule, held_since, rejection, dispute_until,
           dispute_rule)
       OVERRIDING SYSTEM VALUE
       SELECT n, overlay(code placing '-' from 5 for 0), at, ines.id, ines.partner_id, 'Claim ' || n,
           mpn_ids.id, (ARRAY['Contoso', 'Northwind', 'Adatum', 'Litware', 'Proseware'])[1 + mod(n, 5)] || ' ' || n,
           'customer' || n || '.example.com', CAST(md5('tenant' || n) AS uuid), 'microsoft-365', 'usage',
           'Ines Incentives', 'ines@fabrikam.example.org', status, at,
           CASE WHEN status <> 'editing' THEN at END,
           CASE WHEN status IN ('under-review', 'approved', 'rejected') THEN rita.id END,
           CASE WHEN is_held THEN at + interval '14 days' END, CASE WHEN is_held THEN '{}'::jsonb END,
           CASE WHEN is_held THEN at END, CASE WHEN status = 'rejected' THEN 'missing-products' END,
           CASE WHEN status = 'rejected' THEN now() + interval '20 days' END,
           CASE WHEN status = 'rejected' THEN '{}'::jsonb END
       FROM (SELECT n, status, status IN ('submitted', 'under-review', 'partner-action-required') AS is_held,
                 now() - interval '12 days' + mod(n, 864000) * interval '1 second' AS at,
                 translate(upper(lpad(to_hex(mod(n * 2654435761, 4294967296)), 8, '0')), '01', 'GH') AS code
             FROM (SELECT n, CASE WHEN mod(n, 20) = 2 THEN 'submitted' WHEN mod(n, 20) = 12 THEN 'under-review'
                       WHEN mod(n, 100) = 3 THEN 'partner-action-required' WHEN mod(n, 100) = 13 THEN 'editing'
                       WHEN mod(n, 100) = 23 THEN 'rejected' ELSE 'approved' END AS status
                   FROM generate_series(1::bigint, %(number)s) n) made) timed,
           mpn_ids, users ines, users rita
       WHERE ines.partner_id IS NOT NULL AND rita.partner_id IS NULL""",
    "INSERT INTO history_heads (claim_id, position, link) SELECT id, 0, %(start)s FROM claims",
    "INSERT INTO claim_products (claim_id, key) SELECT id, 'teams' FROM claims",
    """INSERT INTO customer_contacts (id, claim_id, position, name, email) OVERRIDING SYSTEM VALUE
       SELECT id, id, 1, 'Carla Conti', 'carla@' || customer_domain FROM claims""",
    """INSERT INTO rounds (id, claim_id, number, state, opened_at, ends_at, end_rule, closes_at, closed_at)
       OVERRIDING SYSTEM VALUE
       SELECT id, id, 1, CASE WHEN is_open THEN 'running' ELSE 'passed' END, status_since, ends_at, '{}', ends_at,
           CASE WHEN NOT is_open THEN ends_at END
       FROM (SELECT id, status_since, id % 10 < 2 AS is_open,
                 status_since + CASE WHEN id % 10 < 2 THEN interval '20 days' ELSE interval '7 days' END AS ends_at
             FROM claims WHERE status = 'approved') approved""",
    """INSERT INTO invitations (id, round_id, contact_id, link_id, printed_end, taken_at) OVERRIDING SYSTEM VALUE
       SELECT id, id, id, decode(md5('link' || id), 'hex'), ends_at, opened_at FROM rounds""",
    """INSERT INTO assessments (claim_id, round_id, state, queued_at, assessed_at)
       SELECT id, id, 'eligible', closed_at, closed_at FROM rounds WHERE state = 'passed'""",
    """INSERT INTO mails (kind, claim_id, invitation_id, to_address, to_name, language, context, state, queued_at,
           attempts, message_id, dated_at, boundary, sent_at, ended_at, answer)
       SELECT 'consent-notice', r.id, r.id, c.email, c.name, c.language, '{}', 'sent', r.opened_at, 1,
           '<' || md5('mail' || r.id) || '@vendor.example.com>', r.opened_at, md5('edge' || r.id), r.opened_at,
           r.opened_at, '250 2.0.0 OK'
       FROM rounds r JOIN customer_contacts c ON c.id = r.id""",
)


def fill(conninfo: str, number: int) -> None:
    """Fill a migrated database that holds nothing with `number` claims and what belongs to them."""
    values: dict[str, Any] = {"number": number, "start": chain.START, "password": PasswordHasher().hash(PASSWORD)}
    with psycopg.connect(conninfo, options="-c session_replication_role=replica") as connection:
        connection.execute("SET LOCAL synchronous_commit = off")
        for table in EMPTIED:  # in this transaction: what a table gets after that needs no log
            connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(sql.Identifier(table)))
        for statement in PEOPLE.split(";"):
            _do(connection, statement, values)
        with _indexes_afterwards(connection):
            for statement in STEPS:
                _do(connection, statement, values)
        for table in NUMBERED:
            restart = sql.SQL("ALTER TABLE {} ALTER id RESTART WITH {}")
            connection.execute(restart.format(sql.Identifier(table), sql.Literal(number + 1)))
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def link_id(claim: int) -> bytes:
    """The random half of a claim's links."""
    return md5(f"link{claim}".encode(), usedforsecurity=False).digest()


def reference(claim: int) -> str:
    """A claim's reference: no two numbers have the same."""
    code = f"{claim * 2654435761 % 2**32:08X}".translate(str.maketrans("01", "GH"))
    return f"{code[:4]}-{code[4:]}"


def tenant(claim: int) -> str:
    """The tenant ID of a claim's customer."""
    text = md5(f"tenant{claim}".encode(), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@contextmanager
def _indexes_afterwards(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Do without the indexes that no constraint needs, and make them once all rows are there."""
    found = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = to_regclass(quote_ident(indexname)))"
    ).fetchall()
    for name, _definition in found:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    connection.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for _name, definition in found:
        connection.execute(definition)


def _do(connection: psycopg.Connection[Any], statement: LiteralString, values: dict[str, Any]) -> None:
    needed = {name: value for name, value in values.items() if f"%({name})s" in statement}
    connection.execute(statement, needed or None)
