# SPDX-License-Identifier: Apache-2.0
"""Checks the three ARNs of IAM Roles Anywhere against each other and against the chosen region.

Follows https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html and
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementrolesanywhere.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from airflow_provider_s3rest.connection.fields import Fields

_ARN = re.compile(
    r"arn:(?P<partition>aws[a-z0-9-]*):(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>[0-9]{12})"
    r":(?P<resource>[a-z-]+)/(?P<name>[\w+=,.@/-]+)",
    re.ASCII,
)
_KINDS = {
    ("rolesanywhere", "profile"): "profile_arn",
    ("iam", "role"): "role_arn",
    ("rolesanywhere", "trust-anchor"): "trust_anchor_arn",
}
_SHAPES = {
    "profile_arn": "arn:aws:rolesanywhere:REGION:ACCOUNT:profile/ID",
    "role_arn": "arn:aws:iam::ACCOUNT:role/NAME",
    "trust_anchor_arn": "arn:aws:rolesanywhere:REGION:ACCOUNT:trust-anchor/ID",
}


class Arn(NamedTuple):
    """An ARN that has passed the checks of its own field."""

    text: str
    partition: str
    region: str


def read_arns(fields: Fields, region: str, region_field: str) -> dict[str, str]:
    """The three ARNs by field name, empty where they are faulty.

    :param region: the Roles Anywhere region that the connection chose.
    :param region_field: the field that chose it.
    """
    arns = {name: arn for name in _SHAPES if (arn := _read_arn(fields, name))}
    first = next(iter(arns), "")
    for name, arn in arns.items():
        if arn.partition != arns[first].partition:
            fields.fault(name, f"is in another AWS partition than {first}: all three ARNs must be in the same")
    regions = {name: arn.region for name, arn in arns.items() if name != "role_arn"}
    if len(set(regions.values())) > 1:
        fields.fault("trust_anchor_arn", "is in another region than profile_arn: both must be in the same")
    elif (
        regions
        and region not in regions.values()
        and fields.sound("rolesanywhere_region", "rolesanywhere_custom_region")
    ):
        blank = "" if fields.text(region_field) else f" (blank means {region})"
        fields.fault(region_field, f"is not the region that stands in {' and '.join(regions)}: choose that one{blank}")
    return {name: arns[name].text if name in arns else "" for name in _SHAPES}


def _read_arn(fields: Fields, name: str) -> Arn | None:
    text = fields.text(name)
    if not fields.sound(name):
        return None
    if text is None:
        fields.fault(name, f"is missing: Roles Anywhere needs it, in the shape {_SHAPES[name]}")
        return None
    match = _ARN.fullmatch(text)
    kind = _KINDS.get((match["service"], match["resource"])) if match else None
    if kind and kind != name:
        fields.fault(name, f"holds the ARN that belongs into {kind}: it must have the shape {_SHAPES[name]}")
        return None
    if match is None or kind is None or bool(match["region"]) == (name == "role_arn"):
        fields.fault(name, f"is not an ARN of the shape {_SHAPES[name]}")
        return None
    return Arn(text, match["partition"], match["region"])
