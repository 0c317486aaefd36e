"""The order in which things were committed, by the database's own account: the clock of a soak is moved, that is not.

Closing takes a lock until it is committed, and so does what begins to hold it (docs/adr/0014). So what was closed
while it was held was committed after the holding and before its release.
"""

from typing import Any

from sqlalchemy import create_engine, text

from cpor_web.embedded.postgres import EmbeddedPostgres
from tests.support.installation import Installation

_NOTED = {
    "held": "INSERT ON holdings FOR EACH ROW",
    "released": "UPDATE ON holdings FOR EACH ROW WHEN (OLD.released_at IS NULL AND NEW.released_at IS NOT NULL)",
    "closed": "UPDATE ON rounds FOR EACH ROW WHEN (OLD.state = 'running' AND NEW.state IN ('passed', 'silent'))",
    "lapsed": "UPDATE ON claims FOR EACH ROW WHEN"
    " (NEW.rejection = 'no-partner-response' AND OLD.rejection IS DISTINCT FROM NEW.rejection)",
}

_BEGIN = """
    CREATE TABLE soak_journal (what text, about bigint, by xid8 DEFAULT pg_current_xact_id());
    CREATE FUNCTION soak_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN INSERT INTO soak_journal (what, about) VALUES (TG_ARGV[0], NEW.id); RETURN NULL; END
    $$;
"""

_CLOSED_WHILE_HELD = """
    WITH noted AS (SELECT what, about, pg_xact_commit_timestamp(by::xid) AS at FROM soak_journal)
    SELECT what, about, at FROM noted closed WHERE what IN ('closed', 'lapsed') AND EXISTS (
        SELECT 1 FROM noted held WHERE held.what = 'held' AND held.at < closed.at AND NOT EXISTS (
            SELECT 1 FROM noted released
            WHERE released.what = 'released' AND released.about = held.about AND released.at < closed.at
        )
    ) ORDER BY at
"""


def prepare(postgres: EmbeddedPostgres) -> None:
    """Let the server remember when each transaction was committed."""
    engine = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ALTER SYSTEM SET track_commit_timestamp = on"))
    engine.dispose()
    postgres.stop()
    postgres.start()


def begin(installation: Installation) -> None:
    """Note from now on what is closed, and what holds it."""
    triggers = (
        f"CREATE TRIGGER soak_{what} AFTER {when} EXECUTE FUNCTION soak_note('{what}');"
        for what, when in _NOTED.items()
    )
    with installation.session() as session:
        session.execute(text(_BEGIN + "".join(triggers)))


def number(installation: Installation, what: str) -> int:
    """Return how often it was noted."""
    found: int = installation.query("SELECT count(*) FROM soak_journal WHERE what = :what", what=what)[0][0]
    return found


def closed_while_held(installation: Installation) -> list[Any]:
    """Return what was closed after a holding had begun and before it was released."""
    return list(installation.query(_CLOSED_WHILE_HELD))
