"""The command `soulsync`. Only `main` is meant for others; what it does, hosts do through the engine."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line with the arguments of this process, and end the process."""
    try:
        # Imported here so that Ctrl-C while modules are still being loaded ends in a sentence, too.
        from soulsync_engine.cli.app import app

        _replace_closed_streams()
        _never_fail_to_print()
        app(prog_name="soulsync")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        sys.exit(130)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        # What arrives here is a mistake in this project: every error raised on purpose was shown by then.
        sys.stderr.write(f"soulsync itself failed: {type(error).__name__}: {error}\n")
        sys.stderr.write("Run it again with --debug before the command, and report what it shows.\n")
        sys.exit(1)


def _replace_closed_streams() -> None:
    """Who closed a stream before starting this wants nothing of it; the command is carried out all the same."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for as long as the process lives


def _never_fail_to_print() -> None:
    """A title that the terminal's encoding lacks is shown with question marks instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")
