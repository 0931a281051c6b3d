"""A map over processes that keeps the order and never runs far ahead of its reader."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future

Item = TypeVar("Item")
Result = TypeVar("Result")

CHUNK = 32
"""Items handed to a process at once."""


def ordered_map(
    function: Callable[[Item], Result], items: Sequence[Item], *, workers: int
) -> Iterator[Result]:
    """Return what `map` does, over `workers` processes.

    At most a few chunks of results wait to be read, so that memory does not grow with the number of items.
    Fewer processes are started where there are not enough items to be worth it, and none for `workers=1`.

    Example:
        >>> list(ordered_map(abs, [-1, 2, -3], workers=4))
        [1, 2, 3]
    """
    chunks = [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]
    workers = min(workers, len(chunks))
    if workers <= 1:
        yield from map(function, items)
        return
    # What starts processes is imported where it is needed: most programs read one file.
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    waiting: deque[Future[list[Result]]] = deque()
    # Not forked: the caller may run threads, which a forked process would inherit in an unknown state.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent) as pool:
        try:
            for chunk in chunks:
                waiting.append(pool.submit(_apply, function, chunk))
                if len(waiting) > 2 * workers:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Let a worker end when its parent was killed; else it would wait for work for ever."""
    from multiprocessing import parent_process

    def watch() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def _apply(function: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    return [function(item) for item in items]
