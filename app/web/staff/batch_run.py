"""Released batches that this process is at work on; how they are finished is the composition root's to say."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable

import structlog

log = structlog.get_logger()
_running: set[int] = set()
_guard = threading.Lock()


def is_running(batch_id: int) -> bool:
    """Say whether this process is at work on the batch."""
    return batch_id in _running


def run(finish: Callable[[int], None], batch_id: int) -> None:
    """Finish the batch once at a time; what fails is logged and waits for the next run."""
    with _guard:
        if batch_id in _running:
            return
        _running.add(batch_id)
    try:
        finish(batch_id)
    except Exception as error:  # noqa: BLE001 - nobody waits for the answer; the page offers to go on
        trace = "".join(traceback.format_exception(error))
        log.error("batch failed", batch=batch_id, trace=trace)  # noqa: TRY400 - that would log the values of variables
    finally:
        _running.discard(batch_id)
