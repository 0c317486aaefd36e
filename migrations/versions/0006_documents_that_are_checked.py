"""documents that are checked."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

ROLES = ('global-admin', 'billing-admin', 'incentives-admin', 'viewer', 'reviewer', 'administrator', 'customer', 'system')


def upgrade() -> None:
    op.execute("SET LOCAL statement_timeout = 0")
    op.add_column('documents', sa.Column('scan', sa.String(length=60), server_default='waiting', nullable=False))
    op.add_column('documents', sa.Column('scan_words', sa.Text(), server_default='', nullable=False))
    op.add_column('documents', sa.Column('scanned_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('documents', sa.Column('scan_tried_at', sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("documents_scan_is_known"), "documents", "scan IN ('waiting', 'clean', 'infected')")
    op.create_check_constraint(op.f("documents_scanned_with_a_moment"), "documents", "(scan = 'waiting') = (scanned_at IS NULL)")
    op.create_index(op.f('documents_by_sha256'), 'documents', ['sha256'], unique=False)
    op.create_index('documents_to_scan', 'documents', ['id'], unique=False, postgresql_where=sa.text("scan = 'waiting'"))
    op.create_table('downloads',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('claim_id', sa.BigInteger(), nullable=False),
    sa.Column('document_id', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('user_id', sa.BigInteger(), nullable=False),
    sa.Column('role', sa.Enum(*ROLES, name='role_is_known', native_enum=False, create_constraint=True, length=60), nullable=False),
    sa.ForeignKeyConstraint(['claim_id'], ['claims.id'], name=op.f('downloads_claim_id_exists')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('downloads_user_id_exists')),
    sa.PrimaryKeyConstraint('id', name=op.f('downloads_key'))
    )
    op.create_index(op.f('downloads_by_claim_id'), 'downloads', ['claim_id'], unique=False)
    op.create_index(op.f('downloads_by_user_id'), 'downloads', ['user_id'], unique=False)
    op.execute("""
        CREATE TRIGGER downloads_only_added_to BEFORE UPDATE OR DELETE ON downloads
        FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """)
    op.execute("""
        CREATE TRIGGER downloads_never_emptied BEFORE TRUNCATE ON downloads
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """)


def downgrade() -> None:
    op.drop_table('downloads')
    op.drop_index('documents_to_scan', table_name='documents')
    op.drop_index(op.f('documents_by_sha256'), table_name='documents')
    op.drop_constraint(op.f("documents_scanned_with_a_moment"), "documents")
    op.drop_constraint(op.f("documents_scan_is_known"), "documents")
    op.drop_column('documents', 'scan_tried_at')
    op.drop_column('documents', 'scanned_at')
    op.drop_column('documents', 'scan_words')
    op.drop_column('documents', 'scan')
