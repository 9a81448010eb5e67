"""What can go wrong, as one tree with stable codes.

Owns the reasons. Knows nothing of HTTP: :mod:`server.api.problems` alone turns a code into a
status number or a WebSocket close code.

::

    LinnetError
    ├── SettingsError         a setting makes no sense; the server does not start
    ├── InvalidInputError     a request's field is ill-typed or out of range
    ├── UnknownSessionError   no such session, or not this caller's
    ├── UnknownEventError     the session has no such event
    ├── SessionRunningError   the session has to end first
    ├── SessionEndedError     the session exists but takes nothing any more
    ├── NotAllowedError       this origin or host may not do this
    ├── CredentialsError      no credentials where the mode needs them
    ├── PaymentRequiredError  a paid feature without a paid key
    ├── ForbiddenInModeError  switched off in this mode
    ├── CapacityError         a bound is reached: sessions or subscribers
    ├── SourceTakenError      another socket already feeds this source
    ├── AudioRefusedError     one audio message refused; the socket stays
    ├── UnsupportedRecordingError  an upload that is no recording, or of a kind not read here
    ├── UnreadableRecordingError   a recording that is damaged, empty or too short
    ├── TooLargeError         an upload or a recording larger than is taken
    ├── UploadStalledError    an upload that does not come to its end
    ├── ClassifierFailedError the classifier could not hear a recording to its end
    ├── StoreError            the log could not be written or read
    └── GoingAwayError        the server is shutting down
"""

from __future__ import annotations

from typing import ClassVar


class LinnetError(Exception):
    """Any failure with a stable code and a sentence for a person."""

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class SettingsError(LinnetError):
    """A setting makes no sense. The detail is one line that names it."""

    code = "bad_setting"
    title = "A setting makes no sense"


class InvalidInputError(LinnetError):
    """A request's field is ill-typed or out of range. The detail names it."""

    code = "invalid_input"
    title = "The request is not valid"


class UnknownSessionError(LinnetError):
    """No such session, or one that belongs to somebody else (the two look the same)."""

    code = "unknown_session"
    title = "No such session"

    def __init__(self, detail: str = "There is no session with this id.") -> None:
        super().__init__(detail)


class UnknownEventError(LinnetError):
    """The session has no tone event of this number."""

    code = "unknown_event"
    title = "No such event"

    def __init__(
        self, detail: str = "This session has no stored tone event of this number."
    ) -> None:
        super().__init__(detail)


class SessionRunningError(LinnetError):
    """Only an ended session can be resumed."""

    code = "session_running"
    title = "The session still runs"

    def __init__(
        self, detail: str = "This session still runs: end it before you resume it."
    ) -> None:
        super().__init__(detail)


class SessionEndedError(LinnetError):
    """The session has ended: it can be read, not fed."""

    code = "session_ended"
    title = "The session has ended"

    def __init__(self, detail: str = "This session has ended and takes no more audio.") -> None:
        super().__init__(detail)


class NotAllowedError(LinnetError):
    """This origin or host may not do this."""

    code = "not_allowed"
    title = "Not allowed from here"


class CredentialsError(LinnetError):
    """The mode asks for credentials and there are none."""

    code = "credentials_missing"
    title = "Who is asking?"


class PaymentRequiredError(LinnetError):
    """A paid feature without a paid key."""

    code = "payment_required"
    title = "A paid feature"


class ForbiddenInModeError(LinnetError):
    """Switched off in this mode."""

    code = "forbidden_in_mode"
    title = "Not available in this mode"


class CapacityError(LinnetError):
    """A bound is reached; trying again later may work."""

    code = "at_capacity"
    title = "No room at the moment"

    def __init__(self, detail: str, *, retry_after_s: int | None = None) -> None:
        """
        Args:
            detail: a sentence.
            retry_after_s: when it may be worth trying again, where that can be said.
        """
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class SourceTakenError(LinnetError):
    """Another socket already feeds this source of this session."""

    code = "source_taken"
    title = "This source is already being fed"


class AudioRefusedError(LinnetError):
    """One audio message refused. ``reason`` is the code the client sees; the socket stays open."""

    code = "audio_refused"
    title = "The audio message was refused"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class UnsupportedRecordingError(LinnetError):
    """What was sent is no recording, or of a kind that is not read here."""

    code = "unsupported_recording"
    title = "Not a recording that is read here"


class UnreadableRecordingError(LinnetError):
    """A recording that is damaged, empty, too short, or not what was asked for."""

    code = "unreadable_recording"
    title = "The recording cannot be heard"


class TooLargeError(LinnetError):
    """More bytes, or more hours, than are taken."""

    code = "too_large"
    title = "The recording is too large"


class UploadStalledError(LinnetError):
    """An upload did not come to its end in time."""

    code = "upload_stalled"
    title = "The upload did not come to its end"


class ClassifierFailedError(LinnetError):
    """The classifier could not be made ready, or failed while it heard a recording."""

    code = "classifier_failed"
    title = "The classifier failed"


class StoreError(LinnetError):
    """The log could not be written or read."""

    code = "store_failed"
    title = "The log could not be reached"


class GoingAwayError(LinnetError):
    """The server is shutting down."""

    code = "going_away"
    title = "The server is going away"

    def __init__(self, detail: str = "The server is shutting down; try again shortly.") -> None:
        super().__init__(detail)
