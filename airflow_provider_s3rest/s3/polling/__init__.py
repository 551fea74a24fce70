# SPDX-License-Identifier: Apache-2.0
"""Waiting of many in one event loop, which they share without blocking it.

A :class:`Desk` belongs to one event loop, such as that of Airflow's triggerer, and everybody who waits there waits at
it. It keeps

- one account (:mod:`~airflow_provider_s3rest.s3.polling.accounts`) for each connection and region: it is opened once,
  read anew every five minutes and before a refusal is believed, and dropped with the last who uses it;
- one poll (:mod:`~airflow_provider_s3rest.s3.polling.polls`) for each key or prefix of an account, however many wait
  for something there. It has one look at a time under way, as often as the most impatient of them wants. What a look
  found is counted once for all whose filters are equal; each condition is then decided by the latest answer to each of
  its looks, and only those are woken whose wait is over;
- for keys of one folder that are due at one time (:mod:`~airflow_provider_s3rest.s3.polling.key_listings`), one listing
  instead of many HEADs, where that costs less;
- a few threads (:mod:`~airflow_provider_s3rest.s3.polling.threads`), in which all that may block is done: requests, the
  reading of their answers, imports, the making of clients, credentials. Their number bounds the requests in flight.

Looks are due at random times, so that many polls spread, but on a grid of a quarter of a second: those due at the
same time are handed to the threads together and come back together, which costs half of waking everybody for each.
Trouble that may pass (throttling, a service that is down) makes a poll wait twice as long each time, up to five
minutes; any other error ends at once the waits that need this poll.

Nothing here looks at the clock on the wall. Who is cancelled leaves nothing behind: a poll ends with the last who
waits for it, an account with its last poll.
"""

from __future__ import annotations

from airflow_provider_s3rest.s3.polling.desk import Desk

__all__ = ["Desk"]
