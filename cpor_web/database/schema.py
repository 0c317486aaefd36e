"""Whether the database has the tables that this version works with."""

from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from cpor_web.paths import MIGRATIONS

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory


class Standing(StrEnum):
    """How the tables stand to the program. Newer ones are fine: migrations leave an old version able to work."""

    OK = "ok"
    NEWER = "newer"
    BEHIND = "behind"
    MISSING = "missing"

    @property
    def is_usable(self) -> bool:
        """Whether this version can work with them."""
        return self in {Standing.OK, Standing.NEWER}


@cache
def head() -> str:
    """Return the last migration that this version knows."""
    return str(_scripts().get_current_head())


def revision(connection: Connection) -> str | None:
    """Return the last migration that the database has had, None where it has no tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return str(found) if found is not None else None


def standing(connection: Connection) -> Standing:
    """Return how the tables stand. Raises SQLAlchemyError where the database does not answer."""
    found = revision(connection)
    if found is None:
        return Standing.MISSING
    if found == head():
        return Standing.OK
    return Standing.BEHIND if knows(found) else Standing.NEWER


def takes_changes(connection: Connection) -> bool:
    """Tell whether it can be written to: a standby, or one whose storage is full, is only read."""
    return str(connection.scalar(text("SHOW transaction_read_only"))) == "off"


def knows(found: str) -> bool:
    """Tell whether a migration is one of this version's."""
    from alembic.util.exc import CommandError

    try:
        return _scripts().get_revision(found) is not None
    except CommandError:
        return False


@cache
def _scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory(str(MIGRATIONS))
