"""The database as the doctor asks it, with connections that are closed again."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine

from cpor_web.config import Settings
from cpor_web.web.flask_settings import for_flask


@contextmanager
def engine_of(settings: Settings) -> Iterator[Engine]:
    """Have the engine of the settings' database. To make it can raise what asking it raises, SQLAlchemyError."""
    engine = create_engine(settings.database_url, **for_flask(settings)["SQLALCHEMY_ENGINE_OPTIONS"])
    try:
        yield engine
    finally:
        engine.dispose()
