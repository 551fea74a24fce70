# SPDX-License-Identifier: Apache-2.0
"""Run SQL over objects: rows that are returned, and a result that goes to a key, in SQL that every engine knows."""

from __future__ import annotations

from airflow.sdk import dag

from airflow_provider_s3rest.operators.s3rest import (
    S3RestDeleteOperator,
    S3RestGetOperator,
    S3RestSelectOperator,
    S3RestUpsertOperator,
)

ORDERS = """\
id;customer;amount
1;ann;10
2;"bob; and sons";32
3;zoe;5
"""


@dag(
    schedule=None,
    tags=["s3rest"],
    default_args={"s3rest_conn_id": "s3rest_access_keys", "bucket_name": "s3rest-example"},
)
def s3rest_select():
    orders, events, large = "select/orders.csv", "select/events.jsonl", "select/large.csv"
    upsert_orders = S3RestUpsertOperator(task_id="upsert_orders", key=orders, data=ORDERS)
    upsert_events = S3RestUpsertOperator(
        task_id="upsert_events", key=events, data='{"id": 2, "at": {"place": "Bonn"}}\n{"id": 3, "at": {}}\n'
    )
    rows = S3RestSelectOperator(
        task_id="rows",
        key=orders,
        expression="SELECT s.id, s.customer FROM S3Object s WHERE CAST(s.amount AS INT) > 9",
        csv={"field_delimiter": ";"},
    )
    nested = S3RestSelectOperator(
        task_id="nested", key=events, expression="SELECT s.at.place FROM S3Object[*] s WHERE s.id = 2"
    )
    to_key = S3RestSelectOperator(
        task_id="to_key",
        key=orders,
        expression="SELECT id, amount FROM S3Object WHERE CAST(amount AS INT) > {{ params.least }}",
        params={"least": 9},
        csv={"field_delimiter": ";"},
        output_format="csv",
        target_key=large,
        write_options={"tags": {"made-by": "select"}},
    )
    written = S3RestGetOperator(task_id="written", key=large)
    delete = S3RestDeleteOperator(task_id="delete", keys=[orders, events, large])

    upsert_orders >> [rows, to_key]
    upsert_events >> nested
    to_key >> written
    [rows, nested, written] >> delete


s3rest_select()
