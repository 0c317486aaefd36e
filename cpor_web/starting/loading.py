"""How a process loads what it keeps to its end: nothing of that is garbage, so nobody looks for any."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect no garbage meanwhile: for what makes hundreds of thousands of objects, all of which stay.

    Afterwards all that there is counts as old, as if it had been looked through.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.unfreeze()  # which puts it among the oldest
        if was_on:
            gc.enable()


@contextmanager
def without(*modules: str) -> Iterator[None]:
    """Have an import of these modules say that there are none; one that is loaded already stays."""
    hidden = [name for name in modules if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type] # None there is how an import is told so
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def keep() -> None:
    """Never again look for garbage among what there is now: for when all is loaded, before anything is forked.

    A collection writes on each object that it looks at. So what was loaded stays memory that forked processes share,
    and nobody waits while it is gone through.
    """
    gc.freeze()


def make_ready(app: "Flask", *, today: date) -> None:
    """Load what the first requests or jobs would each wait for, and keep all: before processes are forked that work.

    SQLAlchemy works out how the tables belong together when it is first asked for one; RQ is loaded for who rings,
    with Redis' library, puremagic for who is given a document, all countries' holidays for who counts days by one of
    them.
    """
    import puremagic  # noqa: F401
    import rq  # noqa: F401
    from sqlalchemy.orm import configure_mappers

    configure_mappers()
    app.extensions["programme"].calendar.days_off.get(today)
    keep()
