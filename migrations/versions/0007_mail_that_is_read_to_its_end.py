"""mail that is read to its end."""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('received_mails', sa.Column('sender', sa.Text(), server_default='', nullable=False))


def downgrade() -> None:
    op.drop_column('received_mails', 'sender')
