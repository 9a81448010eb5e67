"""The classifier being made ready."""

from __future__ import annotations

import pytest

from classifier.errors import ModelError
from server.sessions.loading import Loading
from tests.support.classifier import ScriptedBackend


async def test_it_is_ready_once_it_is_loaded() -> None:
    """Not before it has begun, nor while it loads."""
    backend = ScriptedBackend()
    backend.load_gate.clear()
    loading = Loading(backend)
    assert not loading.ready
    loading.begin()
    assert not loading.ready
    backend.load_gate.set()
    await loading.wait()
    assert loading.ready
    await loading.aclose()


async def test_one_that_cannot_be_loaded_is_never_ready() -> None:
    """Whoever waits is told why."""
    backend = ScriptedBackend()
    backend.load_error = ModelError("no such weights")
    loading = Loading(backend)
    loading.begin()
    with pytest.raises(ModelError):
        await loading.wait()
    assert not loading.ready
    await loading.aclose()


async def test_it_may_be_closed_while_it_loads_or_before() -> None:
    """Loading stops, and it is not ready."""
    backend = ScriptedBackend()
    backend.load_gate.clear()
    await Loading(backend).aclose()
    loading = Loading(backend)
    loading.begin()
    await loading.aclose()
    assert not loading.ready
