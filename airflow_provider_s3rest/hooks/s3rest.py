# SPDX-License-Identifier: Apache-2.0
"""The hook of an ``s3rest`` connection."""

from __future__ import annotations

from typing import Any

from airflow_provider_s3rest.hooks.buckets import BucketMethods
from airflow_provider_s3rest.hooks.files import FileMethods
from airflow_provider_s3rest.hooks.listing import ListingMethods
from airflow_provider_s3rest.hooks.objects import ObjectMethods
from airflow_provider_s3rest.hooks.presigning import PresigningMethods


class S3RestHook(ObjectMethods, ListingMethods, FileMethods, PresigningMethods, BucketMethods):
    """Amazon S3 by a connection of type ``s3rest``.

    Every operation may raise :class:`~airflow_provider_s3rest.exceptions.S3RestConnectionError` for a connection that
    can't work, :class:`~airflow_provider_s3rest.exceptions.S3RestCredentialError` where Roles Anywhere gives no
    credentials, and ``botocore.exceptions.ClientError`` with the words of S3. What is temporary has then been retried
    by the delays of the connection.

    :param s3rest_conn_id: the connection.
    :param region_name: the region of the buckets; default: the connection's, or else each bucket's own.
    """

    # Airflow before 3.2 asks these two of the very class that it was told of; later ones never call them.
    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """The connection form's own fields, for Airflow 3.0 and 3.1."""
        from airflow_provider_s3rest.hooks.form import widgets

        return widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """The connection form's standard fields, for Airflow 3.0 and 3.1."""
        from airflow_provider_s3rest.hooks.form import behaviour

        return behaviour()
