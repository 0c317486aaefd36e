"""figures."""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0011'
branch_labels = None
depends_on = None

MEASURES = ('waiting', 'overdue', 'decided', 'asked', 'rejected', 'denied', 'undelivered')


def upgrade() -> None:
    op.create_table('weekly_figures',
    sa.Column('week', sa.Date(), nullable=False),
    sa.Column('partner_id', sa.BigInteger(), nullable=False),
    sa.Column('area', sa.Text(), nullable=False),
    sa.Column('measure', sa.Enum(*MEASURES, name='measure_is_known', native_enum=False, create_constraint=False, length=60), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['partner_id'], ['partners.id'], name=op.f('weekly_figures_partner_id_exists')),
    sa.PrimaryKeyConstraint('week', 'partner_id', 'area', 'measure', 'value', name=op.f('weekly_figures_key'))
    )
    op.create_check_constraint(op.f('weekly_figures_measure_is_known'), 'weekly_figures', sa.column('measure').in_(MEASURES))
    op.create_check_constraint(op.f('weekly_figures_weeks_begin_on_monday'), 'weekly_figures', 'extract(isodow FROM week) = 1')
    op.create_check_constraint(op.f('weekly_figures_nothing_is_no_row'), 'weekly_figures', 'number > 0')
    op.create_index('weekly_figures_of_a_partner', 'weekly_figures', ['partner_id', 'week'], unique=False)
    op.create_index('events_by_day', 'events', ['at'], unique=False, postgresql_using='brin', postgresql_with={'autosummarize': 'true'})


def downgrade() -> None:
    op.drop_index('events_by_day', table_name='events')
    op.drop_table('weekly_figures')
