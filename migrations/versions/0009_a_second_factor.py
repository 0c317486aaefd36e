"""a second factor."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")
    op.add_column('users', sa.Column('totp_secret', sa.Text(), nullable=True))
    op.add_column('users', sa.Column('totp_number', sa.BigInteger(), nullable=True))
    op.add_column('users', sa.Column('recovery_codes', postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False))
    op.add_column('users', sa.Column('passkey_handle', sa.LargeBinary(), nullable=True))
    op.create_unique_constraint(op.f('users_unique_passkey_handle'), 'users', ['passkey_handle'])
    op.create_check_constraint(op.f("users_codes_only_with_a_second_factor"), "users", "totp_secret IS NOT NULL OR (totp_number IS NULL AND recovery_codes = '{}')")
    op.create_table('passkeys',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('credential_id', sa.LargeBinary(), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('sign_count', sa.BigInteger(), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("name <> ''", name=op.f('passkeys_has_a_name')),
    sa.CheckConstraint('sign_count >= 0', name=op.f('passkeys_sign_count_from_nought')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('passkeys_user_id_exists')),
    sa.PrimaryKeyConstraint('id', name=op.f('passkeys_key')),
    sa.UniqueConstraint('credential_id', name=op.f('passkeys_unique_credential_id')),
    sa.UniqueConstraint('user_id', 'name', name='passkeys_one_name_a_user')
    )


def downgrade() -> None:
    op.drop_table('passkeys')
    op.drop_constraint(op.f("users_codes_only_with_a_second_factor"), "users")
    op.drop_constraint(op.f('users_unique_passkey_handle'), 'users')
    op.drop_column('users', 'passkey_handle')
    op.drop_column('users', 'recovery_codes')
    op.drop_column('users', 'totp_number')
    op.drop_column('users', 'totp_secret')
