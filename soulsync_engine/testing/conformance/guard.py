"""The group guard: the kit as it is, not as it was made to fit."""

from __future__ import annotations

from inspect import getattr_static

from soulsync_engine.testing.conformance.harness import Harness


class Guard(Harness):
    """Tests of the author's class itself."""

    __test__ = False

    def test_no_standard_test_is_weakened(self) -> None:
        """No test of the kit is overridden or removed, unless `expected_failures` gives a reason for it.

        A green run must mean the same for every backend. Troubleshooting: delete the override, mend the backend, or
        list the test with a reason.
        """
        standard = _standard(type(self))
        changed = sorted(
            name
            for name, (owner, test) in standard.items()
            if getattr(type(self), name, None) is not test and name not in self.expected_failures
        )
        assert not changed, f"weakened without a reason: {', '.join(changed)}"

    def test_every_expected_failure_is_a_test_with_a_reason(self) -> None:
        """`expected_failures` names tests that exist, each with a reason.

        A list with dead names only grows. Troubleshooting: remove names that the kit no longer has.
        """
        tests = {name for name in dir(type(self)) if name.startswith("test_")}
        unknown = sorted(name for name in self.expected_failures if name.partition("[")[0] not in tests)
        assert not unknown, f"no such tests: {', '.join(unknown)}"
        assert all(reason.strip() for reason in self.expected_failures.values()), "a reason is missing"

    def test_the_kits_fixtures_are_the_kits_own(self) -> None:
        """The fixtures that open the backend are not overridden.

        Troubleshooting: use the hooks of `BackendConformance`.
        """
        cls = type(self)
        for name in ("kit", "_expected_to_fail"):
            # A plain lookup would make a new fixture object each time.
            assert getattr_static(cls, name) is vars(Harness)[name]


def _standard(author: type) -> dict[str, tuple[type, object]]:
    """The kit's own tests by name, wherever in the class's ancestry they come from."""
    package = __name__.rpartition(".")[0]
    found: dict[str, tuple[type, object]] = {}
    for owner in reversed(author.__mro__):
        if owner.__module__.startswith(package):
            found.update(
                {name: (owner, test) for name, test in vars(owner).items() if name.startswith("test_")}
            )
    return found
