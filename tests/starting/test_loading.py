"""No garbage is looked for while a process loads what it keeps."""

import gc

from cpor_web.starting.loading import keep, uncollected


def test_nothing_is_collected_while_something_is_loaded() -> None:
    phases: list[str] = []

    def note(phase: str, _about: object) -> None:
        phases.append(phase)

    gc.callbacks.append(note)
    try:
        with uncollected():
            kept = [[each] for each in range(100 * gc.get_threshold()[0])]
            assert phases == []
        assert gc.isenabled()
        del kept
        gc.collect()
        assert phases
    finally:
        gc.callbacks.remove(note)


def test_collecting_stays_off_where_it_was_off_before() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_is_kept_is_not_looked_at_again() -> None:
    keep()
    try:
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
