"""words to search by."""

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


def downgrade() -> None:
    op.execute("DROP FUNCTION claim_words(text, text, text, text, uuid, uuid)")
    op.execute("DROP FUNCTION words_in(text)")
