"""The customer's pages: what a contact sees and does through the links in their mails, without signing in."""

from cpor_web.customers import confirming, links, one_click, openings
from cpor_web.customers.blueprint import bp

__all__ = ["bp", "confirming", "links", "one_click", "openings"]
