"""How often each job ran, how long it took, and how often it failed: counted in Redis, where every worker reaches.

An emptied Redis starts them anew, as Prometheus allows counters to.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from redis import Redis

KEY = "cpor:jobs"
_SEPARATOR = "|"


class JobTimes(NamedTuple):
    """Of one job: runs that ended well, runs that failed, and the seconds of both together."""

    done: int = 0
    failed: int = 0
    seconds: float = 0.0


def note(redis: "Redis", job: str, *, seconds: float, succeeded: bool) -> None:
    """Count a run of `job`. Raises RedisError."""
    pipeline = redis.pipeline(transaction=False)
    pipeline.hincrby(KEY, f"{job}{_SEPARATOR}{'done' if succeeded else 'failed'}", 1)
    pipeline.hincrbyfloat(KEY, f"{job}{_SEPARATOR}seconds", seconds)
    pipeline.execute()


def read(redis: "Redis") -> dict[str, JobTimes]:
    """Return the counts by the jobs' names. Raises RedisError."""
    counted: Any = redis.hgetall(KEY)
    found: dict[str, dict[str, float]] = {}
    for name, value in counted.items():
        job, _, what = name.decode("ascii", "replace").partition(_SEPARATOR)
        found.setdefault(job, {})[what] = float(value)
    return {
        job: JobTimes(int(each.get("done", 0)), int(each.get("failed", 0)), each.get("seconds", 0.0))
        for job, each in sorted(found.items())
    }
