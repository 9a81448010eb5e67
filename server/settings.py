"""Every setting, validated once at start and passed down frozen.

Owns names, defaults and bounds. A value that makes no sense raises a
:class:`~server.errors.SettingsError` whose detail is one line naming the setting. Each name here
is documented in ``.env.example`` (a test holds the two together).
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from server.errors import SettingsError

_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/=-]{16,256}")
"""What a header carries unquoted (RFC 6750), and too long to be guessed."""

_MOST_BY_ITSELF: Final = 8
"""Processes of the classifier that nobody asked for: a large machine may have other work."""

_SECRETS: Final = frozenset({"LINNET_API_TOKEN", "LINNET_LICENSE_KEY"})
"""Never printed, not even when they make no sense."""


class Settings(BaseSettings):
    """Read from the environment, then from ``.env`` in the working folder."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        validate_default=False,
    )

    # Where to listen, where to keep
    host: str = Field("127.0.0.1", alias="LINNET_HOST", pattern=r"^\S+$")
    """Address to bind. Loopback unless told otherwise: audio of people is nobody else's."""
    port: int = Field(8522, alias="LINNET_PORT", ge=0, le=65535)
    """Port of the API; 0 takes a free one."""
    frontend_port: int = Field(8521, alias="LINNET_FRONTEND_PORT", ge=0, le=65535)
    """Port of the web page (which answers the API routes too); 0 takes a free one."""
    data_dir: Path = Field(Path("data"), alias="LINNET_DATA_DIR")
    """Folder of the log. One server at a time may own it."""
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), alias="LINNET_ALLOWED_ORIGINS"
    )
    """Further web origins that may use this server, comma-separated."""

    api_token: SecretStr = Field(SecretStr(""), alias="LINNET_API_TOKEN")
    """What callers must know; empty: whoever reaches the server may use it."""

    # Limits
    max_sessions: int = Field(500, alias="LINNET_MAX_SESSIONS", ge=1, le=100_000)
    """Sessions that may run at once; over it, 429."""
    max_subscribers: int = Field(10_000, alias="LINNET_MAX_SUBSCRIBERS", ge=1, le=1_000_000)
    """Open event streams over all sessions; over it, 429."""
    audio_buffer_s: float = Field(30.0, alias="LINNET_AUDIO_BUFFER_S", ge=1, le=600)
    """How far audio may run ahead of real time, in seconds, before it is refused."""
    max_upload_mb: int = Field(200, alias="LINNET_MAX_UPLOAD_MB", ge=1, le=100_000)
    """The largest recording that is taken, in megabytes (10^6 bytes); over it, 413."""
    max_recording_min: float = Field(600.0, alias="LINNET_MAX_RECORDING_MIN", gt=0, le=100_000)
    """The longest recording that is taken, in minutes; over it, 413."""
    max_analyses: int = Field(2, alias="LINNET_MAX_ANALYSES", ge=1, le=1000)
    """Recordings that are taken and heard at once; over it, 429."""
    heartbeat_s: float = Field(15.0, alias="LINNET_HEARTBEAT_S", ge=0.05, le=300)
    """Silence on a stream after which the comment ``: heartbeat`` is sent, in seconds."""
    stall_s: float = Field(30.0, alias="LINNET_STALL_S", ge=0.5, le=3600)
    """A subscriber that takes nothing for this many seconds is closed; it can resume."""

    # The log
    log_sync: Literal["normal", "full"] = Field("normal", alias="LINNET_LOG_SYNC")
    """``normal`` survives the death of the process, ``full`` also a power cut (slower)."""

    retention_days: float = Field(0.0, alias="LINNET_RETENTION_DAYS", ge=0, le=36_500)
    """Ended sessions that are not pinned are erased after so many days; 0 keeps them."""

    keep_voices: bool | None = Field(None, alias="LINNET_KEEP_VOICES")
    """Whether a session leaves what it has learnt of its voices to later ones (``voices_from``,
    resuming); None: only where the server is one's own."""

    # What the process says of itself
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", alias="LINNET_LOG_LEVEL"
    )
    log_format: Literal["auto", "text", "json"] = Field("auto", alias="LINNET_LOG_FORMAT")
    """``auto`` is text on a terminal and JSON elsewhere."""

    # Tiers
    license_key: str = Field("", alias="LINNET_LICENSE_KEY", max_length=200)
    """A paid key makes every session of this server paid."""

    # The classifier
    classifier: str = Field("acoustic", alias="LINNET_CLASSIFIER", max_length=4096)
    """What listens, the most wanted first: ``acoustic``, ``onnx:PATH``, ``mock``."""
    voice_mock: bool = Field(False, alias="CF_VOICE_MOCK")
    """A synthetic conversation instead of the acoustic classifier."""
    voice_rate_hz: float = Field(1.0, alias="CF_VOICE_RATE_HZ", gt=0, le=1000)
    """Frames a second of the synthetic conversation."""
    voice_seed: int | None = Field(None, alias="CF_VOICE_SEED")
    """Makes the synthetic conversation the same each time."""
    weights: str = Field("open", alias="LINNET_WEIGHTS", min_length=1)
    """Name of a shipped weight set."""
    floor: float | None = Field(None, alias="LINNET_FLOOR", ge=0.2, le=0.95)
    """How sure the acoustic classifier must be of a word to say it; None: as its weights ask."""
    classifier_processes: int | None = Field(None, alias="LINNET_CLASSIFIER_PROCESSES", ge=0, le=64)
    """How many processes of its own the classifier may hear in; None: as many as there are
    processors, if there are several."""

    # Modes
    demo_mode: bool = Field(False, alias="DEMO_MODE")
    demo_max_sessions: int = Field(5, alias="DEMO_MAX_SESSIONS", ge=1, le=100_000)
    cloud_mode: bool = Field(False, alias="CLOUD_MODE")
    cloud_session_header: str = Field(
        "X-CF-Session", alias="CLOUD_SESSION_HEADER", pattern=r"^[A-Za-z0-9-]{1,64}$"
    )
    """Header in which the gateway in front names the user."""
    session_idle_ttl_s: float = Field(90.0, alias="SESSION_IDLE_TTL_S", gt=0, le=86_400 * 7)
    """A free session ends this long after its last subscriber and audio socket left."""
    session_paid_ttl_s: float = Field(1800.0, alias="SESSION_PAID_TTL_S", gt=0, le=86_400 * 7)
    """A paid session ends after this long without activity."""

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path:
                raise ValueError(f"{origin!r} is not an origin like https://example.org")
        return value

    @model_validator(mode="after")
    def _check_together(self) -> Settings:
        if self.port == self.frontend_port and self.port != 0:
            raise ValueError("LINNET_PORT and LINNET_FRONTEND_PORT must differ")
        if self.demo_mode and self.cloud_mode:
            raise ValueError("DEMO_MODE and CLOUD_MODE cannot both be on")
        return self

    @field_validator("api_token")
    @classmethod
    def _check_token(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value()
        if token and not _TOKEN.fullmatch(token):
            raise ValueError(
                "a token has 16 to 256 letters, digits or -._~+/= (make one: openssl rand -hex 32)"
            )
        return value

    @property
    def open_to_others(self) -> bool:
        """Whether other machines can reach the server and nothing is asked of them."""
        return self.mode == "local" and not self.api_token and not _is_loopback(self.host)

    @property
    def mode(self) -> Literal["local", "demo", "cloud"]:
        """What ``/health`` calls the mode."""
        if self.demo_mode:
            return "demo"
        return "cloud" if self.cloud_mode else "local"

    @property
    def voices_kept(self) -> bool:
        """Whether sessions leave what they have learnt of voices: how other people sound is kept
        where somebody has said so."""
        return self.mode == "local" if self.keep_voices is None else self.keep_voices

    @property
    def _classifier_processes(self) -> int:
        if self.classifier_processes is not None:
            return self.classifier_processes
        several = _processors() > 1 and sys.platform != "win32"
        return min(_processors(), _MOST_BY_ITSELF) if several else 0

    def classifier_env(self) -> dict[str, str]:
        """The classifier's own settings, as the environment it reads."""
        env = {
            "CF_VOICE_MOCK": "1" if self.voice_mock else "0",
            "CF_VOICE_RATE_HZ": repr(self.voice_rate_hz),
            "LINNET_CLASSIFIER": self.classifier,
            "LINNET_WEIGHTS": self.weights,
            "LINNET_CLASSIFIER_PROCESSES": str(self._classifier_processes),
        }
        if self.floor is not None:
            env["LINNET_FLOOR"] = repr(self.floor)
        if self.voice_seed is not None:
            env["CF_VOICE_SEED"] = str(self.voice_seed)
        return env


def _processors() -> int:
    """How many this process may run on."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Args:
        overrides: values by field name or alias that win over environment and ``.env``.

    Raises:
        SettingsError: one line that names the first setting that makes no sense.
    """
    try:
        return Settings(**overrides)
    except ValidationError as exc:
        raise SettingsError(_one_line(exc)) from None


def unknown_settings(environment: Iterable[str]) -> list[str]:
    """A sentence for each name that looks like a setting of ours and is none: a slip of the pen
    would otherwise be silence.

    Args:
        environment: the names of environment variables.
    """
    known = [field.alias for field in Settings.model_fields.values() if field.alias]
    sentences = []
    for name in sorted(environment):
        if name.startswith("LINNET_") and name not in known:
            close = get_close_matches(name, known, n=1, cutoff=0.8)
            hint = f"; did you mean {close[0]}?" if close else ""
            sentences.append(f"{name} is not a setting of Linnet and is ignored{hint}")
    return sentences


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _one_line(exc: ValidationError) -> str:
    error = exc.errors()[0]
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return message
    name = str(error["loc"][0])
    value = "..." if name in _SECRETS else f"{error['input']!s:.80}"
    line = f"{name}={value} makes no sense: {message[0].lower()}{message[1:]}"
    return "".join(char if char.isprintable() else "?" for char in line)
