"""The limit of every page: a Flask application of constant views, under the program's server, as many processes."""

import sys

from flask import Flask

from cpor_web.config import Settings
from cpor_web.server import serving

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
    app.config["MAX_CONTENT_LENGTH"] = 2**20
    app.extensions["settings"] = Settings(port=int(sys.argv[1]))
    serving.serve(app)
