"""Who may use the server."""

from __future__ import annotations

from soulsync_engine.errors import SoulSyncError
from soulsync_engine.models import User
from soulsync_plex.connection import OWNER
from soulsync_plex.identity import PRODUCT
from soulsync_plex.reading import Reading


class Users(Reading):
    """The group users."""

    def list_users(self) -> tuple[User, ...]:
        """As in the contract: the owner, and whoever this server is shared with, at home or elsewhere.

        Only the owner may know. Who that is, is told by plex.tv; where it does not answer or does not take the token,
        everybody whom the server remembers is listed, also those who lost their rights.
        """
        known = self._accounts.fresh()
        shared = self._shared_with()
        if shared is None:
            shared = {number: name for number, name in known.items() if number != OWNER}
        owner = {OWNER: known[OWNER]} if OWNER in known else {}
        return tuple(
            User(id=number, name=name, admin=number == OWNER) for number, name in {**owner, **shared}.items()
        )

    def _shared_with(self) -> dict[str, str] | None:
        """Names by number as plex.tv has them, None where it does not tell."""
        from soulsync_plex.plextv import PlexTv

        settings, log = self._context.settings, self._context.log
        machine = self._machine_id()
        address, client = settings.account_url, f"{PRODUCT}-{self.server}"
        try:
            with PlexTv(address, client=client, server=self.server, log=log) as plex_tv:
                users = plex_tv.users(settings.token.get_secret_value())
        except SoulSyncError as error:
            log.warning("the users of %s are those that it remembers: %s", self.server, error.message)
            return None
        return {
            str(user.id): user.title or user.username or str(user.id)
            for user in users
            if any(share.machineIdentifier == machine and not share.pending for share in user.servers)
        }
