"""The blueprint of the reviewers' pages."""

from flask import Blueprint

bp = Blueprint("reviewers", __name__, url_prefix="/review")
