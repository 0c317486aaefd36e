"""where the proof is."""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0014'
branch_labels = None
depends_on = None

REASONS = ('missing-all-poe', 'missing-customer-acknowledgment', 'missing-or-old-dates', 'missing-partner-solution', 'missing-products')


def upgrade() -> None:
    op.create_table('proof_cells',
    sa.Column('claim_id', sa.BigInteger(), nullable=False),
    sa.Column('reason', sa.Enum(*REASONS, name='reason_is_known', native_enum=False, create_constraint=False, length=60), nullable=False),
    sa.Column('product', sa.Text(), nullable=False),
    sa.Column('document_id', sa.BigInteger(), nullable=True),
    sa.Column('page', sa.Text(), server_default='', nullable=False),
    sa.Column('verdict', sa.Enum('found', 'missing', name='verdict_is_known', native_enum=False, create_constraint=False, length=60), nullable=True),
    sa.Column('missing', sa.Text(), server_default='', nullable=False),
    sa.Column('place', sa.Text(), server_default='', nullable=False),
    sa.Column('mend', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['claim_id'], ['claims.id'], name=op.f('proof_cells_claim_id_exists'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['document_id'], ['documents.id'], name=op.f('proof_cells_document_id_exists'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('claim_id', 'reason', 'product', name=op.f('proof_cells_key'))
    )
    op.create_check_constraint(op.f('proof_cells_reason_is_known'), 'proof_cells', sa.column('reason').in_(REASONS))
    op.create_check_constraint(op.f('proof_cells_verdict_is_known'), 'proof_cells', sa.column('verdict').in_(('found', 'missing')))
    op.create_check_constraint(op.f('proof_cells_pages_are_of_a_document'), 'proof_cells', "page = '' OR document_id IS NOT NULL")
    op.create_check_constraint(op.f('proof_cells_words_only_of_what_is_missing'), 'proof_cells', "verdict IS NOT DISTINCT FROM 'missing' OR (missing = '' AND place = '' AND mend = '')")
    op.create_index(op.f('proof_cells_by_document_id'), 'proof_cells', ['document_id'], unique=False)


def downgrade() -> None:
    op.drop_table('proof_cells')
