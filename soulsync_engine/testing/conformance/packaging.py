"""The group packaging: what is told about the backend before any of it runs."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from importlib.resources import files

import pytest
from packaging.requirements import Requirement

from soulsync_engine.loading import check_spec, import_spec
from soulsync_engine.spec import BACKEND_GROUP, SUPPORTED_CONTRACTS
from soulsync_engine.testing.conformance.kit import Kit

HEAVY = ("alembic", "httpx", "mutagen", "plexapi", "pydantic", "requests", "sqlalchemy")
"""Packages that must not be imported by the module of a spec."""

_IMPORTS = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
__import__(sys.argv[2])
print(json.dumps(sorted(set(sys.modules))))
"""


class Packaging:
    """Tests of the distribution's metadata and of the module that holds the spec."""

    def test_the_spec_has_the_name_of_the_entry_point(self, kit: Kit) -> None:
        """The entry point names a `BackendSpec` of the same name.

        Hosts configure the entry point's name. Troubleshooting: make `BackendSpec.name` equal to it.
        """
        spec = check_spec(kit.record, import_spec(kit.record))
        assert spec.name == kit.record.name
        assert spec.title.strip(), "the spec needs a title for people"

    def test_the_contract_number_is_one_the_engine_speaks(self, kit: Kit) -> None:
        """The spec's contract is supported.

        Otherwise no host can open the backend. Troubleshooting: write the number of the contract you built against.
        """
        assert check_spec(kit.record, import_spec(kit.record)).contract in SUPPORTED_CONTRACTS

    def test_importing_the_spec_is_light(self, kit: Kit) -> None:
        """Importing the spec's module loads no heavy package.

        A host may ask every backend for its spec. Troubleshooting: import the client and its libraries only in the
        modules that the import strings of the spec name.
        """
        module = kit.record.value.partition(":")[0]
        result = subprocess.run(  # noqa: S603
            [sys.executable, "-c", _IMPORTS, json.dumps(sys.path), module],
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        loaded = set(json.loads(result.stdout))
        assert not loaded & set(HEAVY), f"importing {module} loads {', '.join(sorted(loaded & set(HEAVY)))}"

    def test_the_package_is_typed(self, kit: Kit) -> None:
        """The package carries a `py.typed`.

        Without it type checkers ignore the hints of your code. Troubleshooting: add the empty file to the package
        and make sure that the wheel contains it.
        """
        package = kit.record.value.partition(":")[0].partition(".")[0]
        assert files(package).joinpath("py.typed").is_file()

    def test_no_exact_pin_on_the_engine(self, kit: Kit) -> None:
        """The distribution depends on a range of the engine, not on one version.

        With `==`, two backends cannot be installed together. Troubleshooting: write `soulsync-engine>=0.1,<1`.
        """
        distribution = _installed(kit)
        requirements = [Requirement(text) for text in distribution.requires or ()]
        pins = [
            str(requirement)
            for requirement in requirements
            if requirement.name == "soulsync-engine"
            and any(specifier.operator in ("==", "===") for specifier in requirement.specifier)
        ]
        assert not pins

    def test_the_entry_point_is_announced_once(self, kit: Kit) -> None:
        """The installed distribution announces the backend under this name, exactly once.

        That is all by which hosts find it. Troubleshooting: look at `[project.entry-points]` in pyproject.toml.
        """
        entries = _installed(kit).entry_points.select(group=BACKEND_GROUP, name=kit.record.name)
        assert [entry.value for entry in entries] == [kit.record.value]


def _installed(kit: Kit) -> metadata.Distribution:
    if kit.author.backend_record is not None:
        pytest.skip("the backend is tested without being installed")
    return metadata.distribution(kit.record.distribution)
