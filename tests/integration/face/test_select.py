# SPDX-License-Identifier: Apache-2.0
"""Selecting by the operator from the real S3 server, which has no S3 Select: ``auto`` is DuckDB here."""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_s3rest.exceptions import S3RestNotFoundError, S3RestPreconditionError
from airflow_provider_s3rest.operators.s3rest import S3RestGetOperator, S3RestSelectOperator, S3RestUpsertOperator
from airflow_provider_s3rest.s3.select import SelectOptions

if TYPE_CHECKING:
    from airflow_provider_s3rest.local.stack import LocalStack

Run = "Callable[..., Any]"
ORDERS = "id,amount\n1,10\n2,32\n3,5\n"
LARGE = "SELECT id, amount FROM S3Object WHERE CAST(amount AS INT) > 9"
KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture
def orders(run: Run) -> str:
    """The key of some orders."""
    run(S3RestUpsertOperator, key="orders.csv", data=ORDERS)
    return "orders.csv"


def test_records_are_returned(run: Run, bucket: str, orders: str) -> None:
    """As dictionaries in JSON's types, with what is known of the object."""
    result = run(S3RestSelectOperator, key=orders, expression=LARGE)
    assert json.loads(json.dumps(result)) == result
    region = result.pop("region_name")
    assert region
    assert result == {
        "bucket_name": bucket,
        "key": orders,
        "version_id": None,
        "engine": "duckdb",
        "bytes_scanned": len(ORDERS),
        "records": [{"id": "1", "amount": "10"}, {"id": "2", "amount": "32"}],
    }


def test_a_text_is_returned(run: Run, bucket: str, orders: str) -> None:
    """With the result in CSV; the URL stands for bucket and key."""
    where: dict[str, Any] = {"bucket_name": None, "key": f"s3://{bucket}/{orders}"}
    result = run(S3RestSelectOperator, **where, expression=LARGE, output_format="csv")
    assert result["content"] == "1,10\n2,32\n"


def test_the_records_of_any_delimiter_are_returned(run: Run, orders: str) -> None:
    """A delimiter that also stands inside of a record is no obstacle."""
    sql = "SELECT id || ';' AS id FROM S3Object LIMIT 2"
    result = run(S3RestSelectOperator, key=orders, expression=sql, output_record_delimiter=";")
    assert result["records"] == [{"id": "1;"}, {"id": "2;"}]


def test_too_long_a_result_is_not_returned(run: Run, orders: str) -> None:
    """The error says what to do."""
    with pytest.raises(AirflowFailException, match=r"^max_bytes: .* 10 bytes: .* by target_key"):
        run(S3RestSelectOperator, key=orders, expression=LARGE, max_bytes="10")


def test_the_result_is_written_to_a_key(run: Run, bucket: str, orders: str) -> None:
    """In the object's bucket unless another one is named; what was written is returned."""
    options = {"expression": LARGE, "output_format": "csv", "write_options": {"metadata": {"made": "here"}}}
    result = run(S3RestSelectOperator, key=orders, target_key="large.csv", **options)
    assert (result["bucket_name"], result["key"], result["size"]) == (bucket, "large.csv", 10)
    assert (result["engine"], result["bytes_scanned"]) == ("duckdb", len(ORDERS))
    found = run(S3RestGetOperator, key="large.csv")
    assert (found["content"], found["metadata"], found["content_type"]) == (
        "1,10\n2,32\n",
        {"made": "here"},
        "text/csv",
    )
    url = f"s3://{bucket}/other.csv"
    assert run(S3RestSelectOperator, key=orders, target_key=url, expression=LARGE)["key"] == "other.csv"


def test_the_target_can_be_create_only(run: Run, orders: str) -> None:
    """A second run finds it there."""
    options = {"expression": LARGE, "target_key": "new.csv", "write_options": {"if_none_match": "*"}}
    run(S3RestSelectOperator, key=orders, **options)
    with pytest.raises(S3RestPreconditionError):
        run(S3RestSelectOperator, key=orders, **options)


def test_a_failing_query_writes_nothing(run: Run) -> None:
    """Though it fails in the middle of the result."""
    run(S3RestUpsertOperator, key="orders.csv", data=ORDERS + "4,none\n")
    with pytest.raises(AirflowFailException, match="Conversion Error"):
        run(S3RestSelectOperator, key="orders.csv", expression=LARGE, target_key="large.csv")
    with pytest.raises(S3RestNotFoundError):
        run(S3RestGetOperator, key="large.csv")


def test_reads_a_version(run: Run, bucket: str, local_stack: LocalStack) -> None:
    """Which S3 Select could not."""
    versioning = {"Status": "Enabled"}
    local_stack.s3_client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration=versioning)
    first = run(S3RestUpsertOperator, key="a.csv", data="a\nold\n")["version_id"]
    run(S3RestUpsertOperator, key="a.csv", data="a\nnew\n")
    result = run(S3RestSelectOperator, key="a.csv", expression="SELECT * FROM S3Object", version_id=first)
    assert (result["version_id"], result["records"]) == (first, [{"a": "old"}])


def test_keys_of_ones_own_open_and_close(run: Run) -> None:
    """One for the object, another one for the target."""
    other = base64.b64encode(bytes(32)).decode()
    run(S3RestUpsertOperator, key="a.csv.gz", data=gzip.compress(b"a\n1\n"), sse_customer_key=KEY)
    sql = {"expression": "SELECT a FROM S3Object", "sse_customer_key": KEY}
    assert run(S3RestSelectOperator, key="a.csv.gz", **sql)["records"] == [{"a": "1"}]
    run(S3RestSelectOperator, key="a.csv.gz", **sql, target_key="b.jsonl", target_sse_customer_key=other)
    assert run(S3RestGetOperator, key="b.jsonl", sse_customer_key=other)["content"] == '{"a":"1"}\n'


def test_what_can_not_be_is_permanent(run: Run, orders: str) -> None:
    """Airflow does not try it again."""
    with pytest.raises(AirflowFailException, match="Binder Error"):
        run(S3RestSelectOperator, key=orders, expression="SELECT nope FROM S3Object")
    with pytest.raises(AirflowFailException, match=r"^engine: S3 Select is not to be had here \(.+\); choose duckdb"):
        run(S3RestSelectOperator, key=orders, expression=LARGE, engine="s3_select")


def test_a_missing_object_is_not_found(run: Run) -> None:
    """By either engine."""
    with pytest.raises(S3RestNotFoundError, match=r"none\.csv"):
        run(S3RestSelectOperator, key="none.csv", expression=LARGE)


def test_everything_is_templated_but_the_keys_of_ones_own() -> None:
    """Airflow stores and shows rendered templates, so secrets are none."""
    operator = S3RestSelectOperator(task_id="task", key="a", expression="b")
    fields = set(operator.template_fields)
    assert set(SelectOptions.__annotations__) | {"key", "expression", "target_key", "max_bytes"} <= fields
    assert not any("customer_key" in name for name in fields)
