"""words are written at once."""

from alembic import op

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None

NAME = 'claims_by_words'


def upgrade() -> None:
    op.execute(f"ALTER INDEX {NAME} SET (fastupdate = off)")
    op.execute(f"SELECT gin_clean_pending_list('{NAME}')")


def downgrade() -> None:
    op.execute(f"ALTER INDEX {NAME} RESET (fastupdate)")
