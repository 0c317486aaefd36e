"""The administrators' pages: health, partners and MPN IDs, users, calendar, catalogue, settings in force."""

from cpor_web.admin import assessments, calendar, holding, mpn_ids, overview, partners, reference, users
from cpor_web.admin.blueprint import bp

__all__ = ["assessments", "bp", "calendar", "holding", "mpn_ids", "overview", "partners", "reference", "users"]
