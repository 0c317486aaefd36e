"""`python -m bench [NAME…] [--scale small] [--json FILE]`: measure, and print a table of ratios."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from bench import closing, denying, lists, processes, sending
from bench.house import SCALES, House
from bench.rows import Row, table

BENCHMARKS: Mapping[str, Callable[[House], Iterator[Row]]] = {
    "start": processes.start,
    "deny": denying.deny,
    "page": denying.page,
    "dashboard": lists.dashboard,
    "queue": lists.queue,
    "search": lists.search,
    "close": closing.close,
    "send": sending.send,
    "upload": processes.upload,
    "memory": processes.memory,
    "growth": lists.growth,
}


def run(names: Sequence[str], *, scale: str, folder: Path) -> list[Row]:
    """Return what the benchmarks of these names found, telling on the way how long each took."""
    rows: list[Row] = []
    with House(folder, scale) as house:
        house.place()
        for name in names:
            began = time.perf_counter()
            for row in BENCHMARKS[name](house):
                print(" · ".join(row.cells()), file=sys.stderr)
                rows.append(row)
            print(f"{name} took {time.perf_counter() - began:.0f} s", file=sys.stderr)
    return rows


def main() -> None:
    """Measure what the command line names, or everything."""
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--scale", choices=SCALES, default="full", help="how many claims there are; full: a million")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    with tempfile.TemporaryDirectory(prefix="cpor-bench-", ignore_cleanup_errors=True) as folder:
        rows = run(asked.names or list(BENCHMARKS), scale=asked.scale, folder=Path(folder))
    print("\n".join(table(rows)))
    if asked.json:
        asked.json.write_text(json.dumps([row.as_json() for row in rows], indent=2) + "\n")


if __name__ == "__main__":
    main()
