"""How long `gatehouse-local` takes until its guide is printed and it answers: in an empty folder, and in the same again.

    tests/interop/bench start [COUNT]

GATEHOUSE_LOCAL names the program, of either profile. The promise is 3 s for the first start and 0.5 s for another one.
"""

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "suite"))

from gatehouse import Gatehouse  # noqa: E402

PROMISED = {"first": 3.0, "again": 0.5}


def started(program, folder, out):
    """Seconds until it answers; it has ended when this returns."""
    begun = time.perf_counter()
    gatehouse = Gatehouse(program, folder, out)
    took = time.perf_counter() - begun
    if gatehouse.stop() != 0:
        raise SystemExit("gatehouse-local did not end cleanly")
    return took


def main():
    parser = argparse.ArgumentParser(prog="tests/interop/bench start")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("count", nargs="?", type=int, default=5)
    asked = parser.parse_args()
    took = {"first": [], "again": []}
    for _ in range(asked.count):
        with tempfile.TemporaryDirectory() as folder:
            for kind, found in took.items():
                found.append(started(asked.program, Path(folder) / "data", folder))
    kept = True
    for kind, found in took.items():
        middle = statistics.median(found)
        kept = kept and middle <= PROMISED[kind]
        print(f"{kind}: median {middle:.2f} s, worst {max(found):.2f} s; promised {PROMISED[kind]} s")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
