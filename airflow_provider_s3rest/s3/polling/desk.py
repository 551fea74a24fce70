# SPDX-License-Identifier: Apache-2.0
"""The one place where all who wait in an event loop do so."""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakKeyDictionary

from airflow_provider_s3rest.s3.polling.accounts import Account
from airflow_provider_s3rest.s3.polling.polls import Poll
from airflow_provider_s3rest.s3.polling.threads import Flights
from airflow_provider_s3rest.s3.polling.waiters import Waiter

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from airflow_provider_s3rest.s3.polling.accounts import OpenAccount
    from airflow_provider_s3rest.s3.polling.polls import Timers
    from airflow_provider_s3rest.s3.store import S3
    from airflow_provider_s3rest.s3.waiting.conditions import Condition
    from airflow_provider_s3rest.s3.waiting.model import Quiet, Target, Verdict

T = TypeVar("T")


class Desk:
    """What all who wait in one event loop share: see :mod:`airflow_provider_s3rest.s3.polling`.

    :param timers: the event loop's clock; a test has one that it sets.
    :param jitter: gives any number between two.
    """

    def __init__(self, timers: Timers | None = None, jitter: Callable[[float, float], float] = random.uniform) -> None:
        self._given_timers = timers
        self._jitter = jitter
        self._accounts: dict[Hashable, Account] = {}
        self._flights = Flights()

    @classmethod
    def here(cls) -> Desk:
        """Return the desk of the running event loop."""
        loop = asyncio.get_running_loop()
        desk = _desks.get(loop)
        if desk is None:
            desk = _desks[loop] = cls()
        return desk

    async def wait(
        self,
        account: Hashable,
        open_account: OpenAccount,
        condition: Condition,
        *,
        interval: float,
        log: Callable[[str], object],
        memory: Quiet | None = None,
        queue_url: str | None = None,
    ) -> Verdict:
        """Wait until a condition holds, as long as that may take.

        Trouble that may pass is waited through: throttling, a service that is down. Any other error is raised at once.

        :param account: names the account; who gives the same shares it.
        :param open_account: reads the connection and makes an ``S3`` of it, without blocking.
        :param interval: the time between two looks, in seconds; a quarter of a second at least.
        :param log: is told what is still missing, when that changes, and of trouble.
        :param memory: what the last decision before this wait remembered.
        :param queue_url: a queue of SQS that the bucket notifies. Only the first look is then made without a
            notification that concerns it, and one when a period ends that is waited for.
        :returns: the verdict that ends the wait.
        """
        waiter = Waiter(condition, interval=interval, memory=memory, log=log)
        with self.using(account, open_account) as shared:
            polls: list[Poll] = []
            try:
                if queue_url:
                    waiter.receiver = shared.receiver(queue_url)
                    waiter.receiver.join(waiter, waiter.fail)
                for target in waiter.folds:
                    polls.append(self._poll(shared, target))
                    polls[-1].join(waiter)
                verdict = await waiter.verdict
            finally:
                for poll in polls:
                    poll.leave(waiter)
                if queue_url and waiter.receiver and waiter.receiver.leave(waiter):
                    del shared.receivers[queue_url]
            if waiter.receiver:
                # What was received for this wait is to be deleted before its account may be closed.
                await waiter.receiver.settled()
            return verdict

    async def call(
        self,
        account: Hashable,
        open_account: OpenAccount,
        function: Callable[[S3], T],
        *,
        key: Hashable | None = None,
    ) -> T:
        """Call a function that may block.

        :param key: those who call with an equal one at the same time get what one call gives.
        """
        with self.using(account, open_account) as shared:
            if key is None:
                return await shared.call(function)
            return await self._flights.join((account, key), partial(shared.call, function))

    def using(self, name: Hashable, open_account: OpenAccount) -> Account:
        """Return an account to enter, which keeps it open; else it is opened for every call that comes alone."""
        account = self._accounts.get(name)
        if account is None:
            forget = partial(self._accounts.pop, name)
            account = self._accounts[name] = Account(open_account, self._timers.time, forget)
        return account

    @property
    def _timers(self) -> Timers:
        # Not kept, so that a desk lives no longer than its event loop.
        return self._given_timers or asyncio.get_running_loop()

    def _poll(self, account: Account, target: Target) -> Poll:
        poll = account.polls.get(target)
        if poll is None:
            poll = account.polls[target] = Poll(account, target, self._timers, self._jitter)
        return poll


_desks: WeakKeyDictionary[asyncio.AbstractEventLoop, Desk] = WeakKeyDictionary()
