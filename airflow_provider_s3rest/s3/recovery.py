# SPDX-License-Identifier: Apache-2.0
"""What makes a failed request worth sending again, for the engines that know their requests themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_s3rest.s3.retry import EXPIRED_CODES

if TYPE_CHECKING:
    from airflow_provider_s3rest.auth.model import Credentials, CredentialSource
    from airflow_provider_s3rest.s3.errors import FaultError
    from airflow_provider_s3rest.s3.regions import Regions
    from airflow_provider_s3rest.s3.retry import Attempts

# The last two, of answers to a HEAD, which have no words.
_ELSEWHERE_CODES = frozenset({"AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "301", "307"})


class Recovery:
    """New credentials for expired ones, the right region for a wrong one, and time for what passes by itself."""

    def __init__(self, source: CredentialSource, regions: Regions) -> None:
        self._source = source
        self._regions = regions

    def mend(self, fault: FaultError, attempts: Attempts, bucket_name: str, credentials: Credentials) -> bool:
        """Mend what made a request fail, or wait until its next try; False when it has failed for good.

        :param credentials: those that signed it.
        """
        # The answer to a HEAD has no body, so that its code is the bare status.
        unexplained = fault.code == "400"
        expired = fault.code in EXPIRED_CODES or (unexplained and bool(credentials.session_token))
        if expired and attempts.once("credentials") and self._source.reject(credentials):
            return True
        elsewhere = fault.code in _ELSEWHERE_CODES or unexplained
        if elsewhere and attempts.once("region") and self._regions.correct(bucket_name):
            return True
        return fault.transient and attempts.wait()
