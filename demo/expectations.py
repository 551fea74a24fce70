# SPDX-License-Identifier: Apache-2.0
"""What each example DAG must show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from demo.report import Expected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IN_TURN = (
    Expected(
        dag="s3rest_access_keys",
        tasks=4,
        create_session_calls=0,
        results={
            "get": {"content": "Hello from Airflow"},
            "delete": {"deleted": 1, "bucket_name": "s3rest-example"},
            "query": [{"key": "access_keys/greeting.txt", "size": 18}],
        },
    ),
    Expected(
        dag="s3rest_roles_anywhere",
        tasks=24,
        create_session_calls=1,
        results={
            "upsert": [{"key": f"roles_anywhere/part-{number:02}.txt", "size": 13} for number in range(20)],
            "get": {"content": "One of twenty"},
            "delete": {"deleted": 20},
        },
    ),
    # No call of its own: it finds the credentials of the run before it in the cache.
    Expected(
        dag="s3rest_wait_for_object",
        tasks=5,
        create_session_calls=0,
        results={"get": {"content": "monday: 17 orders"}, "wait": [{"size": 17, "key": "wait_for_object/report.txt"}]},
    ),
)
"""These run one after another, because the calls that they cause are counted."""

TOGETHER = (
    Expected(dag="s3rest_assets", tasks=1, results={"write": {"key": "assets/report.csv", "size": 15}}),
    Expected(
        dag="s3rest_assets_consumer",
        file="s3rest_assets",
        started_by_asset=True,
        tasks=2,
        results={"read": {"content": "id,amount\n1,10\n"}, "delete": {"deleted": 1}},
    ),
    Expected(
        dag="s3rest_buckets",
        tasks=5,
        results={
            "delete": {"deleted": True, "objects": 2},
            "tag": {"tags": {"team": "orders", "stage": "test"}},
            "create": {"bucket_name": "s3rest-example-buckets", "created": True},
        },
    ),
    Expected(
        dag="s3rest_copy",
        tasks=7,
        results={
            "prefix": {"copied": 1, "skipped": 1, "size": 5},
            "inside": {"key": "copy/archive/orders.csv", "size": 15, "source_key": "copy/in/orders.csv"},
            "between": {"key": "copy/out/orders.csv", "size": 15},
            "get": {"content": "id,amount\n1,10\n", "tags": {"team": "orders"}},
            "delete": {"deleted": 5},
        },
    ),
    Expected(
        dag="s3rest_delete",
        tasks=7,
        results={
            "temporary": {"deleted": 4, "size": 36},
            "dry_run": {"deleted": 4, "size": 36, "dry_run": True},
            "left": ["delete/orders.csv"],
            "old": {"deleted": 0},
            "keys": {"deleted": 1},
        },
    ),
    Expected(
        dag="s3rest_get",
        tasks=6,
        results={
            "function": {"result": 42},
            "first_line": {"content": "id,amount"},
            "text": {"content": "id,amount\n1,10\n2,32\n", "size": 20, "tags": {"team": "orders"}},
            "file": {"key": "get/orders.csv", "size": 20},
        },
    ),
    Expected(
        dag="s3rest_multipart",
        tasks=4,
        results={
            "abort": {"aborted": 1, "uploads": [{"key": "multipart/backup.tar"}]},
            "look": {"aborted": 1, "dry_run": True},
            "look_again": {"found": 0},
        },
    ),
    Expected(
        dag="s3rest_presign",
        tasks=5,
        results={
            "read": "id,amount\n1,10\n",
            "put": {"method": "PUT", "key": "presign/orders.csv", "cut_short": False},
            "form": {"method": "POST"},
            "delete": {"deleted": 2},
        },
    ),
    Expected(
        dag="s3rest_query",
        tasks=13,
        results={
            "folder": ["query/notes.txt", "query/orders/"],
            "total": [14, 14, 7],
            "get": [{"content": "order 0"}, {"content": "order 1"}],
            "delete": [{"deleted": 2}, {"deleted": 2}, {"deleted": 1}],
            "delete_rest": {"deleted": 1},
        },
    ),
    Expected(
        dag="s3rest_select",
        tasks=7,
        results={
            "rows": {"records": [{"id": "1", "customer": "ann"}, {"id": "2", "customer": "bob; and sons"}]},
            "nested": {"engine": "duckdb", "records": [{"place": "Bonn"}]},
            "to_key": {"key": "select/large.csv", "size": 10, "engine": "duckdb"},
            "written": {"content": "1,10\n2,32\n"},
        },
    ),
    Expected(
        dag="s3rest_sync",
        tasks=9,
        results={
            "down": {"downloaded": 1, "deleted": 1},
            "up": {"uploaded": 2, "size": 33},
            "again": {"uploaded": 0, "skipped": 2},
            "across": {"copied": 1, "size": 15},
            "look": {"dry_run": True, "planned": ["download 2026/orders.csv", "delete old.csv"]},
            "read": {"orders.csv": "id,amount\n1,10\n"},
            "delete": {"deleted": 3},
        },
    ),
    Expected(
        dag="s3rest_transfers",
        tasks=8,
        results={
            "read": ["2 months", "id,month\n1,february\n"],
            "folder_up": {"uploaded": 2},
            "folder_down": {"downloaded": 1},
            "file_up": {"key": "transfers/report.txt", "size": 8},
            "file_down": {"size": 8},
            "delete": {"deleted": 3},
        },
    ),
    Expected(
        dag="s3rest_upsert",
        tasks=4,
        results={
            "unchanged": {"unchanged": True},
            "described": {"key": "upsert/orders.csv", "size": 15, "unchanged": False},
            "create_only": {"key": "upsert/numbers.txt", "size": 3890},
            "delete": {"deleted": 2},
        },
    ),
    Expected(
        dag="s3rest_wait",
        tasks=9,
        results={
            "parts": [{"size": 6}, {"size": 6}, {"size": 6}],
            "get": [{"content": "part 0"}, {"content": "part 1"}, {"content": "part 2"}],
            "complete": [{"bucket_name": "s3rest-example"}],
            "delete": {"deleted": 4},
            "gone": [],
        },
    ),
    Expected(
        dag="s3rest_watch",
        tasks=3,
        started_by_asset=True,
        results={
            "get": [{"content": "id,amount\n1,10\n"}],
            "arrived": ["watch/orders.csv"],
            "delete": {"deleted": 1},
        },
    ),
    Expected(
        dag="s3rest_watch_upsert",
        file="s3rest_watch",
        tasks=1,
        results={"upsert": {"key": "watch/orders.csv", "size": 15}},
    ),
)
"""All others, in alphabetical order; they run at the same time."""

EXPECTED = (*IN_TURN, *TOGETHER)


def unregistered(dags: Path) -> Iterator[str]:
    """Tell which files of a folder have no expectation, and which expectations have no file.

    :param dags: the folder of the DAG files, each named as its DAG.
    """
    files = {path.stem for path in dags.glob("*.py")}
    names, examples = [expected.dag for expected in EXPECTED], {expected.example for expected in EXPECTED}
    for name in sorted(files - examples):
        yield f'demo/expectations.py: say what {name} must show: Expected(dag="{name}", tasks=..., results={{...}}),'
    for name in sorted(examples - files):
        yield f"{name}: is in demo/expectations.py, but there is no example_dags/{name}.py"
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"{name}: is in demo/expectations.py more than once"
