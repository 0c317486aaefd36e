"""What takes as long as it takes: a command of the operator's that looks at whole tables."""

from sqlalchemy import Connection

LIMITS = ("statement_timeout", "idle_in_transaction_session_timeout")
"""What ends a request that takes too long, by the database itself: see `flask_settings.database_limits`."""


def without_limits(connection: Connection) -> None:
    """Let the present transaction take its time. How long it waits for a lock stays bounded."""
    for limit in LIMITS:
        connection.exec_driver_sql(f"SET LOCAL {limit} = 0")
