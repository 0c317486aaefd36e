"""pages of documents."""

import sqlalchemy as sa
from alembic import op

revision = '0025'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('documents', sa.Column('pages', sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column('documents', 'pages')
