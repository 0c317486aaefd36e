"""What a migration may do to tables that an older version still works on: expand first, contract a release later."""

import re
from collections.abc import Iterator
from io import StringIO

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from cpor_web.models import Base
from cpor_web.paths import MIGRATIONS

FIRST_HELD_TO_THEM = "0011"

SMALL = frozenset({"breakers", "closures", "heartbeats", "holdings", "mpn_ids", "partners"})
"""Tables of some hundred rows at most, of which a lock for a whole look is no trouble."""

NEVER = {
    r"DROP (TABLE|COLUMN|INDEX|TYPE)|TRUNCATE": "takes away what an older version needs",
    r" RENAME ": "renames what an older version knows by its name",
    r"SET NOT NULL": "refuses rows of an older version",
    r"ADD COLUMN (?!.* DEFAULT ).* NOT NULL": "refuses rows of an older version, which does not know the column",
    r"ALTER COLUMN \S+ (SET DATA )?TYPE": "changes what an older version reads, and writes the table anew",
}
LONG = {
    # BRIN is made in one quick look over the table: writers wait for a second or two a gigabyte.
    r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)(?!.* USING brin)": "locks out writers: CONCURRENTLY instead",
    r"ADD CONSTRAINT (?!.* NOT VALID)": "looks at every row under a lock: NOT VALID first, VALIDATE after",
    r"^UPDATE ": "locks every row: in batches, by a job",
}
TABLE = re.compile(r'(?:ALTER TABLE|(?: ON)|^UPDATE) (?:ONLY )?"?(\w+)"?')
MADE = re.compile(r'CREATE TABLE "?(\w+)"?')
MADE_ANEW = re.compile(r"DROP INDEX CONCURRENTLY IF EXISTS (\w+); CREATE (?:UNIQUE )?INDEX CONCURRENTLY \1 ")
"""What an attempt that failed may have left, unusable, is removed before the index is made."""
REPLACED = re.compile(
    r"(?P<made>CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?P<beside>\w+) [^;]+;)"
    r" DROP INDEX CONCURRENTLY IF EXISTS (?P<index>\w+); ALTER INDEX (?P=beside) RENAME TO (?P=index);"
)
"""An index that is made beside the one that it replaces and then takes its name: there is always one of them."""


def complaints(sql: str) -> list[str]:
    """Return what in a migration's SQL, a statement a semicolon, an older version or its users would suffer from."""
    sql = MADE_ANEW.sub(r"CREATE INDEX CONCURRENTLY \1 ", " ".join(sql.split()))
    sql = REPLACED.sub(r"\g<made>", sql)
    statements = [each.strip() for each in sql.split(";")]
    made = {match[1] for each in statements if (match := MADE.match(each))}
    found = []
    for each in statements:
        match = TABLE.search(each)
        table = match[1] if match else ""
        if MADE.match(each) or table in made:
            continue
        found += [f"{each}: {why}" for what, why in NEVER.items() if re.search(what, each)]
        if table not in SMALL:
            found += [f"{each}: {why}" for what, why in LONG.items() if re.search(what, each)]
    return found


def migrations() -> Iterator[tuple[str, str]]:
    """Yield each migration that is held to these rules, and the SQL that it would run."""
    for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions():
        if script.revision >= FIRST_HELD_TO_THEM:
            written = StringIO()
            offline = {"as_sql": True, "output_buffer": written, "target_metadata": Base.metadata}
            with Operations.context(MigrationContext.configure(dialect_name="postgresql", opts=offline)):
                script.module.upgrade()
            yield script.revision, written.getvalue()
