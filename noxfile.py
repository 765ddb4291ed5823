"""The project's tasks: `python -m nox -l` lists them, `python -m nox` runs tests, lint and types."""

from __future__ import annotations

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["tests", "lint", "types"]
# A version that is not on this machine is skipped with a message, also where a CI variable is set.
nox.options.error_on_missing_interpreters = False

PROJECT = nox.project.load_toml("pyproject.toml")
PLUGINS = sorted(manifest.parent for manifest in Path("plugins").glob("*/pyproject.toml"))
BENCHMARKS = Path("benchmarks")
# Tests wait for servers, retries and other processes for a third of their time.
AT_ONCE = str(2 * (os.cpu_count() or 1))


def install(session: nox.Session, *groups: str) -> None:
    """Install the engine, its kit, every plugin and these dependency groups, all in one resolution.

    The distributions are installed editable, so that a reused environment never tests old code.
    """
    wanted = ["--editable", ".[http,testing]"]
    for plugin in PLUGINS:
        wanted += ["--editable", f"./{plugin.as_posix()}"]
    session.install(*wanted, *nox.project.dependency_groups(PROJECT, *groups))


def run_tests(session: nox.Session) -> None:
    """Run every test but what `conformance` repeats; positional arguments replace this choice."""
    install(session, "tests")
    session.run("python", "-m", "pytest", *(session.posargs or ["-n", AT_ONCE, "-m", "not repeated"]))


@nox.session
def demo(session: nox.Session) -> None:
    """Show the engine at work on a small library made for the purpose, or on the folder given."""
    install(session)
    session.run("python", "-m", "soulsync_engine.testing.demo", "--backend", "local", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """Run every test on the Python that runs nox."""
    run_tests(session)


@nox.session(python=["3.11", "3.12", "3.13"])
def tests_all(session: nox.Session) -> None:
    """Run every test on each supported Python that is found."""
    run_tests(session)


@nox.session
def conformance(session: nox.Session) -> None:
    """Run the conformance kit on every backend of this repository, found as a host would find it."""
    install(session, "tests")
    backends = [plugin.name.removeprefix("soulsync-") for plugin in PLUGINS]
    options = ["-n", "auto", *session.posargs]
    session.run("python", "-m", "soulsync_engine.testing", "reference", *backends, *options)
    session.run("python", "-m", "pytest", "-n", AT_ONCE, "-m", "repeated")


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting."""
    session.install(*nox.project.dependency_groups(PROJECT, "lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of everything that is shipped or run."""
    install(session, "types")
    sources = [(plugin / "src").as_posix() for plugin in PLUGINS]
    session.run("mypy", "soulsync_engine", *sources, "noxfile.py", "scripts")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into `site/`; any warning is an error. `-- serve` shows it while editing."""
    install(session, "docs")
    command = session.posargs or ["build", "--strict"]
    # Without colours, generated pages do not depend on who builds them.
    session.run("mkdocs", *command, env={"NO_COLOR": "1", "TERM": "dumb", "NO_MKDOCS_2_WARNING": "1"})


@nox.session
def wheels(session: nox.Session) -> None:
    """Build every distribution and use each, from its wheel, in an environment of its own."""
    session.install(*nox.project.dependency_groups(PROJECT, "wheels"))
    session.run("python", "scripts/check_wheels.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure what `docs/performance.md` reports; arguments go to `benchmarks/run.py`."""
    if not BENCHMARKS.is_dir():
        session.skip("this copy of the project has no benchmarks/ folder")
    install(session, "tests")
    session.run("python", str(BENCHMARKS / "run.py"), *session.posargs)
