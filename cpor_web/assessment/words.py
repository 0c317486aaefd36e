"""Where an assessment stands, in words: reviewers and administrators read the same."""

from cpor_web.models import AssessmentState
from cpor_web.rules.words import N_

STATES = {
    AssessmentState.QUEUED: N_("Waiting to be assessed"),
    AssessmentState.ELIGIBLE: N_("Eligible"),
    AssessmentState.NOT_ELIGIBLE: N_("Not eligible"),
}
