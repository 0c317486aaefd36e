"""How PostgreSQL keeps what lists are read from."""

from sqlalchemy import text
from sqlalchemy.orm import Session


def test_no_search_goes_through_what_changes_of_claims_have_put_aside(db_session: Session) -> None:
    said = text("SELECT reloptions FROM pg_class WHERE relname = 'claims_by_words'")
    assert db_session.scalars(said).one() == ["fastupdate=off"]


def test_a_vacuum_comes_after_a_hundredth_of_all_claims_has_changed(db_session: Session) -> None:
    said = text("SELECT reloptions FROM pg_class WHERE oid = 'claims'::regclass")
    assert db_session.scalars(said).one() == ["autovacuum_vacuum_scale_factor=0.01"]
