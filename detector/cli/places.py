"""Where settings come from, the highest first: flags, DETECTOR_*, --config, ./detector.toml, user, /etc."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from detector.config import SECTIONS, known_keys, nearest
from detector.errors import SettingsError, UsageError
from detector.layers import Layer, Resolved, resolve

PREFIX = "DETECTOR_"
NO_SETTINGS = frozenset({"DETECTOR_DEBUG", "DETECTOR_CONFIG"})
"""Variables that are read elsewhere."""
KUBERNETES = re.compile(r"DETECTOR_(?:SERVICE_(?:HOST|PORT.*)|PORT|PORT_\d+_.*)")
"""What Kubernetes sets in every pod beside a service that is called `detector`."""
NAME = "detector.toml"


def load(flags: Mapping[str, object], environment: Mapping[str, str], config: str | None = None) -> Resolved:
    """The settings in force.

    Args:
        flags: key -> value of the options that were given.
        environment: of the process.
        config: the file named by --config.

    Raises:
        UsageError: a flag has a wrong value.
        SettingsError: a file or the environment is wrong.
    """
    below = [*files(environment, config), of_environment(environment)]
    resolve(below)
    try:
        return resolve([*below, Layer("flags", flags, is_text=True)])
    except SettingsError as error:
        text = re.sub(r"^flags: `(\w+)`", lambda found: "--" + found[1].replace("_", "-"), str(error))
        raise UsageError(text) from None


def files(environment: Mapping[str, str], config: str | None) -> Iterator[Layer]:
    """The settings files that exist, the lowest first."""
    home = environment.get("XDG_CONFIG_HOME") or os.path.join(environment.get("HOME", ""), ".config")
    for path in (Path("/etc/detector") / NAME, Path(home) / "detector" / NAME, Path(NAME)):
        if path.is_absolute() or path == Path(NAME):
            layer = read_file(path, is_named=False)
            if layer is not None:
                yield layer
    named = config if config is not None else environment.get("DETECTOR_CONFIG")
    if named:
        layer = read_file(Path(named), is_named=True)
        if layer is not None:
            yield layer


def state_folder(environment: Mapping[str, str]) -> Path | None:
    """Where this user's runs leave what later ones may want; None where the user has no home."""
    named, home = environment.get("XDG_STATE_HOME", ""), environment.get("HOME", "")
    folder = Path(named) if os.path.isabs(named) else Path(home) / ".local" / "state"
    return folder / "detector" if folder.is_absolute() else None


def read_file(path: Path, *, is_named: bool) -> Layer | None:
    """One file, None if it was only looked for and is not there.

    Raises:
        SettingsError: it cannot be read or is no TOML.
    """
    import tomllib  # not needed to show --help

    try:
        return Layer(str(path), tomllib.loads(path.read_text("utf-8")))
    except (FileNotFoundError, NotADirectoryError) as error:
        if is_named:
            raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
        return None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: is no valid TOML: {error}") from None


def of_environment(environment: Mapping[str, str]) -> Layer:
    """DETECTOR_WINDOW=1m and its like; other programs may own names of this form, so only near misses are refused.

    Raises:
        SettingsError: a variable looks like a misspelt setting.
    """
    values: dict[str, object] = {}
    for name, value in sorted(environment.items()):
        if not name.startswith(PREFIX) or name in NO_SETTINGS or KUBERNETES.fullmatch(name):
            continue
        key = name.removeprefix(PREFIX).lower()
        if key in SECTIONS:
            raise SettingsError(f"environment: `{name}`: tables of settings stand in files only, such as ./{NAME}")
        if key in known_keys():
            values[key] = value
        elif near := nearest(key, known_keys(), cutoff=0.8):
            raise SettingsError(f"environment: unknown setting `{name}`; did you mean `{PREFIX}{near.upper()}`?")
    return Layer("environment", values, is_text=True)
