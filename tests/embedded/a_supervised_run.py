"""A small `cpor up`, run as a process by the tests: DATA_DIR, then names of what each service does."""

import sys
from pathlib import Path

from cpor_web.embedded.exc import EmbeddedError
from cpor_web.embedded.postgres import EmbeddedPostgres
from cpor_web.embedded.redis_server import EmbeddedRedis
from cpor_web.embedded.service import Service
from cpor_web.embedded.supervisor import Supervisor

WAIT = "import signal; print('at work', flush=True); signal.pause()"
SCRIPTS = {
    "steady": WAIT,
    "stubborn": f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAIT}",
    "broken": "print('no port left'); raise SystemExit(3)",
    "slow": WAIT,
    "endless": WAIT,
}


def main(data_dir: Path, *names: str) -> int:
    services = [
        Service(
            name,
            [sys.executable, "-c", SCRIPTS[name]],
            ready=lambda name=name: name not in {"broken", "slow", "endless"},  # type: ignore[misc]
            ready_within=0.5 if name == "slow" else 300.0,
            stop_within=0.2,
        )
        for name in names
        if name in SCRIPTS
    ]
    with Supervisor(data_dir, tethered="tethered" in names) as supervisor:
        if "servers" not in names:
            return supervisor.run(services, when_ready=lambda: supervisor.say("Ready."))
        with EmbeddedPostgres(data_dir, fsync=False) as postgres, EmbeddedRedis(data_dir) as redis:
            supervisor.say(f"pids {postgres.pid} {redis.pid}")
            return supervisor.run(services, servers=[postgres, redis], when_ready=lambda: supervisor.say("Ready."))


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
    except EmbeddedError as refusal:
        sys.exit(str(refusal))
