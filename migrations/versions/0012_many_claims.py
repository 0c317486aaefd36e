"""many claims."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0012'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('claims', sa.Column('proof_date', sa.Date(), nullable=True))
    op.add_column('claims', sa.Column('imported_as', sa.LargeBinary(), nullable=True))
    op.create_table('saved_filters',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('wanted', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.CheckConstraint("name <> ''", name=op.f('saved_filters_has_a_name')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('saved_filters_user_id_exists')),
    sa.PrimaryKeyConstraint('id', name=op.f('saved_filters_key'))
    )
    op.create_index('saved_filters_one_name', 'saved_filters', ['user_id', sa.text('lower(name)')], unique=True)


def downgrade() -> None:
    op.drop_table('saved_filters')
    op.drop_column('claims', 'imported_as')
    op.drop_column('claims', 'proof_date')
