"""A soak: a random mix of what people do and what breaks, against real processes, until the time is up (`make soak`).

`python -m tests.soak --minutes 3 --seed 7` starts web, ticker and a pool of workers, moves their clock, and prints
what must be zero. The seed chooses what is done; what the processes make of it at the same time is theirs.
"""
