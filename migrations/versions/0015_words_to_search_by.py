"""words to search by, and the operator's queue."""

from alembic import op

revision = '0015'
down_revision = '0017'
branch_labels = None
depends_on = None

# Whatever is no ASCII punctuation and no blank belongs to a word: the same in every locale of a database.
WORDS_IN = r"""
    CREATE FUNCTION words_in(said text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_remove(regexp_split_to_array(lower(coalesce(said, '')), '[\s!-/:-@\[-`{-~]+'), '')
"""

# A word of the index has at most 2,046 bytes: of longer texts the beginning is found.
CLAIM_WORDS = """
    CREATE FUNCTION claim_words(
        name text, customer text, domain text, reference text, tenant uuid, subscription uuid
    ) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_tsvector(
        words_in(left(name, 400)) || words_in(left(customer, 400)) || words_in(left(domain, 400))
        || words_in(reference) || words_in(tenant::text) || words_in(replace(tenant::text, '-', ''))
        || words_in(subscription::text) || words_in(replace(subscription::text, '-', ''))
    )
"""


def upgrade() -> None:
    op.execute(WORDS_IN)
    op.execute(CLAIM_WORDS)
    op.execute("""
        CREATE INDEX claims_by_words ON claims USING gin
        (claim_words(name, customer_name, customer_domain, reference, tenant_id, subscription_id))
    """)
    op.create_index(op.f('claims_by_mpn_id_id'), 'claims', ['mpn_id_id'])
    op.execute("CREATE INDEX customer_contacts_by_email ON customer_contacts (lower(email))")
    op.execute("""
        CREATE INDEX claims_for_the_operator ON claims (due_at, id)
        WHERE status IN ('submitted', 'under-review')
    """)


def downgrade() -> None:
    op.drop_index('claims_for_the_operator')
    op.drop_index('customer_contacts_by_email')
    op.drop_index(op.f('claims_by_mpn_id_id'))
    op.drop_index('claims_by_words')
    op.execute("DROP FUNCTION claim_words(text, text, text, text, uuid, uuid)")
    op.execute("DROP FUNCTION words_in(text)")
