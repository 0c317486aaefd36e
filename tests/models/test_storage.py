"""How PostgreSQL keeps what lists are read from."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from cpor_web.clock import utcnow
from cpor_web.lists import needing
from cpor_web.silence import failed_notices

SENT = """
INSERT INTO mails
(kind, to_address, language, state, queued_at, sent_at, ended_at, message_id, dated_at, boundary)
SELECT
'approved', 'x@adatum.example.org', 'en', 'sent', now(), now(), now(), '<' || n || '@vendor.example.com>', now(), 'b'
FROM generate_series(1, 2000) n
"""


def test_no_search_goes_through_what_changes_of_claims_have_put_aside(db_session: Session) -> None:
    said = text("SELECT reloptions FROM pg_class WHERE relname = 'claims_by_words'")
    assert db_session.scalars(said).one() == ["fastupdate=off"]


def test_a_vacuum_comes_after_a_hundredth_of_all_claims_has_changed(db_session: Session) -> None:
    said = text("SELECT reloptions FROM pg_class WHERE oid = 'claims'::regclass")
    assert db_session.scalars(said).one() == ["autovacuum_vacuum_scale_factor=0.01"]


@pytest.mark.parametrize(
    ("index", "question"),
    [
        ("Index Only Scan using rounds_held_up", needing._needing().text),
        ("Index Scan using mails_failed", failed_notices._failed().text),
    ],
)
def test_what_is_rare_is_found_by_an_index_of_it_alone(db_session: Session, index: str, question: str) -> None:
    """Through everything else that the other indexes have, and through bitmaps, which keep what is over."""
    db_session.execute(text(SENT))
    db_session.execute(text("ANALYZE mails"))  # whatever earlier tests have left to be known of it
    for way in ("seqscan", "bitmapscan"):
        db_session.execute(text(f"SET LOCAL enable_{way} = off"))
    plan = db_session.connection().exec_driver_sql(f"EXPLAIN {question}", {"since": utcnow()})
    assert index in "\n".join(plan.scalars())
