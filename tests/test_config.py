"""Configuration from a file, a mapping and variables; every mistake is one sentence that names the key."""

import stat
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr, field_validator

from soulsync_engine.config import ConfigFile, config_from_mapping, config_path, load_config
from soulsync_engine.config.secrets import resolve_secrets
from soulsync_engine.config.validation import secrets_of, validate_settings
from soulsync_engine.discovery import in_process
from soulsync_engine.errors import ConfigurationError, NotFoundError
from soulsync_engine.plugin import BackendSettings, BackendSpec, LegacySection


class ShelfSettings(BackendSettings):
    base_url: str
    token: SecretStr
    password: SecretStr | None = None
    timeout: float = 30.0
    folder: Path = Path("/")

    @field_validator("folder")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        if not value.is_absolute():
            raise ValueError("it is relative")
        return value


SHELF = BackendSpec(
    name="shelf",
    title="Shelf",
    contract=1,
    client="soulsync_engine.testing.reference.client:ReferenceClient",
    settings=f"{__name__}:ShelfSettings",
    legacy=LegacySection(server="old-shelf", section="shelfseek", keys={"transfer_path": "base_url"}),
)


def write(folder: Path, text: str, name: str = "soulsync.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_is_read(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        '[server]\nactive = "home"\n[servers.home]\nbackend = "shelf"\nbase_url = "http://x"\n'
        f'[engine]\ndata_dir = "{tmp_path}"\n',
    )
    config = load_config(file, environ={})
    assert config.active == "home"
    assert config.servers["home"].settings == {"base_url": "http://x"}
    assert config.mirror_url == f"sqlite:///{tmp_path}/mirror.db"
    assert config.source == file


def test_settings_are_not_shown(tmp_path: Path) -> None:
    config = config_from_mapping({"servers": {"home": {"backend": "shelf", "token": "s3cret"}}})
    assert "s3cret" not in repr(config)


def test_variables_come_on_top_and_stay_texts(tmp_path: Path) -> None:
    file = write(tmp_path, '[servers.My-Home]\nbackend = "shelf"\ntoken = "a"\n')
    environ = {
        "SOULSYNC_SERVERS__MY_HOME__TOKEN": "12345",
        "SOULSYNC_SERVERS__ATTIC__BACKEND": "shelf",
        "SOULSYNC_SERVER__ACTIVE": "attic",
        "SOULSYNC_MIRROR__URL": "sqlite:///other.db",
        "SOULSYNC_BACKENDS": "shelf",
    }
    config = load_config(file, environ=environ)
    assert config.servers["My-Home"].settings == {"token": "12345"}
    assert config.active == "attic"
    assert config.mirror_url == "sqlite:///other.db"


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("SOULSYNC_SYNC__GRACE_SWEEPS", "two", "sync.grace_sweeps: input should be a valid integer"),
        ("SOULSYNC_SERVER__ACTIV", "home", "server.activ is not a known key (did you mean active?)"),
        ("SOULSYNC_SERVERS__HOM__TOKEN", "s3cret", "servers.hom.backend is missing"),
    ],
)
def test_a_mistake_in_a_variable_is_not_blamed_on_the_file(
    tmp_path: Path, variable: str, value: str, message: str
) -> None:
    file = write(tmp_path, '[servers.home]\nbackend = "shelf"\n')
    with pytest.raises(ConfigurationError) as error:
        load_config(file, environ={"SOULSYNC_SERVER__ACTIVE": "home", variable: value})
    assert str(error.value).startswith(
        f"There is a mistake in the environment variable {variable}: {message}"
    )
    assert "s3cret" not in str(error.value)


def test_an_active_server_that_a_variable_names_is_corrected_there(tmp_path: Path) -> None:
    file = write(tmp_path, '[servers.home]\nbackend = "shelf"\n')
    with pytest.raises(ConfigurationError) as error:
        load_config(file, environ={"SOULSYNC_SERVER__ACTIVE": "attic"})
    assert error.value.next_step == "Correct or unset SOULSYNC_SERVER__ACTIVE."


def test_where_the_file_is_wrong_too_it_is_blamed(tmp_path: Path) -> None:
    file = write(tmp_path, "[sync]\ngrace_sweeps = 0\n")
    with pytest.raises(ConfigurationError, match="in the configuration file"):
        load_config(file, environ={"SOULSYNC_SYNC__GRACE_HOURS": "many"})


