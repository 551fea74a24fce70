# SPDX-License-Identifier: Apache-2.0
"""How an object is to be read and written: the options that callers give, checked and turned into S3's own terms.

An option becomes a *term*, a parameter of S3's API under its name there. :func:`airflow_provider_s3rest.s3.client.call`
adds to each request those terms that its operation knows, so that no call forgets one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_s3rest import lazy

if TYPE_CHECKING:
    from airflow_provider_s3rest.s3.options.customer_key import CustomerKey
    from airflow_provider_s3rest.s3.options.read import ByteRange, Read, ReadOptions
    from airflow_provider_s3rest.s3.options.write import Write, WriteOptions

__all__ = ["ByteRange", "CustomerKey", "Read", "ReadOptions", "Write", "WriteOptions"]

__getattr__ = lazy.attributes(
    __name__,
    customer_key=("CustomerKey",),
    read=("ByteRange", "Read", "ReadOptions"),
    write=("Write", "WriteOptions"),
)
