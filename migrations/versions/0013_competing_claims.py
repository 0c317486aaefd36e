"""competing claims."""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None

BEFORE = ('partner-request', 'customer-decline', 'insufficient-proof-of-execution', 'missing-customer-consent', 'missing-products', 'no-partner-response', 'poe-unavailable')


def upgrade() -> None:
    op.create_table('replacements',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('claim_id', sa.BigInteger(), nullable=False),
    sa.Column('replaced_id', sa.BigInteger(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('rationale', sa.Text(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('replaced_id <> claim_id', name=op.f('replacements_replaces_another')),
    sa.ForeignKeyConstraint(['claim_id'], ['claims.id'], name=op.f('replacements_claim_id_exists')),
    sa.ForeignKeyConstraint(['replaced_id'], ['claims.id'], name=op.f('replacements_replaced_id_exists')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('replacements_user_id_exists')),
    sa.PrimaryKeyConstraint('id', name=op.f('replacements_key'))
    )
    op.create_index(op.f('replacements_by_claim_id'), 'replacements', ['claim_id'], unique=False)
    op.create_index(op.f('replacements_by_replaced_id'), 'replacements', ['replaced_id'], unique=False)
    op.create_index('replacements_one_waits_a_pair', 'replacements', ['claim_id', 'replaced_id'], unique=True, postgresql_where=sa.text('ended_at IS NULL'))
    _known((*BEFORE, 'replaced'))


def downgrade() -> None:
    op.execute("UPDATE claims SET rejection = 'partner-request' WHERE rejection = 'replaced'")
    _known(BEFORE)
    op.drop_table('replacements')


def _known(reasons: tuple[str, ...]) -> None:
    op.drop_constraint(op.f('claims_rejection_is_known'), 'claims')
    known = sa.column('rejection').in_(reasons)
    op.create_check_constraint(op.f('claims_rejection_is_known'), 'claims', known, postgresql_not_valid=True)
