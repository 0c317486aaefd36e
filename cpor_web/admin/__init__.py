"""The administrators' pages: health, partners and MPN IDs, users, calendar, catalogue, settings in force."""

from cpor_web.admin import assessments, calendar, mpn_ids, overview, partners, reference, users
from cpor_web.admin.blueprint import bp

__all__ = ["assessments", "bp", "calendar", "mpn_ids", "overview", "partners", "reference", "users"]
