"""since when a way out is in trouble."""

import sqlalchemy as sa
from alembic import op

revision = '0037'
down_revision = '0036'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # For the workers of an older version, which do not say it.
    moment = sa.Column('since', sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
    op.add_column('breakers', moment)


def downgrade() -> None:
    op.drop_column('breakers', 'since')
