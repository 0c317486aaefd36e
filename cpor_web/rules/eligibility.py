"""Why an association cannot earn incentives, as the built-in assessor says it."""

from cpor_web.rules.words import N_

NO_SUCH_ACTIVITY = N_("The activity is no longer in the catalogue.")
NEVER_EARNS = N_("This activity never earns incentives.")
NOT_A_LOCATION = N_("The MPN ID is not an enrolled location.")

OURS = frozenset({NO_SUCH_ACTIVITY, NEVER_EARNS, NOT_A_LOCATION})
"""The reasons that are translated. Those of another assessor are text, and shown as they came."""
