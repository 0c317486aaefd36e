"""The application that jobs run in, loaded once a process."""

from functools import cache

from flask import Flask

from cpor_web import create_app


@cache
def app() -> Flask:
    """Return this process's application."""
    return create_app()
