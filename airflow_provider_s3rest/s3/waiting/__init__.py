# SPDX-License-Identifier: Apache-2.0
"""Waiting for objects: what is waited for, one look at it, and what that look means.

A condition names its looks: one key each, or all keys that begin with a prefix. A look gives one tally for each fold,
and from these the condition decides, as a pure function, whether the wait is over. So it does not matter who looks: a
sensor that pokes, or a poll that a thousand triggers share (:mod:`airflow_provider_s3rest.s3.polling`).
"""
