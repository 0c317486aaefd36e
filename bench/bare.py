"""The limit of every page: a Flask application of constant views, under the server and the threads of the program."""

import sys

import waitress
from flask import Flask

from cpor_web.config import Settings

app = Flask(__name__)


@app.get("/healthz")
def healthz() -> str:
    """Answer with nothing to speak of."""
    return "ok"


@app.get("/constant")
def constant() -> str:
    """Answer with a page of the customer's page's size that is always the same."""
    return "<!doctype html><title>A page</title>" + "<p>Nothing is looked up for this.</p>" * 250


if __name__ == "__main__":
    waitress.serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=Settings().web_threads, ident=None)
