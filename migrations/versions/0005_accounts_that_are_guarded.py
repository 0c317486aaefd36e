"""accounts that are guarded."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

REFUSE_ALL_BUT_FORGETTING = """
    CREATE FUNCTION refuse_all_but_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND OLD.at < now() - interval '365 days' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$
"""


def upgrade() -> None:
    op.create_table('sign_ins',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('key', sa.LargeBinary(), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('began_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('way', sa.Text(), server_default='password', nullable=False),
    sa.Column('browser', sa.Text(), server_default='', nullable=False),
    sa.Column('network', sa.Text(), server_default='', nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('why_ended', sa.Enum('signed-out', 'elsewhere', 'password', 'second-factor', 'role', 'deactivated', 'renewed', name='end_is_known', native_enum=False, create_constraint=True, length=60), nullable=True),
    sa.CheckConstraint('octet_length(key) = 32', name=op.f('sign_ins_key_is_a_digest')),
    sa.CheckConstraint('(ended_at IS NULL) = (why_ended IS NULL)', name=op.f('sign_ins_ended_for_a_reason')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('sign_ins_user_id_exists')),
    sa.PrimaryKeyConstraint('id', name=op.f('sign_ins_key')),
    sa.UniqueConstraint('key', name=op.f('sign_ins_unique_key'))
    )
    op.create_index('sign_ins_that_last', 'sign_ins', ['user_id'], postgresql_where=sa.text('ended_at IS NULL'))
    op.create_index('sign_ins_by_last_use', 'sign_ins', ['seen_at'])
    op.create_table('security_events',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('by_id', sa.BigInteger(), nullable=True),
    sa.Column('browser', sa.Text(), server_default='', nullable=False),
    sa.Column('network', sa.Text(), server_default='', nullable=False),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['users.id'], name=op.f('security_events_by_id_exists')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('security_events_user_id_exists')),
    sa.PrimaryKeyConstraint('id', name=op.f('security_events_key'))
    )
    op.create_index('security_events_of_a_user', 'security_events', ['user_id', 'id'])
    op.create_index('security_events_by_age', 'security_events', ['at'])
    op.create_table('failed_sign_ins',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=True),
    sa.Column('times', sa.Integer(), nullable=False),
    sa.Column('first_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('times > 0', name=op.f('failed_sign_ins_at_least_one')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('failed_sign_ins_user_id_exists')),
    sa.PrimaryKeyConstraint('id', name=op.f('failed_sign_ins_key'))
    )
    op.create_index('failed_sign_ins_one_row_a_user', 'failed_sign_ins', ['user_id'], unique=True, postgresql_nulls_not_distinct=True)
    op.execute(REFUSE_ALL_BUT_FORGETTING)
    op.execute("""
        CREATE TRIGGER security_events_only_added_to BEFORE UPDATE OR DELETE ON security_events
        FOR EACH ROW EXECUTE FUNCTION refuse_all_but_forgetting()
    """)
    op.execute("""
        CREATE TRIGGER security_events_never_emptied BEFORE TRUNCATE ON security_events
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def downgrade() -> None:
    op.drop_table('failed_sign_ins')
    op.drop_table('security_events')
    op.execute("DROP FUNCTION refuse_all_but_forgetting()")
    op.drop_table('sign_ins')
