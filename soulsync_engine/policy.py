"""How careful, how thorough and how patient syncs are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncPolicy:
    """What a host or user may choose about syncs; the configuration's section `[sync]`.

    Removal: an item is removed once `grace_sweeps` complete sweeps in a row, the first included, did not see it, and
    `grace_hours` have passed since the first of them. A removal of more than the share `confirm_above` of a kind (0 to
    1) waits until the caller passes back the confirmation of the report, however small the library is.

    Sweeps: after reading what changed, all ids are listed to find what is gone, but not again within `sweep_hours`,
    unless something new came, or the server itself tells that something went.

    Patience: after `stall_seconds` without a page a sync ends with an error.

    Memory: changes older than `keep_changes_days` are forgotten at the end of a sync; None keeps them all.
    """

    grace_sweeps: int = 2
    grace_hours: float = 0.0
    confirm_above: float = 0.25
    sweep_hours: float = 0.0
    stall_seconds: float = 300.0
    keep_changes_days: float | None = None

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.grace_sweeps < 1:
            raise ValueError("grace_sweeps is a whole number from 1 on")
        if not 0 <= self.confirm_above <= 1:
            raise ValueError("confirm_above is a share, from 0 to 1")
        if (
            min(self.grace_hours, self.sweep_hours, self.keep_changes_days or 0) < 0
            or self.stall_seconds <= 0
        ):
            raise ValueError("times are not negative, and patience is more than none")


CAREFUL: Final = SyncPolicy()
"""What is in force when nobody chose anything."""
