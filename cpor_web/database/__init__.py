"""How PostgreSQL is asked: connections, and statements kept as their texts, past SQLAlchemy where that saves."""
