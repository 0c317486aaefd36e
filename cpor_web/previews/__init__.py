"""Previews for staff: the customer's pages in every state and every mail, with invented facts and without a link."""

from cpor_web.previews.views import bp

__all__ = ["bp"]
