"""sign-in from elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('identities',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('issuer', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('tied_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('access_ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("issuer <> '' AND subject <> ''", name=op.f('identities_is_of_somebody')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('identities_user_id_exists')),
    sa.PrimaryKeyConstraint('id', name=op.f('identities_key')),
    sa.UniqueConstraint('issuer', 'subject', name=op.f('identities_unique_issuer_subject')),
    sa.UniqueConstraint('user_id', 'issuer', name=op.f('identities_unique_user_id_issuer'))
    )


def downgrade() -> None:
    op.drop_table('identities')