def test_values_passed_in_code_are_final(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOULSYNC_SERVERS__HOME__TOKEN", "from the environment")
    config = config_from_mapping({"servers": {"home": {"backend": "shelf", "token": "in code"}}})
    assert config.servers["home"].settings == {"token": "in code"}


def test_a_missing_default_file_is_an_empty_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("SOULSYNC_CONFIG", raising=False)
    assert load_config().servers == {}


def test_the_variable_names_the_file(tmp_path: Path) -> None:
    assert config_path({"SOULSYNC_CONFIG": str(tmp_path / "a.toml")}) == tmp_path / "a.toml"
    with pytest.raises(ConfigurationError, match=r"a\.toml does not exist"):
        load_config(environ={"SOULSYNC_CONFIG": str(tmp_path / "a.toml")})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[servers", "is not valid"),
        ('[servers.home]\nurl = "x"', "servers.home.backend is missing"),
        ('[sever]\nactive = "x"', r"sever is not a known key \(did you mean server"),
        ('[server]\nactiv = "x"', r"server.activ is not a known key \(did you mean active"),
        ("[server]\nactive = 3", "server.active: input should be a valid string"),
        ('servers = "none"', "servers: input should be a valid dictionary"),
        ('[server]\nactive = "x"', r"active server 'x' is not configured \(configured: none\)"),
        ('[servers."../x"]\nbackend = "shelf"', "cannot be the name of a server"),
    ],
)
def test_each_mistake_in_a_file_has_its_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        load_config(write(tmp_path, text), environ={})
    assert caught.value.next_step


def test_a_file_that_is_no_text_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "noise.toml").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "noise.toml", tmp_path):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            load_config(path, environ={})


def settings(**values: object) -> BackendSettings:
    return validate_settings(ShelfSettings, values, server="home")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"token": "t"}, "base_url is missing"),
        ({"base_url": "u", "token": "t", "tokn": "t"}, r"tokn is not a known key \(did you mean token"),
        ({"base_url": "u", "token": "t", "folder": 5}, r"folder: input is not a valid path\."),
        ({"base_url": "u", "token": "t", "folder": "x"}, "settings: folder: it is relative"),
        ({"base_url": "u", "token": "t", "timeout": "soon"}, "timeout: input should be a valid number"),
        ({"base_url": "u", "token": ["s3cret"]}, "token: input should be a valid string"),
    ],
)
def test_each_mistake_in_settings_has_its_sentence_without_a_value(
    values: dict[str, object], sentence: str
) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as caught:
        settings(**values)
    assert caught.value.server == "home"
    assert "s3cret" not in str(caught.value)


def test_secrets_come_from_variables_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELF_TOKEN", "from a variable")
    (tmp_path / "password").write_text("from a file\n")
    made = settings(base_url="env:SHELF_TOKEN", token="env:SHELF_TOKEN", password=f"file:{tmp_path}/password")
    assert secrets_of(made) == ["from a variable", "from a file"] or set(secrets_of(made)) == {
        "from a variable",
        "from a file",
    }
    assert made.model_dump()["base_url"] == "env:SHELF_TOKEN"
    assert "variable" not in repr(made).replace("env:SHELF_TOKEN", "")


class Ring(BackendSettings):
    keys: list[SecretStr]
    doors: dict[str, SecretStr | None]


def test_secrets_in_lists_and_mappings_are_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "from a variable")
    made = validate_settings(
        Ring, {"keys": ["env:A_KEY", "plain"], "doors": {"front": "third"}}, server="home"
    )
    assert sorted(secrets_of(made)) == ["from a variable", "plain", "third"]
    assert "plain" not in repr(made)


def test_a_secret_with_a_colon_is_not_taken_for_a_reference() -> None:
    assert resolve_secrets(ShelfSettings, {"token": "a:b"}, server="home") == {"token": "a:b"}


