# SPDX-License-Identifier: Apache-2.0
"""Where Roles Anywhere is: in every partition, of every kind, and whatever else the environment says."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from botocore.regions import EndpointResolver
from botocore.session import Session

from airflow_provider_s3rest.auth.endpoint import rolesanywhere_url
from airflow_provider_s3rest.connection.pem import PemBlock
from airflow_provider_s3rest.exceptions import S3RestConnectionError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from airflow_provider_s3rest.connection import RolesAnywhere

PARTITIONS: list[dict[str, Any]] = Session().get_data("endpoints")["partitions"]
REGIONS = [
    (partition["partition"], region)
    for partition in PARTITIONS
    for region in dict.fromkeys([next(iter(partition["regions"])), list(partition["regions"])[-1]])
]
FIPS_REGIONS = ["us-east-1", "us-east-2", "us-west-1", "us-west-2", "us-gov-east-1", "us-gov-west-1"]
FIPS, DUAL_STACK = "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"


def expected(partition: str, region: str, *, fips: bool = False, dual_stack: bool = False) -> str:
    """Give the endpoint by the table that older clients follow, which is other data than the rules of newer ones."""
    found = EndpointResolver({"partitions": PARTITIONS}).construct_endpoint(
        "rolesanywhere", region, partition, use_fips_endpoint=fips, use_dualstack_endpoint=dual_stack
    )
    return f"https://{found['hostname']}"


@pytest.fixture
def url_of(settings_of: Callable[..., RolesAnywhere]) -> Callable[..., str]:
    """Give the endpoint of a region."""

    def url(region: str, partition: str = "aws", endpoint: str | None = None) -> str:
        settings = settings_of(
            rolesanywhere_region=region,
            profile_arn=f"arn:{partition}:rolesanywhere:{region}:123456789012:profile/a",
            role_arn=f"arn:{partition}:iam::123456789012:role/b",
            trust_anchor_arn=f"arn:{partition}:rolesanywhere:{region}:123456789012:trust-anchor/c",
            certificate=str(PemBlock("CERTIFICATE", b"certificate")),
            private_key=str(PemBlock("PRIVATE KEY", b"key")),
            rolesanywhere_endpoint_url=endpoint,
        )
        return rolesanywhere_url(settings, conn_id="mine")

    return url


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Write the configuration file of botocore."""

    def write(text: str) -> None:
        (tmp_path / "config").write_text(text)
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))

    return write


@pytest.mark.parametrize(("partition", "region"), REGIONS, ids=[region for _, region in REGIONS])
def test_every_partition(partition: str, region: str, url_of: Callable[..., str]) -> None:
    """The endpoint of a region of any partition is the one that botocore's table has."""
    assert url_of(region, partition) == expected(partition, region)


