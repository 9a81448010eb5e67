"""Structured logs on standard error: text for people, JSON lines for machines.

What never goes in: audio, labels, tokens, whole session ids.
"""

from __future__ import annotations

import logging
import sys

import structlog

from server.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Set structlog up once, at start."""
    as_text = settings.log_format == "text" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer() if as_text else structlog.processors.JSONRenderer()
    )
    common: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last: list[structlog.typing.Processor] = [
        *([] if as_text else [structlog.processors.format_exc_info]),
        renderer,
    ]
    structlog.configure(
        processors=[*common, *last],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # The classifier, aiohttp and asyncio speak through the standard library: only their trouble is
    # of interest, and it looks like everything else.
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    level = max(logging.WARNING, logging.getLevelNamesMapping()[settings.log_level.upper()])
    logging.basicConfig(level=level, handlers=[lines], force=True)
