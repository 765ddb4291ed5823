"""The group configuration: settings that can be drawn as a form, explain mistakes and keep secrets."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr

from soulsync_engine.config.secrets import secret_fields
from soulsync_engine.errors import ConfigurationError
from soulsync_engine.testing.conformance.kit import Kit, assert_no_secret
from soulsync_engine.testing.scenarios import empty


class Configuration:
    """Tests of the settings class."""

    def test_a_secret_is_never_shown(self, kit: Kit) -> None:
        """Secrets are in no text that the settings make: repr, str, dump, JSON.

        Hosts log and display settings. Troubleshooting: declare the field as `SecretStr`.
        """
        settings = kit.loaded.settings_class.model_validate(dict(kit.seed(empty()).settings))
        values = [getattr(settings, name) for name in secret_fields(type(settings))]
        secrets = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        if not secrets:
            pytest.skip("the backend has no secret settings")
        shown = (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json())
        assert_no_secret(shown, secrets)

    def test_what_looks_like_a_secret_is_declared_as_one(self, kit: Kit) -> None:
        """Fields called token, password, secret or key are of the type `SecretStr`.

        Only declared secrets are concealed. Troubleshooting: change the field's type, or its name if it is no secret.
        """
        words = ("token", "password", "passwd", "secret", "api_key", "apikey")
        fields = kit.loaded.settings_class.model_fields
        looks = {name for name in fields if any(word in name.lower() for word in words)}
        assert looks <= secret_fields(kit.loaded.settings_class)

    def test_an_unknown_key_is_refused_with_a_suggestion(self, kit: Kit) -> None:
        """A misspelt key is an error that names the right one.

        A key that is silently ignored costs users an evening. Troubleshooting: do not relax `extra="forbid"`.
        """
        seed = kit.seed(empty())
        field = max(kit.loaded.settings_class.model_fields, key=len)
        misspelt = f"{field}x"
        with pytest.raises(ConfigurationError) as caught:
            kit.open({**seed.settings, misspelt: "anything"}, seed.folder).connect()
        assert misspelt in str(caught.value)
        assert field in str(caught.value).replace(misspelt, "")

    def test_a_missing_setting_is_named(self, kit: Kit) -> None:
        """Leaving out a setting that is needed is an error that names it.

        Troubleshooting: leave the check to pydantic, or name the field in your own validator's message.
        """
        seed = kit.seed(empty())
        needed = [
            name for name, field in kit.loaded.settings_class.model_fields.items() if field.is_required()
        ]
        if not needed:
            pytest.skip("every setting has a default")
        for name in needed:
            settings = {key: value for key, value in seed.settings.items() if key != name}
            with pytest.raises(ConfigurationError) as caught:
                kit.open(settings, seed.folder).connect()
            assert name in str(caught.value)

    def test_a_value_of_the_wrong_type_is_named_and_not_shown(self, kit: Kit) -> None:
        """A setting of the wrong type is an error that names the field and does not repeat the value.

        The value may be a secret pasted into the wrong line. Troubleshooting: do not put values into messages.
        """
        seed = kit.seed(empty())
        pasted = {"pasted": "hunter2-5f1c"}
        name = next(iter(kit.loaded.settings_class.model_fields))
        with pytest.raises(ConfigurationError) as caught:
            kit.open({**seed.settings, name: pasted}, seed.folder).connect()
        assert name in str(caught.value)
        assert_no_secret([str(caught.value)], ["hunter2-5f1c"])

    def test_the_settings_can_be_drawn_as_a_form(self, kit: Kit) -> None:
        """The settings have a JSON schema, with a description for every field.

        `servers add` and graphical hosts draw their forms from it. Troubleshooting: give each `Field` a description.
        """
        schema = kit.loaded.settings_class.model_json_schema()
        assert json.loads(json.dumps(schema)) == schema
        undescribed = [
            name for name, field in kit.loaded.settings_class.model_fields.items() if not field.description
        ]
        assert not undescribed, f"fields without a description: {', '.join(undescribed)}"
