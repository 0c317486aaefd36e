"""held after a restore."""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Holdings are few: a row for each time that closing was held.
    op.add_column('holdings', sa.Column('restored_from', sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f('holdings_some_failed'), 'holdings')
    op.create_check_constraint(op.f('holdings_for_a_cause'), 'holdings', 'failed > 0 OR restored_from IS NOT NULL')
    op.create_check_constraint(op.f('holdings_failed_of_all'), 'holdings', 'failed >= 0 AND failed <= notices')


def downgrade() -> None:
    op.execute("DELETE FROM holdings WHERE failed = 0")
    op.drop_constraint(op.f('holdings_failed_of_all'), 'holdings')
    op.drop_constraint(op.f('holdings_for_a_cause'), 'holdings')
    op.create_check_constraint(op.f('holdings_some_failed'), 'holdings', 'failed > 0 AND failed <= notices')
    op.drop_column('holdings', 'restored_from')
