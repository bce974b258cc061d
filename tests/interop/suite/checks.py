"""What a check is, and the count of them."""

import time
import traceback


class Failed(Exception):
    """A check saw something else than it wanted."""


def want(condition, message):
    if not condition:
        raise Failed(message)


def want_equal(found, wanted, what):
    if found != wanted:
        raise Failed(f"{what}: wanted {wanted!r}, got {found!r}")


def want_soon(found, wanted, what, seconds=20):
    """As `want_equal`, of what somebody else may still be about to do; `found` is asked again meanwhile."""
    begun = time.monotonic()
    while (last := found()) != wanted and time.monotonic() - begun < seconds:
        time.sleep(0.2)
    want_equal(last, wanted, what)


class Report:
    """Runs checks; one that fails does not stop the others."""

    def __init__(self, log):
        self.passed = 0
        self.failed = 0
        self.log = log

    def check(self, name, run, *arguments):
        begun = time.monotonic()
        try:
            run(*arguments)
        except Exception as error:  # whatever goes wrong in a check is the check's failure
            self.failed += 1
            detail = str(error) if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
            print(f"FAILED {name}: {detail}", flush=True)
            self.log.write(f"== {name}\n{traceback.format_exc()}\n")
            self.log.flush()
        else:
            self.passed += 1
            print(f"ok {name} ({time.monotonic() - begun:.1f} s)", flush=True)

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 0 if self.failed == 0 and self.passed > 0 else 1
