# SPDX-License-Identifier: Apache-2.0
"""Watching a prefix: each look at it is compared with what is known, and every difference is told.

The times of objects are no watermark: a large upload carries the time at which it began, so that an object can appear
later than a younger one. So a watcher knows every object of its prefix (its position), and moves that only past what
was told and is safe with whoever it was told to.
"""
