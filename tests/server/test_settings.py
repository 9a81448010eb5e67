"""Settings: nonsense is refused in one line that names the setting, and each is documented."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier import ConfigError
from classifier.acoustic.settings import LEAST_FLOOR, MOST_FLOOR, floor_from_env
from classifier.context import MOST_PROCESSES, processes_from_env
from server.errors import SettingsError
from server.settings import Settings, load_settings, unknown_settings

ROOT = Path(__file__).resolve().parents[2]
NAMES = {name: str(field.alias) for name, field in Settings.model_fields.items()}


@pytest.fixture(autouse=True)
def _nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No environment and no .env of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    for alias in NAMES.values():
        monkeypatch.delenv(alias, raising=False)


def test_every_setting_has_an_outside_name() -> None:
    """The names of the original are kept, ours begin with LINNET_."""
    original = {
        "CF_VOICE_MOCK",
        "CF_VOICE_RATE_HZ",
        "CF_VOICE_SEED",
        "DEMO_MODE",
        "DEMO_MAX_SESSIONS",
        "CLOUD_MODE",
        "CLOUD_SESSION_HEADER",
        "SESSION_IDLE_TTL_S",
        "SESSION_PAID_TTL_S",
    }
    assert original <= set(NAMES.values())
    assert all(alias.startswith("LINNET_") for alias in set(NAMES.values()) - original)


NONSENSE = [
    ("LINNET_HOST", "x\ny", None),
    ("LINNET_PORT", "99999", None),
    ("LINNET_PORT", "-1", None),
    ("LINNET_PORT", "http", None),
    ("LINNET_FRONTEND_PORT", "65536", None),
    ("LINNET_ALLOWED_ORIGINS", "example.org", None),
    ("LINNET_ALLOWED_ORIGINS", "https://a.example, ftp://b.example", None),
    ("LINNET_ALLOWED_ORIGINS", "https://a.example/path", None),
    ("LINNET_ALLOWED_ORIGINS", "https://[", None),
    ("LINNET_ALLOWED_ORIGINS", "*", None),
    ("LINNET_API_TOKEN", "short", None),
    ("LINNET_API_TOKEN", "with a space and more", None),
    ("LINNET_API_TOKEN", "not-ascii-but-long-é", None),
    ("LINNET_API_TOKEN", "x" * 257, None),
    ("LINNET_MAX_SESSIONS", "0", None),
    ("LINNET_MAX_SESSIONS", "1.5", None),
    ("LINNET_MAX_SUBSCRIBERS", "many", None),
    ("LINNET_AUDIO_BUFFER_S", "0", None),
    ("LINNET_AUDIO_BUFFER_S", "nan", None),
    ("LINNET_AUDIO_BUFFER_S", "inf", None),
    ("LINNET_HEARTBEAT_S", "0", None),
    ("LINNET_HEARTBEAT_S", "nan", None),
    ("LINNET_STALL_S", "-3", None),
    ("LINNET_LOG_SYNC", "off", None),
    ("LINNET_LOG_LEVEL", "loud", None),
    ("LINNET_LOG_FORMAT", "xml", None),
    ("LINNET_FLOOR", "0.1", None),
    ("LINNET_FLOOR", "nan", None),
    ("LINNET_FLOOR", "often", None),
    ("LINNET_LICENSE_KEY", "x" * 201, None),
    ("CF_VOICE_MOCK", "perhaps", None),
    ("CF_VOICE_RATE_HZ", "0", None),
    ("CF_VOICE_RATE_HZ", "nan", None),
    ("CF_VOICE_RATE_HZ", "fast", None),
    ("CF_VOICE_SEED", "1.5", None),
    ("DEMO_MODE", "2", None),
    ("DEMO_MAX_SESSIONS", "0", None),
    ("CLOUD_MODE", "maybe", None),
    ("CLOUD_SESSION_HEADER", "X User:", None),
    ("CLOUD_SESSION_HEADER", "X-User\n", None),
    ("SESSION_IDLE_TTL_S", "0", None),
    ("SESSION_IDLE_TTL_S", "-5", None),
    ("SESSION_IDLE_TTL_S", "inf", None),
    ("SESSION_PAID_TTL_S", "nan", None),
    ("SESSION_PAID_TTL_S", "soon", None),
    ("LINNET_PORT", "8521", "LINNET_FRONTEND_PORT"),
    ("DEMO_MODE", "1", "CLOUD_MODE"),
]


@pytest.mark.parametrize(("name", "value", "other"), NONSENSE)
def test_nonsense_is_refused_in_one_line_that_names_the_setting(
    name: str, value: str, other: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it stands alone or only in conflict with another setting."""
    monkeypatch.setenv(name, value)
    if other == "CLOUD_MODE":
        monkeypatch.setenv(other, "1")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    detail = refused.value.detail
    assert name in detail
    assert other is None or other in detail
    assert len(detail.splitlines()) == 1
    assert len(detail) < 300


