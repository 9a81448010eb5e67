"""For every test: blocking the event loop is an error, and how fast the machine is says nothing."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx
from hypothesis import settings

settings.register_profile("linnet", deadline=None)
settings.load_profile("linnet")


@pytest.fixture(autouse=True)
def _no_blocking(request: pytest.FixtureRequest) -> Iterator[None]:
    """A call of ours that blocks the loop's thread raises BlockingError in async tests.

    Looked for in the project's own code only: what test tools and the tests themselves do on the
    loop (reading a file to compare with) holds nobody up.
    """
    function = getattr(request, "function", None)
    if not inspect.iscoroutinefunction(inspect.unwrap(function) if function else None):
        yield
        return
    with blockbuster_ctx(scanned_modules=["server", "classifier"]) as blocking:
        for guarded in blocking.functions.values():
            # A traceback in the log shows source lines, which are read from files: rare enough.
            guarded.can_block_in("/linecache.py", {"checkcache", "updatecache"})
        yield
