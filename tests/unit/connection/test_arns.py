# SPDX-License-Identifier: Apache-2.0
"""The ARNs of Roles Anywhere: shape, place, partition and region."""

from __future__ import annotations

from itertools import permutations
from operator import attrgetter
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.connection.conftest import Sample

PROFILE = "arn:aws:rolesanywhere:us-east-1:123456789012:profile/p"
ANCHOR = "arn:aws:rolesanywhere:us-east-1:123456789012:trust-anchor/t"
ROLE = "arn:aws:iam::123456789012:role/r"
SHAPES = {
    "profile_arn": "arn:aws:rolesanywhere:REGION:ACCOUNT:profile/ID",
    "role_arn": "arn:aws:iam::ACCOUNT:role/NAME",
    "trust_anchor_arn": "arn:aws:rolesanywhere:REGION:ACCOUNT:trust-anchor/ID",
}
ARNS = {"profile_arn": PROFILE, "role_arn": ROLE, "trust_anchor_arn": ANCHOR}


@pytest.mark.parametrize(("name", "other"), list(permutations(SHAPES, 2)))
def test_an_arn_in_the_field_of_another(roles_anywhere: Sample, name: str, other: str) -> None:
    """A swapped ARN is told where it belongs."""
    problem = f"holds the ARN that belongs into {other}: it must have the shape {SHAPES[name]}"
    assert (roles_anywhere | {name: ARNS[other]}).faults() == {name: problem}


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        ("profile_arn", "p"),
        ("profile_arn", PROFILE.replace("us-east-1", "")),
        ("profile_arn", PROFILE.replace("rolesanywhere", "iam")),
        ("profile_arn", PROFILE.replace("123456789012", "12345678901")),
        ("profile_arn", PROFILE.replace("/p", "/")),
        ("profile_arn", PROFILE.replace("/p", "/p q")),
        ("profile_arn", PROFILE.replace("/p", "/p\n")[:-1] + "\nq"),
        ("trust_anchor_arn", ANCHOR.replace("arn:", "ARN:")),
        ("trust_anchor_arn", ANCHOR.replace("trust-anchor", "crl")),
        ("role_arn", ROLE.replace("iam::", "iam:us-east-1:")),
        ("role_arn", "arn:aws:sts::123456789012:assumed-role/r/session"),
        ("role_arn", "arn:aws:iam::123456789012:user/r"),
        ("role_arn", ROLE.replace("aws", "azure")),
    ],
)
def test_not_an_arn_of_its_field(roles_anywhere: Sample, name: str, arn: str) -> None:
    """What lacks the shape of its field is told that shape."""
    assert (roles_anywhere | {name: arn}).faults() == {name: f"is not an ARN of the shape {SHAPES[name]}"}


@pytest.mark.parametrize(
    ("name", "partition", "problems"),
    [
        ("role_arn", "aws-cn", {"role_arn": "profile_arn"}),
        ("trust_anchor_arn", "aws-us-gov", {"trust_anchor_arn": "profile_arn"}),
        ("profile_arn", "aws-cn", {"role_arn": "profile_arn", "trust_anchor_arn": "profile_arn"}),
    ],
)
def test_another_partition(roles_anywhere: Sample, name: str, partition: str, problems: dict[str, str]) -> None:
    """ARNs of several partitions are a fault."""
    faults = (roles_anywhere | {name: ARNS[name].replace("arn:aws:", f"arn:{partition}:")}).faults()
    assert faults == {
        field: f"is in another AWS partition than {other}: all three ARNs must be in the same"
        for field, other in problems.items()
    }


def test_the_trust_anchor_in_another_region_than_the_profile(roles_anywhere: Sample) -> None:
    """A trust anchor and a profile of two regions are a fault of the trust anchor."""
    faults = (roles_anywhere | {"trust_anchor_arn": ANCHOR.replace("us-east-1", "eu-west-1")}).faults()
    assert faults == {"trust_anchor_arn": "is in another region than profile_arn: both must be in the same"}


@pytest.mark.parametrize(
    ("fields", "name", "blank"),
    [
        ({"rolesanywhere_region": "eu-west-1"}, "rolesanywhere_region", ""),
        (
            {"rolesanywhere_region": "us-east-1", "rolesanywhere_custom_region": "eu-new-1"},
            "rolesanywhere_custom_region",
            "",
        ),
        (
            {name: ARNS[name].replace("us-east-1", "eu-west-1") for name in ("profile_arn", "trust_anchor_arn")},
            "rolesanywhere_region",
            " (blank means us-east-1)",
        ),
    ],
    ids=["chosen", "custom", "blank"],
)
def test_the_chosen_region_is_not_that_of_the_arns(
    roles_anywhere: Sample, fields: dict[str, object], name: str, blank: str
) -> None:
    """A region unlike that of the ARNs is a fault of the field that chose it."""
    assert (roles_anywhere | fields).faults() == {
        name: f"is not the region that stands in profile_arn and trust_anchor_arn: choose that one{blank}"
    }


@pytest.mark.parametrize("name", ["rolesanywhere_region", "rolesanywhere_custom_region"])
def test_a_faulty_region_is_compared_with_nothing(roles_anywhere: Sample, name: str) -> None:
    """A region that is none is the only fault, whatever region the ARNs have."""
    arns = {field: ARNS[field].replace("us-east-1", "eu-west-1") for field in ("profile_arn", "trust_anchor_arn")}
    assert list((roles_anywhere | arns | {name: "EU-West-1"}).faults()) == [name]


def test_a_faulty_arn_leaves_the_other_to_compare_with(roles_anywhere: Sample) -> None:
    """With one ARN missing, the region is compared with that of the other."""
    faults = (roles_anywhere | {"profile_arn": ..., "rolesanywhere_region": "eu-west-1"}).faults()
    assert faults == {
        "profile_arn": f"is missing: Roles Anywhere needs it, in the shape {SHAPES['profile_arn']}",
        "rolesanywhere_region": "is not the region that stands in trust_anchor_arn: choose that one",
    }


@pytest.mark.parametrize(("partition", "region"), [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")])
def test_every_partition(roles_anywhere: Sample, partition: str, region: str) -> None:
    """ARNs that agree are taken in any partition."""
    arns = {name: arn.replace("aws:", f"{partition}:").replace("us-east-1", region) for name, arn in ARNS.items()}
    settings = (roles_anywhere | arns | {"rolesanywhere_region": region}).parse()
    assert attrgetter("authentication.role_arn")(settings) == f"arn:{partition}:iam::123456789012:role/r"
