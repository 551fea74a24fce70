# SPDX-License-Identifier: Apache-2.0
"""SQL over one object: by S3 Select where the account has it, by DuckDB on this machine everywhere else.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/selecting-content-from-objects.html
"""

from __future__ import annotations

from airflow_provider_s3rest.s3.select.options import CsvInput, CsvOutput, Select, SelectOptions
from airflow_provider_s3rest.s3.select.selection import Selection, select_object

__all__ = ["CsvInput", "CsvOutput", "Select", "SelectOptions", "Selection", "select_object"]
