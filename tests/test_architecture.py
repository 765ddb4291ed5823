"""What the layout promises: light imports, one direction, and no backend known by name."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import soulsync_engine

CORE = Path(soulsync_engine.__file__).parent
SOURCES = sorted(CORE.rglob("*.py"))
HEAVY = {"plexapi", "httpx", "requests", "sqlalchemy", "alembic", "pydantic", "typer", "rich", "mutagen"}


def modules_after(statement: str) -> set[str]:
    """The top-level modules a fresh interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    ("statement", "also_forbidden"),
    [
        ("import soulsync_engine", {"pluggy", "importlib_metadata", "dataclasses"}),
        ("from soulsync_engine.plugin import BackendSpec, MediaServerClient", set()),
        ("import soulsync_engine; soulsync_engine.discover()", set()),
    ],
)
def test_importing_loads_nothing_heavy(statement: str, also_forbidden: set[str]) -> None:
    assert modules_after(statement) & (HEAVY | also_forbidden) == set()


def test_every_public_name_exists() -> None:
    for name in soulsync_engine.__all__:
        if name != "__version__":
            assert getattr(soulsync_engine, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'MediaServerEngin'"):
        soulsync_engine.MediaServerEngin  # noqa: B018


def imports_of(source: Path) -> set[str]:
    tree = ast.parse(source.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_core_names_no_official_backend(source: Path) -> None:
    assert not {name for name in imports_of(source) if re.match(r"soulsync_(?!engine\b)", name)}
    texts = {
        node.value
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert not texts & {"plex", "jellyfin", "emby", "navidrome", "subsonic", "local"}


LAYERS = [
    {"errors", "models", "py"},
    {"capabilities", "http", "policy", "spec", "settings", "signin", "redaction", "pictures", "matching"},
    {"contract"},
    {"hookspecs", "plugin", "answers", "paging", "bus", "discovery"},
    {"loading", "plugins"},
    {"config"},
    {"session"},
    {"primitives"},
    {"playlists", "operations"},
    {"server"},
    {"mirror"},
    {"sync"},
    {"engine"},
    {"doctor"},
    {"cli", "testing"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(CORE)))
def test_imports_point_one_way(source: Path) -> None:
    """At import time a module needs only what lies below it; deferred and typing imports may look up."""
    part = source.relative_to(CORE).parts[0].removesuffix(".py")
    if part == "__init__":
        return
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("soulsync_engine."):
            used = str(node.module).split(".")[1]
            assert LEVEL[used] <= LEVEL[part], f"{source.name} imports {node.module}"
