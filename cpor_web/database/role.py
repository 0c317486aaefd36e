"""What the role that runs the application may do in the database: everything that it needs, and nothing of what
would change what has happened. The role that owns the tables, and migrates them, is another one.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from cpor_web.models import Base

ADDED_TO_ONLY = {
    "events": "SELECT, INSERT, UPDATE (salt, actor, user_id, data)",
    "answers": "SELECT, INSERT, UPDATE (words)",
    "openings": "SELECT, INSERT, DELETE",
    "downloads": "SELECT, INSERT, DELETE",
    "security_events": "SELECT, INSERT, DELETE, UPDATE (browser, network, facts)",
    "checkpoints": "SELECT, INSERT",
    "erasures": "SELECT, INSERT",
    "alembic_version": "SELECT",
}
"""The narrow rights. What triggers let through of an update or a deletion, to erase, is all that these are for."""

THE_REST = "SELECT, INSERT, UPDATE, DELETE"


class UnfitRole(ValueError):
    """A role that could do everything whatever it is granted, or that there is not."""


def statements(role: str) -> Iterator[str]:
    """Yield the SQL that gives `role`, as a quoted identifier, its rights and takes all others of these tables."""
    yield f"GRANT USAGE ON SCHEMA public TO {role}"
    yield f"REVOKE CREATE ON SCHEMA public FROM {role}"
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}"
    for table in sorted({*Base.metadata.tables, *ADDED_TO_ONLY}):
        yield f'GRANT {ADDED_TO_ONLY.get(table, THE_REST)} ON "{table}" TO {role}'


def grant(connection: Connection, role: str) -> None:
    """Give `role` its rights, as the owner of the tables. Twice is the same as once. Does not commit.

    Raises UnfitRole where there is no such role, or it is a superuser, or may act as the owner.
    """
    about = "SELECT rolsuper, pg_has_role(oid, current_user, 'MEMBER') FROM pg_roles WHERE rolname = :role"
    found = connection.execute(text(about), {"role": role}).one_or_none()
    if found is None:
        raise UnfitRole(f"There is no role {role}. Make it: CREATE ROLE … LOGIN PASSWORD …")
    if found.rolsuper or found.pg_has_role:
        raise UnfitRole(f"{role} is a superuser, or may act as the owner of the tables: it would have every right.")
    for statement in statements(connection.dialect.identifier_preparer.quote_identifier(role)):
        connection.exec_driver_sql(statement)
