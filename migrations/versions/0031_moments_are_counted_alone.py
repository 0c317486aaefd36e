"""moments are counted by the index alone."""

from alembic import op

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None

NAME, MADE = 'claims_by_moment', 'claims_by_moment_made'
KEYS = "(partner_id, status, (COALESCE(due_at, dispute_until, '9999-01-01 00:00:00+00'::timestamptz)), (0 - id))"
WHERE = "WHERE status IN ('submitted', 'under-review', 'partner-action-required', 'rejected')"


def upgrade() -> None:
    _replace("INCLUDE (due_at, dispute_until)")


def downgrade() -> None:
    _replace("")


def _replace(include: str) -> None:
    # Outside of a transaction: a second attempt begins with what the first left half made. Lists have one or the other.
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {MADE}")
        op.execute(f"CREATE INDEX CONCURRENTLY {MADE} ON claims {KEYS} {include} {WHERE}")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.execute(f"ALTER INDEX {MADE} RENAME TO {NAME}")
