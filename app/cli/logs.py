"""Sends the log to standard error: lines for people, or one JSON object a line."""

from __future__ import annotations

import sys


def configure(*, as_json: bool) -> None:
    """Set the log up for this process; times are UTC, and secrets and personal data are never logged."""
    import structlog

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if as_json:
        shape: structlog.typing.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
        # The frames, never what the variables held: names and telephone numbers are among them.
        frames = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        shared.append(structlog.processors.ExceptionRenderer(frames))
    else:
        shape = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    # Standard error is looked up line by line: whoever redirects it later gets what is said later.
    structlog.configure(
        processors=[*shared, shape],
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
