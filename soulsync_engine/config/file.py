"""Editing `soulsync.toml` without disturbing what the user wrote around it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from soulsync_engine.config.document import check_name
from soulsync_engine.config.sources import config_from_mapping, load_config
from soulsync_engine.errors import ConfigurationError, NotFoundError


class ConfigFile:
    """The configuration file as something to edit. Comments and order stay; the file is for its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add_server(self, name: str, backend: str, settings: Mapping[str, object]) -> None:
        """Add a server; the first one becomes the active one. A name that is taken is refused."""
        check_name(name)
        document = self._read()
        servers = document.setdefault("servers", tomlkit.table(is_super_table=True))
        if name in servers:
            raise ConfigurationError(
                f"There is a server called {name!r} already.",
                next_step=f"Choose another name, or remove it with: soulsync servers remove {name}",
            )
        table = tomlkit.table()
        table.update({"backend": backend, **settings})
        servers[name] = table
        if len(servers) == 1:
            document.setdefault("server", tomlkit.table())["active"] = name
        self._write(document)

    def remove_server(self, name: str) -> None:
        """Remove a server's configuration. What the mirror holds of it stays."""
        document = self._read()
        servers = document.get("servers", {})
        if name not in servers:
            raise _unknown(name, list(servers))
        del servers[name]
        if document.get("server", {}).get("active") == name:
            del document["server"]["active"]
        self._write(document)

    def use_server(self, name: str) -> None:
        """Make a configured server the active one."""
        # Also where the one that is active now is no longer configured: this is how to mend that.
        document = self._read(checked=False)
        servers = document.get("servers", {})
        if name not in servers:
            raise _unknown(name, list(servers))
        document.setdefault("server", tomlkit.table())["active"] = name
        config_from_mapping(document.unwrap(), {}, source=self.path)
        self._write(document)

    def _read(self, *, checked: bool = True) -> tomlkit.TOMLDocument:
        if not self.path.exists():
            return tomlkit.document()
        if self.path.suffix == ".json":
            raise ConfigurationError(
                f"{self.path} belongs to the old application and is only read.",
                next_step="Name a .toml file with --config or SOULSYNC_CONFIG.",
            )
        if checked:
            load_config(self.path, environ={})
        try:
            return tomlkit.parse(self.path.read_text(encoding="utf-8"))
        except (TOMLKitError, OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"The configuration file {self.path} is not valid: {error}.",
                next_step="Correct it in an editor.",
            ) from error

    def _write(self, document: tomlkit.TOMLDocument) -> None:
        """Replace the file in one step, so that a crash leaves the old or the new one."""
        try:
            # Where the file is a link to one that is kept elsewhere, that one is written.
            target = self.path.resolve()
            target.parent.mkdir(parents=True, exist_ok=True)
            # mkstemp makes the file readable by its owner only.
            handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".soulsync-", suffix=".toml")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(tomlkit.dumps(document))
                os.replace(temporary, target)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except UnicodeEncodeError as error:
            raise ConfigurationError(
                "A setting holds a name that is not UTF-8, and the configuration file holds nothing else.",
                next_step="Rename that folder, or give it a link with a plain name.",
            ) from error
        except OSError as error:
            raise ConfigurationError(
                f"The configuration file {self.path} cannot be written: {error.strerror}.",
                next_step="Check the permissions of its folder.",
            ) from error


def _unknown(name: str, configured: list[str]) -> NotFoundError:
    return NotFoundError(
        f"No server is called {name!r} (configured: {', '.join(configured) or 'none'}).",
        next_step="List them with: soulsync servers list",
    )
