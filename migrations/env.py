"""Runs migrations on the application's own database: one transaction, but for what is made CONCURRENTLY.

Two processes at once take turns: the second one reads afresh which version the tables have.
"""

from alembic import context
from flask import current_app

from cpor_web.database.migrate import take_turn

engine = current_app.extensions["migrate"].db.engine
metadata = current_app.extensions["migrate"].db.metadata
options = current_app.extensions["migrate"].configure_args

with engine.connect() as connection:
    try:
        # A migration may take longer than a request; it waits for locks no longer than one.
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("SET idle_in_transaction_session_timeout = 0")
        connection.commit()
        take_turn(connection)
        context.configure(connection=connection, target_metadata=metadata, **options)
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.invalidate()  # what was set is for nobody else
