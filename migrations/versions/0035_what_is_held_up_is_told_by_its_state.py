"""what is held up is told by its state."""

from alembic import op

revision = '0035'
down_revision = '0034'
branch_labels = None
depends_on = None

NAME, MADE = 'rounds_held_up', 'rounds_held_up_made'
BY_STATE = "state IN ('waiting', 'stopped') OR (state = 'running' AND reply_at IS NOT NULL)"
BY_ITS_END = "closed_at IS NULL AND (state <> 'running' OR reply_at IS NOT NULL)"


def upgrade() -> None:
    _replace(BY_STATE)


def downgrade() -> None:
    _replace(BY_ITS_END)


def _replace(held_up: str) -> None:
    # Outside of a transaction: a second attempt begins with what the first left half made. Lists have one or the other.
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {MADE}")
        op.execute(f"CREATE INDEX CONCURRENTLY {MADE} ON rounds (claim_id) WHERE {held_up}")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.execute(f"ALTER INDEX {MADE} RENAME TO {NAME}")
