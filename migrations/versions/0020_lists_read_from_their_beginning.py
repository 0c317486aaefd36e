"""lists that are read from their beginning."""

from alembic import op

revision = '0020'
down_revision = '0021'
branch_labels = None
depends_on = None

MOMENT = "coalesce(due_at, dispute_until, TIMESTAMPTZ '9999-01-01 00:00:00+00')"
BEGUN = "status IN ('submitted', 'under-review', 'partner-action-required', 'rejected')"
WAITING = "status IN ('submitted', 'under-review')"
HELD_UP = "closed_at IS NULL AND (state <> 'running' OR reply_at IS NOT NULL)"

INDEXES = {
    'claims_by_moment': f"INDEX CONCURRENTLY claims_by_moment ON claims (partner_id, status, ({MOMENT}), (0 - id)) WHERE {BEGUN}",
    'claims_by_status': "INDEX CONCURRENTLY claims_by_status ON claims (status, id)",
    'claims_in_hands': f"INDEX CONCURRENTLY claims_in_hands ON claims (reviewer_id, due_at, id) WHERE {WAITING}",
    'claims_disputed': f"INDEX CONCURRENTLY claims_disputed ON claims (due_at, id) WHERE is_disputed AND {WAITING}",
    'rounds_running': "INDEX CONCURRENTLY rounds_running ON rounds (ends_at, (0 - claim_id)) WHERE state = 'running' AND reply_at IS NULL",
    'rounds_held_up': f"INDEX CONCURRENTLY rounds_held_up ON rounds (opened_at) WHERE {HELD_UP}",
}


def upgrade() -> None:
    # Outside of a transaction, each step by itself: a second attempt begins with what the first left half made.
    with op.get_context().autocommit_block():
        for name, made in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE {made}")


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name)