def test_the_usual_regions_need_no_botocore(
    url_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Which takes longer than the call, and says the same of each."""

    def refuse(*_: object) -> str:
        raise AssertionError("botocore is asked")

    monkeypatch.setattr("airflow_provider_s3rest.auth.endpoint._regional_url", refuse)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    regions = next(partition["regions"] for partition in PARTITIONS if partition["partition"] == "aws")
    assert {region: url_of(region) for region in regions} == {region: expected("aws", region) for region in regions}


@pytest.mark.parametrize(
    ("partition", "region", "url"),
    [
        ("aws", "eu-central-1", "https://rolesanywhere.eu-central-1.amazonaws.com"),
        ("aws-cn", "cn-north-1", "https://rolesanywhere.cn-north-1.amazonaws.com.cn"),
        ("aws-us-gov", "us-gov-west-1", "https://rolesanywhere.us-gov-west-1.amazonaws.com"),
        ("aws-eusc", "eusc-de-east-1", "https://rolesanywhere.eusc-de-east-1.amazonaws.eu"),
    ],
)
def test_known_endpoints(partition: str, region: str, url: str, url_of: Callable[..., str]) -> None:
    """The endpoints that AWS's documents name."""
    assert url_of(region, partition) == url


def test_a_region_that_botocore_does_not_know(url_of: Callable[..., str]) -> None:
    """A region newer than botocore's data is named like the others of its partition."""
    assert url_of("cn-southwest-9", "aws-cn") == "https://rolesanywhere.cn-southwest-9.amazonaws.com.cn"


@pytest.mark.parametrize("region", FIPS_REGIONS)
@pytest.mark.parametrize("dual_stack", [False, True])
def test_fips(*, region: str, dual_stack: bool, url_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A FIPS endpoint, with dual stack or without, where there is one."""
    monkeypatch.setenv(FIPS, "true")
    monkeypatch.setenv(DUAL_STACK, str(dual_stack).lower())
    partition = "aws-us-gov" if "-gov-" in region else "aws"
    assert url_of(region, partition) == expected(partition, region, fips=True, dual_stack=dual_stack)
    assert "rolesanywhere-fips." in url_of(region, partition)


@pytest.mark.parametrize(
    ("partition", "region"), [pair for pair in REGIONS if pair[1] not in FIPS_REGIONS and "iso" not in pair[0]]
)
def test_fips_where_there_is_none(
    partition: str, region: str, url_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everywhere else no name is made up, as botocore would: the region is at fault."""
    monkeypatch.setenv(FIPS, "true")
    with pytest.raises(S3RestConnectionError, match="has no FIPS endpoint of Roles Anywhere") as raised:
        url_of(region, partition)
    assert raised.value.fields == ("rolesanywhere_region",)


@pytest.mark.parametrize(
    ("partition", "region"), [pair for pair in REGIONS if "iso" not in pair[0]], ids=lambda name: name
)
def test_dual_stack(partition: str, region: str, url_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The dual-stack endpoint, in the partitions that have them."""
    monkeypatch.setenv(DUAL_STACK, "true")
    assert url_of(region, partition) == expected(partition, region, dual_stack=True)


@pytest.mark.parametrize(
    ("option", "url"),
    [
        ("use_fips_endpoint", "https://rolesanywhere-fips.us-east-1.amazonaws.com"),
        ("use_dualstack_endpoint", "https://rolesanywhere.us-east-1.api.aws"),
    ],
)
def test_the_configuration_file(
    option: str, url: str, url_of: Callable[..., str], configure: Callable[[str], None]
) -> None:
    """The configuration file of botocore has the same say as the environment."""
    configure(f"[default]\n{option} = true\n")
    assert url_of("us-east-1") == url


@pytest.mark.parametrize(("option", "fips"), [("use_fips_endpoint", True), ("Use_DualStack_Endpoint", False)])
def test_the_file_of_credentials(
    *, option: str, fips: bool, url_of: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Has the same say, and the case of letters has none."""
    (tmp_path / "credentials").write_text(f"[default]\n{option} = true\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    assert url_of("us-east-1") == expected("aws", "us-east-1", fips=fips, dual_stack=not fips)


def test_a_file_that_says_nothing_of_endpoints_needs_no_botocore(
    url_of: Callable[..., str], configure: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many machines have one."""
    configure("[default]\nregion = eu-west-1\n")
    monkeypatch.setattr("airflow_provider_s3rest.auth.endpoint._regional_url", None)
    assert url_of("us-east-1") == expected("aws", "us-east-1")


def test_a_folder_in_the_place_of_the_file(
    url_of: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Says nothing."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path))
    assert url_of("us-east-1") == expected("aws", "us-east-1")


def test_a_configuration_file_that_can_not_be_read(
    url_of: Callable[..., str], configure: Callable[[str], None]
) -> None:
    """A broken file is no crash: it may be the one that asks for FIPS."""
    configure("[default\nuse_fips_endpoint = true\n")
    with pytest.raises(S3RestConnectionError, match=r"botocore's configuration on this machine \(ConfigParseError\)"):
        url_of("us-east-1")


HOSTILE = {
    "AWS_PROFILE": "hostile",
    "AWS_DEFAULT_PROFILE": "hostile",
    "AWS_ENDPOINT_URL": "https://evil.example",
    "AWS_ENDPOINT_URL_ROLESANYWHERE": "https://evil.example",
    "AWS_REGION": "eu-west-1",
    "AWS_DEFAULT_REGION": "eu-west-1",
    "AWS_RETRY_MODE": "nonsense",
    "AWS_DEFAULTS_MODE": "nonsense",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_rest_of_the_environment(
    name: str, url_of: Callable[..., str], configure: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither another profile nor another endpoint or region of the environment leads anywhere else."""
    configure("[profile hostile]\nuse_fips_endpoint = true\nendpoint_url = https://evil.example\n")
    monkeypatch.setenv(name, HOSTILE[name])
    assert url_of("us-east-1") == "https://rolesanywhere.us-east-1.amazonaws.com"


def test_the_endpoint_of_the_default_profile(url_of: Callable[..., str], configure: Callable[[str], None]) -> None:
    """An endpoint URL in the configuration file plays no part."""
    configure("[default]\nendpoint_url = https://evil.example\n")
    assert url_of("us-east-1") == "https://rolesanywhere.us-east-1.amazonaws.com"


@pytest.mark.parametrize(("fips", "dual_stack"), list(itertools.product(["true", "false"], repeat=2)))
def test_an_endpoint_of_its_own(
    fips: str, dual_stack: str, url_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection's own endpoint goes before everything, also where the region has none."""
    monkeypatch.setenv(FIPS, fips)
    monkeypatch.setenv(DUAL_STACK, dual_stack)
    assert url_of("mars-north-1", "aws-mars", "vpce-1.example:8443") == "https://vpce-1.example:8443"
