"""indexes of claims, made while everybody works."""

from alembic import op

revision = '0021'
down_revision = '0013'
branch_labels = None
depends_on = None

WORDS = "claim_words(name, customer_name, customer_domain, reference, tenant_id, subscription_id)"

INDEXES = {
    'claims_by_mpn_id_id': "INDEX CONCURRENTLY claims_by_mpn_id_id ON claims (mpn_id_id)",
    'claims_by_subscription_id': "INDEX CONCURRENTLY claims_by_subscription_id ON claims (subscription_id)",
    'claims_by_words': f"INDEX CONCURRENTLY claims_by_words ON claims USING gin ({WORDS})",
    'claims_for_the_operator': "INDEX CONCURRENTLY claims_for_the_operator ON claims (due_at, id) WHERE status IN ('submitted', 'under-review')",
    'claims_imported_once': "UNIQUE INDEX CONCURRENTLY claims_imported_once ON claims (partner_id, imported_as) WHERE imported_as IS NOT NULL",
    'customer_contacts_by_email': "INDEX CONCURRENTLY customer_contacts_by_email ON customer_contacts (lower(email))",
}


def upgrade() -> None:
    # Outside of a transaction, each step by itself: a second attempt begins with what the first left half made.
    with op.get_context().autocommit_block():
        for name, made in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE {made}")
        op.execute("ALTER TABLE claims VALIDATE CONSTRAINT claims_rejection_is_known")


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name)