@pytest.mark.parametrize(
    ("name", "value"),
    [("LINNET_LICENSE_KEY", "CFG-LNNT-SECRET" + "x" * 200), ("LINNET_API_TOKEN", "a SECRET")],
)
def test_a_refused_secret_is_not_printed(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What looks like a licence key or a token stays out of the terminal and its log."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert "SECRET" not in refused.value.detail


def test_a_token_is_not_in_what_the_settings_print_of_themselves() -> None:
    """Settings that end up in a log or a traceback do not take it along."""
    token = "correct-horse-battery-staple"
    settings = load_settings(api_token=token)
    assert settings.api_token.get_secret_value() == token
    assert token not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("values", "is_open"),
    [
        ({}, False),
        ({"host": "localhost"}, False),
        ({"host": "::1"}, False),
        ({"host": "127.0.0.7"}, False),
        ({"host": "0.0.0.0"}, True),
        ({"host": "::"}, True),
        ({"host": "192.168.7.9"}, True),
        ({"host": "my-machine"}, True),
        ({"host": "0.0.0.0", "api_token": "x" * 16}, False),
        ({"host": "0.0.0.0", "demo_mode": True}, False),
        ({"host": "0.0.0.0", "cloud_mode": True}, False),
    ],
)
def test_an_open_door_is_known(values: dict[str, object], is_open: bool) -> None:
    """Other machines can reach the server and nothing is asked of them; a demonstration is open on
    purpose, and the cloud has a gateway."""
    assert load_settings(**values).open_to_others == is_open


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(alias=st.sampled_from(sorted(NAMES.values())), value=st.text(max_size=120))
def test_any_text_is_taken_or_refused_in_one_line(alias: str, value: str) -> None:
    """No value of any setting ends in another error or in a line that breaks."""
    detail = ""
    try:
        load_settings(**{alias: value})
    except SettingsError as refused:
        detail = refused.detail
    assert detail == "" or alias in detail
    assert len(detail.splitlines()) <= 1


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """.env in the working folder is read; a variable of the environment goes before it."""
    (tmp_path / ".env").write_text("LINNET_PORT=1111\nLINNET_MAX_SESSIONS=7\n", encoding="utf-8")
    monkeypatch.setenv("LINNET_PORT", "2222")
    loaded = load_settings()
    assert (loaded.port, loaded.max_sessions) == (2222, 7)
    assert load_settings(port=3333).port == 3333


def test_an_empty_value_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """As compose passes on a variable that is not set."""
    for alias in NAMES.values():
        monkeypatch.setenv(alias, "")
    assert load_settings() == Settings()


def test_settings_are_frozen() -> None:
    """What was validated at start cannot be changed afterwards."""
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1  # type: ignore[misc]


def test_origins_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Space and a final slash do not matter."""
    monkeypatch.setenv("LINNET_ALLOWED_ORIGINS", " https://a.example/ ,http://b.example:8080,")
    assert load_settings().allowed_origins == ("https://a.example", "http://b.example:8080")


@pytest.mark.parametrize(
    ("env", "mode"),
    [({}, "local"), ({"DEMO_MODE": "1"}, "demo"), ({"CLOUD_MODE": "1"}, "cloud")],
)
def test_the_mode_has_one_name(
    env: dict[str, str], mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What /health and the X-Linnet-Mode header say."""
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert load_settings().mode == mode


def _by_itself() -> int:
    """Processes of the classifier on this machine, where nobody says how many."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    return 0 if processors == 1 else min(processors, 8)


def test_the_processes_have_the_classifiers_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the settings let through, the classifier takes, to both ends and not beyond."""
    for count in (0, 1, MOST_PROCESSES):
        monkeypatch.setenv("LINNET_CLASSIFIER_PROCESSES", str(count))
        assert processes_from_env(load_settings().classifier_env()) == count
    for bad in ("-1", str(MOST_PROCESSES + 1), "two"):
        monkeypatch.setenv("LINNET_CLASSIFIER_PROCESSES", bad)
        with pytest.raises(SettingsError, match="LINNET_CLASSIFIER_PROCESSES"):
            load_settings()
        with pytest.raises(ConfigError, match="LINNET_CLASSIFIER_PROCESSES"):
            processes_from_env({"LINNET_CLASSIFIER_PROCESSES": bad})


