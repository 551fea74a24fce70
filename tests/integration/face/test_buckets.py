# SPDX-License-Identifier: Apache-2.0
"""The operators for buckets, their tags and open uploads."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_s3rest.exceptions import S3RestError
from airflow_provider_s3rest.hooks.s3rest import S3RestHook
from airflow_provider_s3rest.operators.s3rest import (
    S3RestAbortMultipartOperator,
    S3RestBucketTagsOperator,
    S3RestCreateBucketOperator,
    S3RestDeleteBucketOperator,
)
from airflow_provider_s3rest.s3.uploads import AbortFailure, AbortResult, OpenUpload

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_s3rest.local.stack import LocalStack


def test_a_bucket_comes_and_goes(run: Callable[..., Any]) -> None:
    """With tags; switches may be texts of templates."""
    name = f"operator-{uuid.uuid4().hex[:12]}"
    made = run(S3RestCreateBucketOperator, bucket_name=name, bucket_options={"tags": {"a": "1"}})
    assert made == {"bucket_name": name, "region_name": "us-east-1", "created": True}
    assert not run(S3RestCreateBucketOperator, bucket_name=name, exist_ok="True")["created"]
    assert run(S3RestBucketTagsOperator, bucket_name=name)["tags"] == {"a": "1"}
    changed = run(S3RestBucketTagsOperator, bucket_name=name, tags={"b": "2"}, remove="a")
    assert changed == {"bucket_name": name, "tags": {"b": "2"}}
    assert run(S3RestBucketTagsOperator, bucket_name=name, tags={"c": "3"}, merge="False")["tags"] == {"c": "3"}
    assert run(S3RestDeleteBucketOperator, bucket_name=name)["deleted"]
    assert not run(S3RestDeleteBucketOperator, bucket_name=name, missing_ok="true")["deleted"]


@pytest.mark.parametrize(
    ("operator", "arguments", "words"),
    [
        (S3RestCreateBucketOperator, {"bucket_name": "a/b"}, "bucket_name: 'a/b' is not the name of a bucket"),
        (S3RestCreateBucketOperator, {"bucket_options": {"acl": "x"}}, "acl: is no option"),
        (S3RestDeleteBucketOperator, {"bucket_name": ""}, "bucket_name: '' is not the name of a bucket"),
        (S3RestBucketTagsOperator, {"tags": {"a": 1}}, "tags: its names and values must be texts"),
        (S3RestAbortMultipartOperator, {"older_than": "a week"}, "older_than: 'a week' is no duration"),
    ],
)
def test_a_bad_argument_fails_for_good(
    run: Callable[..., Any], operator: type, arguments: dict[str, Any], words: str
) -> None:
    """Airflow does not retry what a person must mend."""
    with pytest.raises(AirflowFailException, match=words):
        run(operator, **arguments)


def test_tags_of_an_object_by_the_hook(run: Callable[..., Any], bucket: str) -> None:
    """Set, read and taken off."""
    assert run(S3RestBucketTagsOperator)["tags"] == {}
    hook = S3RestHook()
    hook.upsert_object(bucket, "key", b"")
    hook.put_tags(bucket, "key", {"a": "1"})
    assert hook.put_tags(None, f"s3://{bucket}/key", {"b": "2"}) == hook.get_tags(bucket, "key") == {"a": "1", "b": "2"}
    hook.delete_tags(bucket, "key")
    assert hook.get_tags(bucket, "key") == {}
    hook.put_bucket_tags(bucket, {"a": "1"})
    hook.delete_bucket_tags(bucket)
    assert hook.get_bucket_tags(bucket) == {}


def test_old_uploads_are_aborted(run: Callable[..., Any], bucket: str, local_stack: LocalStack) -> None:
    """After a look; those that are young stay."""
    local_stack.s3_client().create_multipart_upload(Bucket=bucket, Key="a/key")
    assert run(S3RestAbortMultipartOperator) == {
        "bucket_name": bucket,
        "found": 1,
        "aborted": 0,
        "dry_run": False,
        "uploads": [],
    }
    looked = run(S3RestAbortMultipartOperator, prefix="a/", older_than="0", dry_run="True")
    assert (looked["aborted"], looked["dry_run"]) == (1, True)
    assert [upload.key for upload in S3RestHook().list_uploads(bucket)] == ["a/key"]
    done = run(S3RestAbortMultipartOperator, prefix=f"s3://{bucket}/a/", bucket_name=None, older_than=0)
    assert json.loads(json.dumps(done)) == done
    (upload,) = done["uploads"]
    assert set(upload) == {"key", "upload_id", "initiated", "storage_class"}
    assert run(S3RestAbortMultipartOperator, older_than=0)["found"] == 0


def test_a_refused_upload_fails_the_task(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After all others are gone; the local server refuses none by itself."""
    upload = OpenUpload(key="key", upload_id="id", initiated=datetime.now(UTC), storage_class="STANDARD")
    failure = AbortFailure(upload=upload, code="AccessDenied", message="no")
    result = AbortResult(bucket_name="bucket", found=2, uploads=(upload,), failed=(failure,), dry_run=False)
    monkeypatch.setattr(S3RestHook, "abort_uploads", lambda *_, **__: result)
    with pytest.raises(S3RestError, match=r"1 uploads .* were not aborted, 1 were; the first is that of 'key'"):
        run(S3RestAbortMultipartOperator)
    assert "Not aborted: 'key' (AccessDenied: no)" in capsys.readouterr().out


@pytest.mark.parametrize(
    "operator",
    [S3RestCreateBucketOperator, S3RestDeleteBucketOperator, S3RestBucketTagsOperator, S3RestAbortMultipartOperator],
)
def test_what_a_user_varies_is_templated(operator: type) -> None:
    """Bucket, connection, region and more."""
    assert {"bucket_name", "s3rest_conn_id", "region_name"} < set(operator.template_fields)
