"""Connections to the database that keep what they have prepared; see `prepared`."""

from typing import Any

from flask import Flask
from psycopg import Connection
from psycopg.pq import ExecStatus, TransactionStatus
from sqlalchemy import event

IN_TRANSACTION = (TransactionStatus.INTRANS, TransactionStatus.INERROR)


class Lasting(Connection[Any]):
    """A connection whose prepared statements outlast a rollback, with which every page ends that only read.

    psycopg forgets them with each, lest a table was made anew before it. While the application runs, none is.
    """

    def rollback(self) -> None:
        """Roll back what was begun."""
        with self.lock:
            status = self.pgconn.transaction_status
            if status == TransactionStatus.IDLE:
                return
            if status in IN_TRANSACTION and self.pgconn.exec_(b"ROLLBACK").status == ExecStatus.COMMAND_OK:
                return
        super().rollback()  # says what is wrong with the connection


def init_app(app: Flask) -> None:
    """Have the application's engine connect so."""
    with app.app_context():
        event.listen(app.extensions["sqlalchemy"].engine, "do_connect", _connect)


def _connect(_dialect: object, _record: object, arguments: Any, options: Any) -> Connection[Any]:
    return Lasting.connect(*arguments, **options)
