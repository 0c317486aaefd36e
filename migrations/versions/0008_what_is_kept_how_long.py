"""what is kept, how long.

Three guards let through what erases and nothing else: the words of an answer, the age of an access log's row, the
place and the labels of a security log's row.
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

REFUSE_ALL_BUT_BLANKING = """
    CREATE FUNCTION refuse_all_but_blanking() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN
            IF OLD.words <> '' AND NEW.words = '' AND to_jsonb(NEW) - 'words' = to_jsonb(OLD) - 'words' THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION 'rows of % are only added, never changed or removed', TG_TABLE_NAME;
    END $$
"""

REFUSE_ALL_BUT_OLD = """
    CREATE FUNCTION refuse_all_but_old() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND OLD.at < now() - interval '30 days' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION 'rows of % are only added, never changed or removed', TG_TABLE_NAME;
    END $$
"""

REFUSE_ALL_BUT_FORGETTING = """
    CREATE OR REPLACE FUNCTION refuse_all_but_forgetting() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND OLD.at < now() - interval '365 days' THEN
            RETURN OLD;
        END IF;
        {blanking}
        RAISE EXCEPTION 'rows of % are only added', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END $$
"""

OF_AN_ERASED_PERSON = """
        IF TG_OP = 'UPDATE' THEN
            IF NEW.browser = '' AND NEW.network = '' AND NEW.facts = '{}'
                AND (OLD.browser, OLD.network, OLD.facts) <> ('', '', '{}'::jsonb)
                AND to_jsonb(NEW) - '{browser,network,facts}'::text[]
                  = to_jsonb(OLD) - '{browser,network,facts}'::text[]
            THEN
                RETURN NEW;
            END IF;
        END IF;
"""


def upgrade() -> None:
    op.add_column('claims', sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('mails', sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True))
    op.create_table('erasures',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('what', sa.Text(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('why', sa.Text(), server_default='', nullable=False),
    sa.CheckConstraint('count > 0', name=op.f('erasures_some_were_erased')),
    sa.PrimaryKeyConstraint('id', name=op.f('erasures_key'))
    )
    op.execute(REFUSE_ALL_BUT_BLANKING)
    op.execute(REFUSE_ALL_BUT_OLD)
    _guard("answers", "refuse_all_but_blanking")
    _guard("openings", "refuse_all_but_old")
    _guard("downloads", "refuse_all_but_old")
    op.execute(REFUSE_ALL_BUT_FORGETTING.replace("{blanking}", OF_AN_ERASED_PERSON))


def downgrade() -> None:
    op.execute(REFUSE_ALL_BUT_FORGETTING.replace("{blanking}", ""))
    for table in ("answers", "openings", "downloads"):
        _guard(table, "refuse_change")
    op.execute("DROP FUNCTION refuse_all_but_old()")
    op.execute("DROP FUNCTION refuse_all_but_blanking()")
    op.drop_table('erasures')
    op.drop_column('mails', 'erased_at')
    op.drop_column('claims', 'erased_at')


def _guard(table: str, function: str) -> None:
    op.execute(f"DROP TRIGGER {table}_only_added_to ON {table}")
    op.execute(f"""
        CREATE TRIGGER {table}_only_added_to BEFORE UPDATE OR DELETE ON {table}
        FOR EACH ROW EXECUTE FUNCTION {function}()
    """)
