"""claims by domain."""

from alembic import op

revision = '0026'
down_revision = '0025'
branch_labels = None
depends_on = None

NAME = 'claims_by_customer_domain'


def upgrade() -> None:
    # Outside of a transaction: a second attempt begins with what the first left half made.
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
        op.execute(f"CREATE INDEX CONCURRENTLY {NAME} ON claims (customer_domain)")


def downgrade() -> None:
    op.drop_index(NAME)
