# SPDX-License-Identifier: Apache-2.0
"""``make regions``: write the regions that the connection form offers, as botocore's data has them."""

from __future__ import annotations

from pathlib import Path

from botocore.session import get_session

TARGET = Path(__file__).parents[1] / "airflow_provider_s3rest" / "get_provider_info" / "regions.py"
_HEAD = '''\
# SPDX-License-Identifier: Apache-2.0
"""Made from botocore's data by ``make regions``, never edited: the regions of IAM Roles Anywhere and of S3, by name."""

from __future__ import annotations
'''


def regions(service: str) -> dict[str, str]:
    """The names of all regions that have a service, by their codes, partition by partition."""
    session = get_session()
    partitions = session.get_component("data_loader").load_data("endpoints")["partitions"]
    return {
        code: partition["regions"][code]["description"]
        for partition in partitions
        for code in sorted(session.get_available_regions(service, partition_name=partition["partition"]))
    }


def module() -> str:
    """The text of the module."""
    tables = {"ROLES_ANYWHERE": regions("rolesanywhere"), "S3": regions("s3")}
    return _HEAD + "".join(
        f"\n{name} = {{\n" + "".join(f'    "{code}": "{words}",\n' for code, words in table.items()) + "}\n"
        for name, table in tables.items()
    )


if __name__ == "__main__":
    TARGET.write_text(module())
