# SPDX-License-Identifier: Apache-2.0
"""Notifications of S3 that arrive in a queue of SQS: what they say, and how they are received and done with."""
