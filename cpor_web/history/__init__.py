"""The history of a claim: what is appended, how it is chained, and checkpoints, signed and kept elsewhere too."""

from cpor_web.history.appending import ERASURE, append, begin, erase, hold

__all__ = ["ERASURE", "append", "begin", "erase", "hold"]
