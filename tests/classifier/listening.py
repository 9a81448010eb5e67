"""Listeners in tests: audio in, every frame out."""

import asyncio

from classifier import Listener, VoiceFrame
from tests.classifier.voices import Pcm


async def collect(listener: Listener) -> list[VoiceFrame]:
    """Every frame until the stream ends."""
    return [frame async for frame in listener.stream()]


async def hear(listener: Listener, pcm: Pcm, chunk: int = 1600) -> list[VoiceFrame]:
    """What a listener says of a recording, fed by so many samples."""
    reader = asyncio.create_task(collect(listener))
    for at in range(0, pcm.size, chunk):
        await listener.feed(pcm[at : at + chunk])
    await listener.stop()
    return await asyncio.wait_for(reader, 20)
