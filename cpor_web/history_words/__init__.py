"""What happened, in words: a sentence for each event, and its details."""

from cpor_web.history_words.details import details, record, value, warned
from cpor_web.history_words.sentences import KINDS, SENTENCES, actor, told

__all__ = ["KINDS", "SENTENCES", "actor", "details", "record", "told", "value", "warned"]