@pytest.mark.parametrize(
    ("reference", "sentence"),
    [
        ("env:NO_SUCH_VARIABLE", "the environment variable NO_SUCH_VARIABLE is not set"),
        ("file:/no/such/file", "the file /no/such/file cannot be read"),
        ("keyring:soulsync/nobody", "keyring"),
    ],
)
def test_a_secret_that_cannot_be_resolved_says_where_it_was_looked_for(reference: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        settings(base_url="u", token=reference)


def test_the_old_application_s_configuration_keeps_working(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        '{"active_media_server": "old-shelf", "shelfseek": {"transfer_path": "/music", "other": 1}, '
        '"spotify": {"client_id": "x"}}',
        "config.json",
    )
    config = load_config(file, environ={}, records=in_process(SHELF))
    assert config.active == "old-shelf"
    assert config.servers["old-shelf"].backend == "shelf"
    assert config.servers["old-shelf"].settings == {"base_url": "/music"}


def test_an_old_section_without_values_is_no_server() -> None:
    old = {"active_media_server": "old-shelf", "shelfseek": {"transfer_path": ""}}
    config = config_from_mapping(old, records=in_process(SHELF))
    assert config.servers == {}
    assert config.active is None


@pytest.mark.parametrize(
    "old",
    [
        {"server": {"active": "old-shelf"}, "shelfseek": {"transfer_path": "/music"}},
        {"shelfseek": {"transfer_path": "/music"}, "spotify": {}},
    ],
)
def test_an_old_configuration_is_known_by_its_sections(old: dict[str, object]) -> None:
    config = config_from_mapping(old, records=in_process(SHELF))
    assert config.active == "old-shelf"
    assert config.servers["old-shelf"].settings == {"base_url": "/music"}


def test_an_unknown_section_is_a_mistake_where_no_backend_had_it() -> None:
    with pytest.raises(ConfigurationError, match="shelfseek is not a known key"):
        config_from_mapping({"shelfseek": {"transfer_path": "/music"}}, records=())


def test_a_section_as_the_old_application_shipped_it_is_a_server_only_when_it_is_the_active_one() -> None:
    shipped = {"transfer_path": "./Transfer"}
    attic = replace(
        SHELF,
        name="attic",
        legacy=LegacySection(server="old-attic", section="attic", keys={"url": "base_url"}),
    )
    assert SHELF.legacy is not None
    shelf = replace(SHELF, legacy=replace(SHELF.legacy, defaults=shipped))
    old = {"active_media_server": "old-attic", "shelfseek": shipped, "attic": {"url": "http://x"}}
    config = config_from_mapping(old, records=in_process(shelf, attic))
    assert list(config.servers) == ["old-attic"]
    old["active_media_server"] = "old-shelf"
    config = config_from_mapping(old, records=in_process(shelf, attic))
    assert config.active == "old-shelf"
    assert config.servers["old-shelf"].settings == {"base_url": "./Transfer"}


def test_another_old_server_never_takes_the_place_of_the_active_one() -> None:
    attic = replace(
        SHELF,
        name="attic",
        legacy=LegacySection(server="old-attic", section="attic", keys={"url": "base_url"}),
    )
    old = {"active_media_server": "old-attic", "attic": {"url": ""}, "shelfseek": {"transfer_path": "/music"}}
    with pytest.raises(
        ConfigurationError, match=r"section of 'old-attic'.* holds nothing \(configured: old-shelf"
    ):
        config_from_mapping(old, records=in_process(SHELF, attic))
    with pytest.raises(ConfigurationError, match="No installed backend reads the server 'old-attic'"):
        config_from_mapping(old, records=in_process(SHELF))


def test_the_only_server_is_active_until_there_are_two() -> None:
    home = {"backend": "shelf"}
    assert config_from_mapping({"servers": {"home": home}}).active == "home"
    assert config_from_mapping({"servers": {"home": home, "attic": home}}).active is None


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    kept = write(tmp_path, '[servers.home]\nbackend = "shelf"\n', "kept.toml")
    link = tmp_path / "soulsync.toml"
    link.symlink_to(kept)
    ConfigFile(link).use_server("home")
    assert link.is_symlink()
    assert load_config(kept, environ={}).active == "home"


def test_a_name_the_file_cannot_hold_leaves_it_as_it_was(tmp_path: Path) -> None:
    file = write(tmp_path, '[servers.home]\nbackend = "shelf"\n')
    with pytest.raises(ConfigurationError, match="not UTF-8"):
        ConfigFile(file).add_server("attic", "shelf", {"folder": "/music/\udcff"})
    assert [path.name for path in tmp_path.iterdir()] == ["soulsync.toml"]
    assert list(load_config(file, environ={}).servers) == ["home"]


def test_editing_keeps_what_the_user_wrote(tmp_path: Path) -> None:
    file = write(tmp_path, '# my servers\n[servers.home] # at home\nbackend = "shelf"\n')
    edited = ConfigFile(file)
    edited.add_server("attic", "shelf", {"base_url": 'a "quoted" \\ path', "token": "t"})
    edited.use_server("attic")
    text = file.read_text()
    assert "# my servers" in text
    assert "# at home" in text
    assert tomllib.loads(text)["servers"]["attic"]["base_url"] == 'a "quoted" \\ path'
    assert load_config(file, environ={}).active == "attic"
    edited.remove_server("attic")
    assert "active" not in tomllib.loads(file.read_text())["server"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_the_first_server_becomes_the_active_one(tmp_path: Path) -> None:
    file = tmp_path / "new" / "soulsync.toml"
    ConfigFile(file).add_server("home", "shelf", {})
    assert load_config(file, environ={}).active == "home"


def test_editing_refuses_taken_and_unknown_names_and_broken_files(tmp_path: Path) -> None:
    file = write(tmp_path, '[servers.home]\nbackend = "shelf"\n')
    with pytest.raises(ConfigurationError, match="There is a server called 'home' already"):
        ConfigFile(file).add_server("home", "shelf", {})
    for edit in (ConfigFile(file).remove_server, ConfigFile(file).use_server):
        with pytest.raises(NotFoundError, match=r"No server is called 'attic' \(configured: home\)"):
            edit("attic")
    with pytest.raises(ConfigurationError, match="cannot be the name of a server"):
        ConfigFile(file).add_server("../attic", "shelf", {})
    broken = write(tmp_path, "[servers", "broken.toml")
    with pytest.raises(ConfigurationError, match="is not valid"):
        ConfigFile(broken).add_server("home", "shelf", {})
    assert broken.read_text() == "[servers"
