"""mail that needs a person."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")
    op.add_column('mails', sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('mails', sa.Column('dealt_with_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('mails', sa.Column('dealt_with_by_id', sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f('mails_dealt_with_by_id_exists'), 'mails', 'users', ['dealt_with_by_id'], ['id'])
    op.create_check_constraint(op.f("mails_dealt_with_by_somebody"), "mails", "(dealt_with_at IS NULL) = (dealt_with_by_id IS NULL)")
    # When it was last tried, as near as is known of mails that ended before this was noted.
    op.execute("UPDATE mails SET ended_at = coalesce(sent_at, dated_at, queued_at) WHERE due_at IS NULL")
    op.create_index('mails_by_last_news', 'mails', [sa.literal_column('coalesce(bounced_at, ended_at)')], unique=False)
    op.create_index('mails_for_a_person', 'mails', ['id'], unique=False, postgresql_where=sa.text("state IN ('refused', 'unknown', 'bounced') AND message_id IS NOT NULL AND dealt_with_at IS NULL"))


def downgrade() -> None:
    op.drop_index('mails_for_a_person', table_name='mails')
    op.drop_index('mails_by_last_news', table_name='mails')
    op.drop_constraint(op.f("mails_dealt_with_by_somebody"), "mails")
    op.drop_constraint(op.f("mails_dealt_with_by_id_exists"), "mails", type_="foreignkey")
    op.drop_column('mails', 'dealt_with_by_id')
    op.drop_column('mails', 'dealt_with_at')
    op.drop_column('mails', 'ended_at')
