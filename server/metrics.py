"""What is counted, in one place, in a registry of its own.

Owns names and buckets. Anyone may count; only :mod:`server.api.service` prints.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

_LATENCY_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)


class Metrics:
    """The counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.sessions = Gauge("linnet_sessions", "Sessions running now", registry=self.registry)
        self.sessions_ended = Counter(
            "linnet_sessions_ended", "Sessions ended, by reason", ["reason"], registry=self.registry
        )
        self.subscribers = Gauge(
            "linnet_subscribers", "Event streams open now", registry=self.registry
        )
        self.subscribers_fell_behind = Counter(
            "linnet_subscribers_fell_behind",
            "Times a subscriber could not take an event at once and went back to the log",
            registry=self.registry,
        )
        self.subscribers_stalled = Counter(
            "linnet_subscribers_stalled",
            "Streams closed by us because nothing was read (the kernel may give one up first)",
            registry=self.registry,
        )
        self.audio_sockets = Gauge(
            "linnet_audio_sockets", "Audio sockets open now", registry=self.registry
        )
        self.chunks = Counter("linnet_chunks", "Audio messages accepted", registry=self.registry)
        self.audio_seconds = Counter(
            "linnet_audio_seconds", "Seconds of audio accepted", registry=self.registry
        )
        self.chunks_refused = Counter(
            "linnet_chunks_refused",
            "Audio messages refused, by code",
            ["code"],
            registry=self.registry,
        )
        self.queue_drops = Counter(
            "linnet_queue_drops",
            "Items lost because a bounded queue was full",
            ["queue"],
            registry=self.registry,
        )
        self.events = Counter(
            "linnet_events", "Events appended, by kind", ["kind"], registry=self.registry
        )
        self.events_unstored = Gauge(
            "linnet_events_unstored",
            "Events sent that the log could not keep yet",
            registry=self.registry,
        )
        self.events_lost = Counter(
            "linnet_events_lost",
            "Events sent that the log never kept; exports name them as gaps",
            registry=self.registry,
        )
        self.store_failures = Counter(
            "linnet_store_failures", "Failed writes to the log", registry=self.registry
        )
        self.append_seconds = Histogram(
            "linnet_append_seconds",
            "From an event's making to its being stored and fanned out",
            buckets=_LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self.classifier_lag_seconds = Histogram(
            "linnet_classifier_lag_seconds",
            "From the arrival of audio that can be analysed to its having been",
            buckets=_LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self.event_latency_seconds = Histogram(
            "linnet_event_latency_seconds",
            "From the arrival of the last chunk a tone rests on to its being fanned out",
            buckets=_LATENCY_BUCKETS_S,
            registry=self.registry,
        )
        self.requests = Counter(
            "linnet_requests",
            "HTTP answers, by route and status",
            ["route", "status"],
            registry=self.registry,
        )