def test_one_processor_has_none_to_spare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is one, the classifier hears in the server's own process."""
    monkeypatch.setattr("server.settings._processors", lambda: 1)
    assert load_settings().classifier_env()["LINNET_CLASSIFIER_PROCESSES"] == "0"
    monkeypatch.setattr("server.settings._processors", lambda: 96)
    assert load_settings().classifier_env()["LINNET_CLASSIFIER_PROCESSES"] == "8"


def test_the_classifier_gets_what_was_validated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment is made of these settings, in the form it reads."""
    monkeypatch.setenv("CF_VOICE_MOCK", "on")
    monkeypatch.setenv("CF_VOICE_RATE_HZ", "2.5")
    monkeypatch.setenv("CF_VOICE_SEED", "-3")
    assert load_settings().classifier_env() == {
        "CF_VOICE_MOCK": "1",
        "CF_VOICE_RATE_HZ": "2.5",
        "CF_VOICE_SEED": "-3",
        "LINNET_CLASSIFIER": "acoustic",
        "LINNET_CLASSIFIER_PROCESSES": str(_by_itself()),
        "LINNET_WEIGHTS": "open",
    }
    monkeypatch.delenv("CF_VOICE_SEED")
    assert "CF_VOICE_SEED" not in load_settings().classifier_env()
    monkeypatch.setenv("LINNET_FLOOR", "0.7")
    assert load_settings().classifier_env()["LINNET_FLOOR"] == "0.7"


def test_the_floor_has_the_classifiers_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the settings let through, the classifier takes, to both ends."""
    for floor in (LEAST_FLOOR, MOST_FLOOR):
        monkeypatch.setenv("LINNET_FLOOR", str(floor))
        assert floor_from_env(load_settings().classifier_env()) == floor
    for floor in (LEAST_FLOOR - 0.01, MOST_FLOOR + 0.01):
        monkeypatch.setenv("LINNET_FLOOR", str(floor))
        with pytest.raises(SettingsError, match="LINNET_FLOOR"):
            load_settings()


def test_a_slip_of_the_pen_is_pointed_out() -> None:
    """A name that looks like ours and is none, with the one that was probably meant."""
    [sentence] = unknown_settings(["LINNET_PROT", "LINNET_PORT", "PATH", "OTHER_PORT"])
    assert "LINNET_PROT" in sentence
    assert "LINNET_PORT?" in sentence
    [sentence] = unknown_settings(["LINNET_XYZZY_QUUX"])
    assert "mean" not in sentence


# -- documentation ------------------------------------------------------------------------------


def test_every_setting_is_in_the_example_and_nothing_else_is() -> None:
    """.env.example and the code name the same settings, each once."""
    assert sorted(name for name, _ in example_lines()) == sorted(NAMES.values())


def test_the_example_gives_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Copying .env.example to .env changes nothing."""
    for name, value in example_lines():
        monkeypatch.setenv(name, value)
    assert load_settings() == Settings()
    for name, value in example_lines():
        assert value == as_written(name), name


def test_every_setting_of_the_example_has_a_sentence() -> None:
    """A comment stands above each group of lines."""
    blocks = (ROOT / ".env.example").read_text(encoding="utf-8").split("\n\n")
    for block in blocks:
        lines = block.strip().splitlines()
        if any(re.match(r"[A-Z_]+=", line) for line in lines):
            assert lines[0].startswith("# "), block


def test_the_readme_lists_every_setting_with_its_default() -> None:
    """The table of README.md and the code name the same settings, in the same words."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([A-Z][A-Z_]+)` \| (?:`([^`]*)`)? ?\| (.+) \|$", text, re.MULTILINE)
    assert sorted(name for name, _, _ in rows) == sorted(NAMES.values())
    assert {name: default for name, default, _ in rows} == {
        name: as_written(name) for name in NAMES.values()
    }


def example_lines() -> list[tuple[str, str]]:
    """Name and value of each line of the example that sets something."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return re.findall(r"^([A-Z][A-Z_]+)=(.*)$", text, re.MULTILINE)


def as_written(alias: str) -> str:
    """A default as one writes it into .env."""
    [name] = [name for name, other in NAMES.items() if other == alias]
    default = Settings.model_fields[name].default
    if isinstance(default, bool):
        return str(int(default))
    if isinstance(default, float):
        return f"{default:g}"
    return "" if default in (None, ()) else str(default)
