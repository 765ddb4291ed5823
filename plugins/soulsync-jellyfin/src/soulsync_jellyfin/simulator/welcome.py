"""Who the server is, and how one signs in."""

from __future__ import annotations

import secrets

from soulsync_engine.testing.simulator import Answer
from soulsync_jellyfin.simulator.accounts import User
from soulsync_jellyfin.simulator.rendering import Json, answer_of, time_text
from soulsync_jellyfin.simulator.routes import NOT_FOUND, PROCESSING_FAILED, Call, Routes
from soulsync_jellyfin.simulator.state import State


def register(routes: Routes) -> None:
    """Announce the routes."""
    routes.add("GET", "/System/Info", _info)
    routes.add("GET", "/System/Info/Public", _public_info, secured=False)
    routes.add("POST", "/Users/AuthenticateByName", _login, secured=False, body=True)
    routes.add("GET", "/Users", _users, "isHidden", "isDisabled", admin=True)
    if not routes.emby:
        routes.add("GET", "/Users/Me", _me)
        routes.add("GET", "/QuickConnect/Enabled", _enabled, secured=False)
        routes.add("POST", "/QuickConnect/Initiate", _initiate, secured=False)
        routes.add("GET", "/QuickConnect/Connect", _connect, "secret", secured=False)
        routes.add("POST", "/Users/AuthenticateWithQuickConnect", _quick_login, secured=False, body=True)
    routes.add("GET", "/Users/{userId}", _user)


def _public(state: State) -> Json:
    product = {} if state.personality.emby else {"ProductName": state.personality.product}
    return {"ServerName": "attic", "Version": state.personality.version, "Id": state.id, **product}


def _public_info(call: Call) -> Answer:
    return answer_of({**_public(call.state), "StartupWizardCompleted": True})


def _info(call: Call) -> Answer:
    return answer_of({**_public(call.state), "HasPendingRestart": False, "IsShuttingDown": False})


def _user_row(state: State, user: User) -> Json:
    return {
        "Name": user.name,
        "ServerId": state.id,
        "Id": user.id,
        "HasPassword": bool(user.password),
        "Policy": {
            "IsAdministrator": user.admin,
            "IsDisabled": user.disabled,
            "EnableAllFolders": user.libraries is None,
            "AuthenticationProviderId": "default",
            "PasswordResetProviderId": "default",
        },
    }


def _users(call: Call) -> Answer:
    return answer_of([_user_row(call.state, user) for user in call.state.accounts.users.values()])


def _me(call: Call) -> Answer:
    """An API key belongs to nobody: 400 [S UserController]."""
    if call.caller.user is None:
        return Answer(status=400, content_type=None)
    return answer_of(_user_row(call.state, call.caller.user))


def _user(call: Call) -> Answer:
    user = call.some_user(call.path_id("userId"))
    return answer_of(_user_row(call.state, user))


def _signed_in(call: Call, user: User) -> Answer:
    return answer_of(
        {
            "User": _user_row(call.state, user),
            "AccessToken": call.state.accounts.token(user),
            "ServerId": call.state.id,
        }
    )


def _login(call: Call) -> Answer:
    # The case of names means nothing in bodies either.
    body = {name.lower(): value for name, value in call.body().items()}
    found = call.state.accounts.login(call.request, str(body.get("username")), str(body.get("pw") or ""))
    if isinstance(found, int):
        # A wrong password is told as 401 with this text [A 2.11].
        return Answer(status=found, body=b"Error processing request.", content_type="text/plain")
    return _signed_in(call, found)


def _enabled(call: Call) -> Answer:
    return answer_of(call.state.quick_connect_enabled)


def _initiate(call: Call) -> Answer:
    if not call.state.quick_connect_enabled or not call.state.accounts.identified(call.request):
        return Answer(status=401, body=b'"Quick connect is disabled"', content_type="application/json")
    secret, code = secrets.token_hex(32), f"{secrets.randbelow(1_000_000):06}"
    call.state.quick_connect[secret] = (code, None)
    return answer_of(_request(call, secret))


def _request(call: Call, secret: str) -> Json:
    code, user = call.state.quick_connect[secret]
    return {
        "Authenticated": user is not None,
        "Secret": secret,
        "Code": code,
        "DeviceId": "x",
        "DeviceName": "x",
        "AppName": "x",
        "AppVersion": "1",
        "DateAdded": time_text(call.state.now()),
    }


def _connect(call: Call) -> Answer:
    secret = call.params.text("secret") or ""
    if secret not in call.state.quick_connect:
        return answer_of("Unknown secret", status=404)
    return answer_of(_request(call, secret))


def _quick_login(call: Call) -> Answer:
    secret = str(call.body().get("Secret"))
    _, user = call.state.quick_connect.get(secret, ("", None))
    if user is None:
        return PROCESSING_FAILED if secret in call.state.quick_connect else NOT_FOUND
    return _signed_in(call, call.state.accounts.users[user])
