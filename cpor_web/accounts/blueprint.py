"""The blueprint of what everybody has who signs in."""

from flask import Blueprint

bp = Blueprint("accounts", __name__)
