"""What is counted, in one place, in a registry of its own.

Owns names and buckets. Anyone may count; only :mod:`server.api.service` prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

_LATENCY_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4)


class ClassifierProcesses(Collector):
    """What the classifier's processes take of the machine: it is not in the server's own figures.

    Nothing where the system does not say (no ``/proc``), and of a process that has just ended.
    """

    _CPU: Final = "process_cpu_seconds"
    _MEMORY: Final = "process_resident_memory_bytes"

    def __init__(self, pids: Callable[[], Sequence[int]]) -> None:
        """
        Args:
            pids: of those that run now; asked each time, in any thread.
        """
        self._pids = pids

    def collect(self) -> Iterable[Metric]:
        """One sample of CPU and memory for each process."""
        cpu = CounterMetricFamily(
            "linnet_classifier_cpu_seconds",
            "CPU time of the classifier's own processes",
            labels=["pid"],
        )
        memory = GaugeMetricFamily(
            "linnet_classifier_memory_bytes",
            "Resident memory of the classifier's own processes",
            labels=["pid"],
        )
        for pid in self._pids():
            taken = ProcessCollector(pid=partial(int, pid), registry=None).collect()
            values = {metric.name: metric.samples[0].value for metric in taken}
            if values.keys() >= {self._CPU, self._MEMORY}:
                cpu.add_metric([str(pid)], values[self._CPU])
                memory.add_metric([str(pid)], values[self._MEMORY])
        return cpu, memory


class Metrics:
    """The counters of one server."""

    def __init__(self, pids: Callable[[], Sequence[int]] = tuple) -> None:
        """
        Args:
            pids: of the classifier's processes that run now.
        """
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.registry.register(ClassifierProcesses(pids))
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
