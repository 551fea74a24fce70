# SPDX-License-Identifier: Apache-2.0
"""What holds for every operator, sensor and transfer, whichever there are."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from airflow.sdk import DAG, BaseOperator
from airflow.serialization.serialized_objects import DagSerialization

from tests.public import import_path, modules, operators, parameters

if TYPE_CHECKING:
    from types import ModuleType

for_every_operator = pytest.mark.parametrize("cls", operators(), ids=lambda cls: cls.__name__)
COMMON_FIELDS = {"s3rest_conn_id", "region_name"}
SECRET = re.compile("secret|password|customer_key|private_key|token")
HEAVY = {"boto3", "botocore", "cryptography", "duckdb", "fsspec", "httpx", "obstore", "pyarrow", "tenacity"}
WHAT_AIRFLOW_NEEDS = "from airflow.providers.common.compat.sdk import BaseHook, BaseOperator, BaseSensorOperator"


def _texts(cls: type[BaseOperator]) -> dict[str, Any]:
    """A text for each parameter."""
    return {name: f"the {name}" for name in parameters(cls)}


@for_every_operator
def test_is_exported(cls: type[BaseOperator]) -> None:
    """By the module that users import, in ``__all__`` if it has one."""
    module: ModuleType = importlib.import_module(f"airflow_provider_s3rest.{import_path(cls).rpartition('.')[0]}")
    assert module.__name__.count(".") == 2, (
        f"{cls.__name__} should be importable from {module.__name__.rpartition('.')[0]}"
    )
    assert cls.__name__ in getattr(module, "__all__", [cls.__name__])


@for_every_operator
def test_every_argument_is_named(cls: type[BaseOperator]) -> None:
    """None is known by its place only, so that one may be added anywhere."""
    kinds = {name: parameter.kind for name, parameter in parameters(cls).items()}
    assert set(kinds.values()) == {inspect.Parameter.KEYWORD_ONLY}, kinds


@for_every_operator
def test_the_constructor_only_assigns(cls: type[BaseOperator]) -> None:
    """Whatever it would do more, each parse of a DAG file would do, before any template is rendered."""
    arguments = {name: object() for name in parameters(cls)}
    operator = cls(task_id="task", **arguments)
    assert [name for name, given in arguments.items() if getattr(operator, name, None) is not given] == []


@for_every_operator
def test_a_template_field_is_a_parameter(cls: type[BaseOperator]) -> None:
    """Each of them once; those that all operators have are among them."""
    fields = list(cls.template_fields)
    assert len(fields) == len(set(fields))
    assert COMMON_FIELDS <= set(fields) <= set(parameters(cls))
    assert set(cls.template_fields_renderers) <= set(fields)


@for_every_operator
def test_a_secret_is_no_template_field(cls: type[BaseOperator]) -> None:
    """Airflow stores and shows those."""
    assert [name for name in cls.template_fields if SECRET.search(name)] == []


@for_every_operator
def test_every_parameter_is_documented(cls: type[BaseOperator]) -> None:
    """In the docstring of the class, or of the one that it comes from; nothing else is."""
    documented: set[str] = set()
    for base in cls.__mro__:
        if base.__module__.startswith("airflow_provider_s3rest."):
            documented |= set(re.findall(r"^ *:param (\w+):", base.__doc__ or "", re.MULTILINE))
    assert documented == set(parameters(cls))


@for_every_operator
def test_survives_serialization(cls: type[BaseOperator]) -> None:
    """Airflow stores DAGs as JSON: with every template field, without any secret."""
    with DAG("dag", schedule=None) as dag:
        cls(task_id="task", retry_delay=timedelta(seconds=1), **_texts(cls))
    stored = json.dumps(DagSerialization.to_dict(dag))
    task = DagSerialization.from_dict(json.loads(stored)).get_task("task")
    assert {name: getattr(task, name) for name in cls.template_fields} == {
        name: f"the {name}" for name in cls.template_fields
    }
    assert [name for name in parameters(cls) if SECRET.search(name) and f"the {name}" in stored] == []


@for_every_operator
def test_templates_are_rendered_verbatim(cls: type[BaseOperator]) -> None:
    """A key may end with a line break, and so may a text."""
    operator = cls(task_id="task", **_texts(cls))
    for name in cls.template_fields:
        setattr(operator, name, "{{ value }}\n")
    operator.render_template_fields({"value": "%2F//\t\n"})
    assert {getattr(operator, name) for name in cls.template_fields} == {"%2F//\t\n\n"}


@for_every_operator
def test_can_be_mapped(cls: type[BaseOperator]) -> None:
    """Over any of its template fields."""
    texts = _texts(cls)
    for name in set(cls.template_fields) - COMMON_FIELDS:
        others = {other: text for other, text in texts.items() if other != name}
        with DAG("dag", schedule=None):
            mapped = cls.partial(task_id="task", **others).expand(**{name: ["a", "b"]})
        assert mapped.task_id == "task"


def test_importing_all_of_them_imports_nothing_heavy() -> None:
    """A DAG file is parsed all the time; what Airflow itself imports is not our fault."""
    program = f"import sys\n{WHAT_AIRFLOW_NEEDS}\nbefore = set(sys.modules)\n"
    program += "\n".join(f"import {name}" for name in modules())
    program += "\nprint(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) & HEAVY == set()
