"""Very many claims whose windows are due, made set-based: what happens to each is the business of who closes them."""

from datetime import datetime

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from cpor_web.history import chain
from cpor_web.programme import Programme
from cpor_web.rules import deadlines
from cpor_web.rules.roles import Role
from tests.support import factories

_STEPS = (
    """INSERT INTO claims (reference, created_at, filed_by_id, partner_id, name, mpn_id_id, customer_name,
           customer_domain, tenant_id, area, activity, partner_contact_name, partner_contact_email, status,
           status_since, first_submitted_at, reviewer_id)
       SELECT 'M-' || n, :at, :filer, :partner, 'Teams', :mpn_id, 'Contoso ' || n,
           'contoso' || n || '.example.com', gen_random_uuid(), 'microsoft-365', 'usage', 'Ines Incentives',
           'ines@fabrikam.example.org', 'approved', :at, :at, :reviewer FROM generate_series(1, :number) n""",
    "INSERT INTO history_heads (claim_id, position, link) SELECT id, 0, :start FROM claims",
    "INSERT INTO claim_products (claim_id, key) SELECT id, 'teams' FROM claims",
    """INSERT INTO customer_contacts (claim_id, position, name, email)
       SELECT id, 1, 'Carla Conti', 'carla@' || customer_domain FROM claims""",
    """INSERT INTO rounds (claim_id, number, state, opened_at, ends_at, end_rule, closes_at)
       SELECT id, 1, 'running', :at, :end, '{}', CAST(:end AS timestamptz) + id * interval '1 microsecond'
       FROM claims""",
    """INSERT INTO invitations (round_id, contact_id, link_id, printed_end, taken_at)
       SELECT r.id, c.id, decode(md5('link' || r.id), 'hex'), :end, :at
       FROM rounds r JOIN customer_contacts c USING (claim_id)""",
    "ANALYZE",
)


def make(engine: Engine, programme: Programme, number: int, *, at: datetime) -> None:
    """Fill an empty database with approved claims whose one notice each was taken at `at`, days ago.

    Their histories are empty, so that everything in them comes from what is done from now on.
    """
    with Session(engine) as session:
        filer, reviewer = factories.user(session), factories.user(session, Role.REVIEWER)
        assert filer.partner is not None
        values = {
            "number": number,
            "at": at,
            "end": deadlines.consent_end(at, programme.periods.consent, programme.calendar).at,
            "filer": filer.id,
            "partner": filer.partner_id,
            "mpn_id": filer.partner.mpn_ids[1].id,
            "reviewer": reviewer.id,
            "start": chain.START,
        }
        for statement in _STEPS:
            needed = {name: value for name, value in values.items() if f":{name}" in statement}
            session.execute(text(statement), needed)
        session.commit()
