"""what is rare is found by itself."""

from alembic import op

revision = '0034'
down_revision = '0033'
branch_labels = None
depends_on = None

FAILED = 'mails_failed'
NAME, MADE = 'rounds_held_up', 'rounds_held_up_made'
HELD_UP = "closed_at IS NULL AND (state <> 'running' OR reply_at IS NOT NULL)"


def upgrade() -> None:
    # Outside of a transaction: a second attempt begins with what the first left half made.
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {FAILED}")
        op.execute(
            f"CREATE INDEX CONCURRENTLY {FAILED} ON mails (coalesce(bounced_at, ended_at))"
            " WHERE state IN ('refused', 'unknown', 'bounced')"
        )
    _replace("claim_id")


def downgrade() -> None:
    _replace("opened_at")
    op.drop_index(FAILED)


def _replace(key: str) -> None:
    # Lists have one or the other.
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {MADE}")
        op.execute(f"CREATE INDEX CONCURRENTLY {MADE} ON rounds ({key}) WHERE {HELD_UP}")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.execute(f"ALTER INDEX {MADE} RENAME TO {NAME}")
