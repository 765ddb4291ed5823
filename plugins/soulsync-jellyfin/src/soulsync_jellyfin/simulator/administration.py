"""Scans, tasks, the folders of libraries, and the KodiSyncQueue plugin where it is installed."""

from __future__ import annotations

from soulsync_engine.testing.simulator import Answer
from soulsync_jellyfin.simulator.rendering import Json, answer_of, time_text
from soulsync_jellyfin.simulator.routes import NO_CONTENT, NOT_FOUND, Call, Routes

_POLLS = 2


def register(routes: Routes) -> None:
    """Announce the routes."""
    routes.add("GET", "/ScheduledTasks", _tasks, "isHidden", "isEnabled", admin=True)
    routes.add("POST", "/Library/Refresh", _scan, admin=True)
    routes.add("POST", "/Library/Media/Updated", _updated, body=True)
    if routes.emby:
        # The list of them all is gone from the description [E].
        paging = ("StartIndex", "Limit")
        routes.add("GET", "/Library/VirtualFolders/Query", _page_of_folders, *paging, admin=True)
    else:
        routes.add("GET", "/Library/VirtualFolders", _folders, admin=True)
    recursive = ("Recursive",) if routes.emby else ()
    routes.add(
        *("POST", "/Items/{itemId}/Refresh", _refresh),
        *("metadataRefreshMode", "imageRefreshMode", "replaceAllMetadata", "replaceAllImages", *recursive),
        admin=True,
    )
    plugin = "Emby.Kodi.SyncQueue" if routes.emby else "Jellyfin.Plugin.KodiSyncQueue"
    routes.add("GET", f"/{plugin}/GetServerDateTime", _queue_clock)
    routes.add("GET", f"/{plugin}/{{userId}}/GetItems", _queue, "LastUpdateDT", "filter")


def _tasks(call: Call) -> Answer:
    """Names are translated, keys are not."""
    state = call.state
    running = state.scan_polls > 0
    scan: Json = {
        "Name": "Medienbibliothek scannen",
        "State": "Running" if running else "Idle",
        "Id": "7738148ffcd07979c7ceb148e06b3aed",
        "Key": "RefreshLibrary",
        "Category": "Bibliothek",
        "IsHidden": False,
        "LastExecutionResult": {
            "StartTimeUtc": time_text(state.now()),
            "EndTimeUtc": time_text(state.now()),
            "Status": "Completed",
            "Name": "Medienbibliothek scannen",
            "Key": "RefreshLibrary",
        },
    }
    if running:
        scan["CurrentProgressPercentage"] = 100.0 / (state.scan_polls + 1)
        state.scan_polls -= 1
    other: Json = {"Name": "Library", "State": "Running", "Id": "1", "Key": "CleanCache", "IsHidden": False}
    return answer_of([other, scan])


def _scan(call: Call) -> Answer:
    call.state.scan_polls = _POLLS
    return NO_CONTENT


def _updated(call: Call) -> Answer:
    updates = call.body().get("Updates")
    for update in updates if isinstance(updates, list) else []:
        call.state.updated_paths.append(str(update.get("Path")))
    return NO_CONTENT


def _refresh(call: Call) -> Answer:
    item = call.path_id("itemId")
    if item not in call.state.catalogue.libraries and item not in call.state.catalogue.items:
        return NOT_FOUND
    call.state.refreshing[item] = _POLLS
    return NO_CONTENT


def _folders(call: Call) -> Answer:
    return answer_of(_folder_rows(call))


def _page_of_folders(call: Call) -> Answer:
    rows = _folder_rows(call)
    return answer_of({"Items": rows, "TotalRecordCount": len(rows)})


def _folder_rows(call: Call) -> list[Json]:
    rows: list[Json] = []
    for library in call.state.catalogue.libraries.values():
        left = call.state.refreshing.get(library.id, 0)
        call.state.refreshing[library.id] = max(0, left - 1)
        row: Json = {
            "Name": library.name,
            "Locations": [library.path],
            "ItemId": library.id,
            "RefreshStatus": "Active" if left else "Idle",
        }
        if library.collection_type is not None:
            row["CollectionType"] = library.collection_type
        if left:
            row["RefreshProgress"] = 50.0
        rows.append(row)
    return rows


def _queue_clock(call: Call) -> Answer:
    if call.state.sync_queue is None:
        return NOT_FOUND
    since = call.state.sync_queue.since
    return answer_of({"ServerDateTime": time_text(call.state.now()), "RetentionDateTime": time_text(since)})


def _queue(call: Call) -> Answer:
    if call.state.sync_queue is None:
        return NOT_FOUND
    call.some_user(call.path_id("userId"))
    return answer_of(
        {
            "ItemsAdded": [],
            "ItemsUpdated": [],
            "ItemsRemoved": call.state.sync_queue.removed,
            "UserDataChanged": [{"ItemId": item, "Key": item} for item in call.state.sync_queue.user_data],
        }
    )
