# SPDX-License-Identifier: Apache-2.0
"""The connection form as Airflow 3.0 and 3.1 ask the hook for it; from 3.2 on they read the provider info themselves.

Both come from one definition, :mod:`airflow_provider_s3rest.get_provider_info.form`. These forms know no sections, no
texts of several lines, no ranges of numbers and no names for the choices of a drop-down.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_s3rest.get_provider_info.form import extra_fields, plain, standard_fields


def behaviour() -> dict[str, object]:
    """What the form calls the standard fields, and what it shows in them while they are blank."""
    return {name.replace("-", "_"): value for name, value in standard_fields().items()}


def widgets() -> dict[str, Any]:
    """All other fields, made with wtforms or with what Airflow puts in its place."""
    return {name: _widget(name, field["label"], field["schema"]) for name, field in extra_fields().items()}


def _widget(name: str, label: str, schema: dict[str, Any]) -> Any:
    from wtforms import BooleanField, IntegerField, PasswordField, StringField
    from wtforms.validators import Optional, any_of

    # A text of several lines is one line here, so that a key can be hidden while it is typed.
    secret = schema.get("format") == "password" or name == "private_key"
    kinds = {"integer": IntegerField, "boolean": BooleanField, "string": PasswordField if secret else StringField}
    (kind,) = {*([schema["type"]] if isinstance(schema["type"], str) else schema["type"])} - {"null"}
    # Airflow's stand-ins take no list of choices but this one.
    choices = [any_of(schema["enum"])] if "enum" in schema else []
    return kinds[kind](
        label,
        validators=[Optional(), *choices],
        description=plain(schema["description_md"]),
        default=schema.get("default"),
    )
