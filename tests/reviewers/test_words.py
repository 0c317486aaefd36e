from cpor_web.assessment.words import STATES
from cpor_web.consent import stops
from cpor_web.models import AnswerKind, AssessmentState, RoundState
from cpor_web.reviewers.words import ANSWERS, CONCERNS, ROUNDS, STOPS
from cpor_web.rules import contacts


def test_everything_that_can_be_shown_has_words() -> None:
    assert set(ROUNDS) == set(RoundState)
    assert set(ANSWERS) == set(AnswerKind)
    assert set(STOPS) == {stops.NOT_DELIVERED, stops.WRONG_PERSON, stops.STILL_MISSING, *stops.FOR_A_REVIEWER}
    assert set(STATES) == set(AssessmentState)
    assert set(CONCERNS) == {each for each in vars(contacts).values() if isinstance(each, contacts.Concern)}
