"""PostgreSQL and the tables: reachable, new enough, up to date, with the right rights and the right time."""

from collections.abc import Callable
from datetime import datetime

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from cpor_web.config import Settings
from cpor_web.database import schema
from cpor_web.database.schema import Standing
from cpor_web.doctor.engines import engine_of
from cpor_web.doctor.findings import Finding, look, ok, wrong
from cpor_web.models import Base
from cpor_web.web.flask_settings import for_flask

OLDEST_POSTGRES = 15
MOST_APART = 2.0
FAR_APART = 30.0
"""Seconds between this machine's clock and the database's: deadlines are judged by ours."""

OF_A_WORKER = 2
OF_THE_TICKER = 1
"""Connections: a worker marks mails on one of its own."""

ADDED_TO_ONLY = ("events", "checkpoints", "answers")

FULL = ("too many clients", "too many connections", "connection slots", "no more connections")
"""What PostgreSQL and PgBouncer say where all connections are taken; no code of theirs comes through."""

MIGRATE = "Bring them up to date, cpor db upgrade; then start web, worker and ticker anew."


def database(settings: Settings, clock: Callable[[], datetime]) -> list[Finding]:
    """Return how the database does; if it does not answer, that alone."""
    try:
        with engine_of(settings) as engine, engine.connect() as connection:
            return [
                _version(connection),
                _room(connection, settings),
                _clock(connection, clock),
                *_tables(connection),
            ]
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or type(error).__name__).strip().splitlines()
        words = said[0] if said else ""
        if any(each in words for each in FULL):
            do = "Raise max_connections, or the role's limit, or put PgBouncer between: docs/performance.md."
            return [wrong("database", f"lets nobody in any more: {words}", do)]
        do = "Start PostgreSQL, or mend CPOR_DATABASE_URL: host, name, user, password."
        return [wrong("database", f"does not answer: {words}", do)]


def _version(connection: Connection) -> Finding:
    version = str(connection.scalar(text("SHOW server_version")))
    number = int(str(connection.scalar(text("SHOW server_version_num")))) // 10000
    if number < OLDEST_POSTGRES:
        return wrong("database", f"is PostgreSQL {version}", f"Take version {OLDEST_POSTGRES} or a newer one.")
    if not schema.takes_changes(connection):
        do = "Is it a standby? CPOR_DATABASE_URL must lead to the primary. Else see its storage, and its log."
        return wrong("database", f"PostgreSQL {version} answers, and takes no changes", do)
    return ok("database", f"PostgreSQL {version} answers")


def _room(connection: Connection, settings: Settings) -> Finding:
    """Tell whether PostgreSQL lets in all that this machine's processes may take at once."""
    given = int(str(connection.scalar(text("SHOW max_connections"))))
    given -= int(str(connection.scalar(text("SHOW superuser_reserved_connections"))))
    pool = for_flask(settings)["SQLALCHEMY_ENGINE_OPTIONS"]
    of_a_web = pool["pool_size"] + pool["max_overflow"]
    taken = settings.web_processes_number * of_a_web + settings.workers * OF_A_WORKER + OF_THE_TICKER
    words = f"web, workers and ticker here may take {taken} of {given} that PostgreSQL has for all"
    if _is_pooled(connection):
        return ok("connections", f"{words}; a pooler stands between")
    if taken > given:
        do = "Raise max_connections, or put PgBouncer between: docs/performance.md. Too few, and pages answer 503."
        return look("connections", words, do)
    return ok("connections", words)


def _is_pooled(connection: Connection) -> bool:
    """Tell whether another one than PostgreSQL let us in, as PgBouncer does: it gives out numbers of its own."""
    line = connection.connection.driver_connection
    assert isinstance(line, psycopg.Connection)
    return line.info.backend_pid != connection.scalar(text("SELECT pg_backend_pid()"))


def _clock(connection: Connection, clock: Callable[[], datetime]) -> Finding:
    before = clock()
    theirs = connection.scalar(text("SELECT clock_timestamp()"))
    ours = before + (clock() - before) / 2
    apart = abs((theirs - ours).total_seconds()) if isinstance(theirs, datetime) else FAR_APART
    words = f"this machine's and the database's are {apart:.1f} s apart"
    do = "Let both follow NTP: deadlines are judged by the clocks of web and worker machines."
    if apart >= FAR_APART:
        return wrong("clocks", words, do)
    return look("clocks", words, do) if apart >= MOST_APART else ok("clocks", words)


def _tables(connection: Connection) -> list[Finding]:
    found, revision = schema.standing(connection), schema.revision(connection)
    if found is Standing.MISSING:
        return [wrong("tables", "there are none", "Make them: cpor db upgrade")]
    if found is Standing.BEHIND:
        return [wrong("tables", f"are at {revision}, this version needs {schema.head()}", MIGRATE)]
    if found is Standing.NEWER:
        return [
            look("tables", f"are at {revision}, of a newer version than this one", "Finish the upgrade here too.")
        ]
    return [ok("tables", f"are at {revision}, as this version needs"), *_indexes(connection), _rights(connection)]


def _indexes(connection: Connection) -> list[Finding]:
    """Tell of indexes whose making was broken off: no search uses them, and every change keeps them up."""
    broken = connection.scalars(
        text(
            "SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
            " WHERE NOT indisvalid AND relnamespace = current_schema()::regnamespace ORDER BY relname"
        )
    ).all()
    do = "Unless it is just being made: as the owner of the tables, REINDEX INDEX CONCURRENTLY {}; in psql."
    return [look("indexes", f"{name} was not made to its end", do.format(name)) for name in broken]


def _rights(connection: Connection) -> Finding:
    """Tell what the role may: enough to work, and not so much that it could rewrite the history."""
    role = connection.scalar(text("SELECT current_user"))
    lacking = [name for name in sorted(Base.metadata.tables) if not _holds_all(connection, name)]
    if lacking:
        do = f"As the owner of the tables: cpor db grant {role}"
        return wrong("role", f"{role} may not read and write {', '.join(lacking[:3])}", do)
    if connection.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")):
        return look("role", f"{role} is a superuser", "Give the application a role without such rights.")
    owned = connection.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tableowner = current_user")
    ).all()
    if set(owned) & set(ADDED_TO_ONLY):
        do = "Let another role own them, and give this one its rights with cpor db grant; docs/operating.md says how."
        return look("role", f"{role} owns the tables, so it could take the history's triggers away", do)
    return ok("role", f"{role} may read and write, and owns no table of the history")


def _holds_all(connection: Connection, table: str) -> bool:
    rights = text(
        "SELECT has_table_privilege(CAST(:name AS text), 'SELECT') AND has_table_privilege(:name, 'INSERT')"
    )
    return bool(connection.scalar(rights, {"name": table}))
