"""drafts by partner."""

from alembic import op

revision = '0030'
down_revision = '0026'
branch_labels = None
depends_on = None

NAME = 'claims_drafted'


def upgrade() -> None:
    # Outside of a transaction: a second attempt begins with what the first left half made.
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.execute(
            f"CREATE INDEX CONCURRENTLY {NAME} ON claims (partner_id, id)"
            " WHERE status = 'editing' AND deleted_at IS NULL"
        )


def downgrade() -> None:
    op.drop_index(NAME)
