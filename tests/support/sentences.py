"""Templates say sentences of ours by `_()`, and what people or strangers wrote never: it would not be escaped."""

from typing import Any

from babel.messages.pofile import read_po
from flask import Flask
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext

from cpor_web.paths import TRANSLATIONS


def ours() -> frozenset[str]:
    """Return all msgids; one with a plural counts as both."""
    with (TRANSLATIONS / "messages.pot").open("rb") as file:
        ids = [message.id for message in read_po(file) if message.id]
    return frozenset(each for id_ in ids for each in ([id_] if isinstance(id_, str) else id_))


def only_ours(app: Flask) -> None:
    """From now on, have a template of this application fail that is to translate anything else."""
    known, say = ours(), app.jinja_env.globals["_"]

    @pass_eval_context
    def said(context: EvalContext, sentence: Any, /, **filled_in: object) -> Any:
        assert sentence in known, f"not a sentence of ours: {sentence!r}"
        return say(context, sentence, **filled_in)  # type: ignore[operator]

    app.jinja_env.globals.update(_=said, gettext=said)
