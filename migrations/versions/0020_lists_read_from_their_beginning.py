"""lists that are read from their beginning."""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0013'
branch_labels = None
depends_on = None

BEGUN = "status IN ('submitted', 'under-review', 'partner-action-required', 'rejected')"
WAITING = "status IN ('submitted', 'under-review')"
HELD_UP = "closed_at IS NULL AND (state <> 'running' OR reply_at IS NOT NULL)"


def upgrade() -> None:
    # Nobody who writes is locked out meanwhile. It waits for transactions that run, as long as these take.
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")
        op.execute("SET lock_timeout = 0")
        op.create_index('claims_by_moment', 'claims', ['partner_id', 'status', sa.text("coalesce(due_at, dispute_until, TIMESTAMPTZ '9999-01-01 00:00:00+00')"), sa.text('(0 - id)')], postgresql_where=sa.text(BEGUN), postgresql_concurrently=True)
        op.create_index('claims_by_status', 'claims', ['status', 'id'], postgresql_concurrently=True)
        op.create_index('claims_in_hands', 'claims', ['reviewer_id', 'due_at', 'id'], postgresql_where=sa.text(WAITING), postgresql_concurrently=True)
        op.create_index('claims_disputed', 'claims', ['due_at', 'id'], postgresql_where=sa.text(f"is_disputed AND {WAITING}"), postgresql_concurrently=True)
        op.create_index('rounds_running', 'rounds', ['ends_at', sa.text('(0 - claim_id)')], postgresql_where=sa.text("state = 'running' AND reply_at IS NULL"), postgresql_concurrently=True)
        op.create_index('rounds_held_up', 'rounds', ['opened_at'], postgresql_where=sa.text(HELD_UP), postgresql_concurrently=True)
        op.execute("RESET statement_timeout")
        op.execute("RESET lock_timeout")
    op.execute("SET LOCAL statement_timeout = 0")  # a transaction has begun anew
    op.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def downgrade() -> None:
    op.drop_index('rounds_held_up')
    op.drop_index('rounds_running')
    op.drop_index('claims_disputed')
    op.drop_index('claims_in_hands')
    op.drop_index('claims_by_status')
    op.drop_index('claims_by_moment')
