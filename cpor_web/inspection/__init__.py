"""Looks into one document for what must not be in it, in a process of its own: see `__main__`.

Whoever uploads a document chooses every byte of it, so what reads it may be taken over, never end, or swallow all
memory. That happens to a process without secrets, connections or time: `cpor_web.proofs.examining` starts it.
Nothing here knows of the rest of the application.
"""
