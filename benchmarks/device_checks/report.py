"""What was checked, and how it ended."""

import time
import traceback
from collections.abc import Callable

Check = Callable[[], str]
"""A check: returns what it found, in words and numbers; raises what is wrong, or `NotHere`."""


class NotHere(Exception):
    """What cannot be checked on this machine, and why."""


class Report:
    """Runs checks and prints a line for each, as long as there is time.

    Args:
        seconds: When this much has passed, further checks are left out.
    """

    def __init__(self, seconds: float) -> None:
        self._begun, self._seconds = time.monotonic(), seconds
        self.failed = 0

    def section(self, title: str) -> None:
        print(f"\n## {title} (after {time.monotonic() - self._begun:.0f} s)\n", flush=True)

    def check(self, name: str, check: Check) -> None:
        """Run a check and print its line; a check that raises counts as failed."""
        if time.monotonic() - self._begun > self._seconds:
            outcome = "not measured: the time is up"
        else:
            try:
                outcome = check()
            except NotHere as reason:
                outcome = f"not checked: {reason}"
            except Exception as error:
                self.failed += 1
                place = traceback.extract_tb(error.__traceback__)[-1]
                outcome = f"FAILED: {type(error).__name__}: {error} ({place.filename}:{place.lineno})"
        print(f"- {name}: {outcome}", flush=True)


def require(found: float, limit: float, what: str) -> str:
    """Return the figure in words, or raise an error if it is above its limit."""
    told = f"{what} {found:.1e} (limit {limit:.1e})"
    if not found <= limit:
        raise AssertionError(told)
    return told
