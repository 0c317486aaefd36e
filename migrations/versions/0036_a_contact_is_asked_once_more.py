"""a contact is asked once more."""

import sqlalchemy as sa
from alembic import op

revision = '0036'
down_revision = '0035'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('invitations', sa.Column('asked_again_at', sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column('invitations', 'asked_again_at')
