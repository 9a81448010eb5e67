"""What a caller sends: bodies and queries, each with its bounds."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from classifier.frames import DEFAULT_WINDOW_MS, Affect
from server.models.base import SEQ_MAX, Seconds, Unit, WireModel


class StartRequest(WireModel):
    """Body of ``POST /session/start``; every field is optional."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    elcor: bool = False
    license_key: str | None = Field(None, max_length=200)
    window_ms: int = Field(DEFAULT_WINDOW_MS, ge=100, le=5000, multiple_of=100)
    transcribe_lang: str | None = Field(None, max_length=35)
    num_speakers: int = Field(0, ge=0, le=8)
    target_lang: str | None = Field(None, max_length=35)
    voices_from: str | None = Field(None, min_length=1, max_length=128)
    """A session in which the same people spoke: their voices need not be learnt anew."""

    @model_validator(mode="before")
    @classmethod
    def _null_means_default(cls, data: object) -> object:
        # Clients of the original send null for what the user left open.
        if isinstance(data, dict):
            return {key: value for key, value in data.items() if value is not None}
        return data


class ResumeRequest(StartRequest):
    """Body of ``POST /session/resume``; what is not given is as it was."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    snapshot_id: str = Field(min_length=1, max_length=128)


class CorrectionRequest(WireModel):
    """Body of ``PUT /session/{id}/events/{seq}/correction``: a label or an affect, or both."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", str_strip_whitespace=True, allow_inf_nan=False
    )

    label: str | None = Field(None, min_length=1, max_length=200)
    affect: Affect | None = None
    note: str | None = Field(None, min_length=1, max_length=2000)

    @model_validator(mode="after")
    def _says_something(self) -> CorrectionRequest:
        if self.label is None and self.affect is None:
            raise ValueError("needs a label or an affect")
        return self


class HistoryQuery(BaseModel):
    """Filters of ``GET /session/{id}/history``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    min_confidence: Unit = 0.0
    limit: int = Field(50, ge=1, le=10_000)
    affect: Affect | None = None
    speaker_id: str | None = Field(None, min_length=1, max_length=64)
    since: Seconds | None = None
    until: Seconds | None = None
    after_seq: int | None = Field(None, ge=0, le=SEQ_MAX)


EXPORT_FORMATS: Final = ("json", "jsonl", "csv", "vtt", "srt", "textgrid", "eaf", "rttm", "html")
"""Names of :data:`server.export.formats.FORMATS`, for the documents."""


class ExportQuery(BaseModel):
    """Options of ``GET /session/{id}/export``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: str = Field(
        "json", min_length=1, max_length=32, json_schema_extra={"enum": list(EXPORT_FORMATS)}
    )


class SessionsQuery(BaseModel):
    """Paging of ``GET /sessions/history``."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    limit: int = Field(50, ge=1, le=1000)
    before: Seconds | None = None
