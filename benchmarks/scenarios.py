# SPDX-License-Identifier: Apache-2.0
"""What is measured: which works, by whom, against which server, and how good ours is to be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from benchmarks.results import Goal


@dataclass(frozen=True, kw_only=True)
class Side:
    """Who does the work.

    :param module: of :mod:`benchmarks.clients`.
    :param environment: of :func:`benchmarks.peer.interpreter`; None: that of this provider.
    :param one_by_one: whether it knows no other way, so that its figures stand beside those of works one by one too.
    """

    name: str
    module: str
    environment: str | None = None
    one_by_one: bool = False


OURS = Side(name="ours", module="ours")
AMAZON = Side(name="amazon", module="amazon", environment="peer", one_by_one=True)
BOTO3 = Side(name="boto3", module="bare_boto3", one_by_one=True)
OBSTORE = Side(name="obstore", module="bare_obstore")
AWSCRT = Side(name="awscrt", module="crt", environment="tools")
S5CMD = Side(name="s5cmd", module="s5cmd", environment="tools")
STARTING = (
    Side(name="ours", module="starting_ours"),
    Side(name="amazon", module="starting_amazon", environment="peer"),
)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Works that each side does one after the other in one process, in each round a new one.

    :param words: what they are called in the report, before the name of the work.
    :param goals: by work.
    :param count: of how many objects they are; of large ones, how many mebibytes.
    :param smoke_count: likewise, only to see that it runs; 0: that another scenario shows.
    :param keys: whether so many objects are there before.
    :param large: whether a large object is there, and a file to be sent.
    :param real: whether the server is SeaweedFS.
    :param roles_anywhere: whether ours authenticates by it.
    """

    name: str
    words: str
    works: tuple[str, ...]
    sides: tuple[Side, ...]
    count: int
    smoke_count: int
    goals: dict[str, tuple[Goal, ...]] = field(default_factory=dict)
    latency_ms: float = 0
    tls: bool = False
    keys: bool = False
    large: bool = False
    real: bool = False
    roles_anywhere: bool = False


def _faster(factor: float) -> Goal:
    return Goal(than="amazon", factor=factor)


_LIKE_OBSTORE = Goal(than="obstore", factor=1 / 1.3)
_LIKE_THE_BEST = Goal(than="best", factor=1 / 1.3)
_LIKE_S5CMD = Goal(than="s5cmd", factor=1 / 1.3)
# What is in flight in parts of an upload is held to 128 MiB.
_LARGE = (_faster(2.5), _LIKE_THE_BEST, Goal(mebibytes=64 + 128))

_SMALL = Scenario(
    name="small",
    words="1,000 x 4 KiB",
    works=(
        "put",
        "get",
        "head",
        "copy",
        "put, one by one",
        "get, one by one",
        "head, one by one",
        "copy, one by one",
    ),
    sides=(OURS, AMAZON, BOTO3, OBSTORE, AWSCRT, S5CMD),
    count=1000,
    smoke_count=20,
    goals={
        "put": (_faster(15), _LIKE_OBSTORE),
        "get": (_faster(15), _LIKE_OBSTORE),
        "head": (_faster(8),),
        "copy": (_faster(8),),
    },
)
_LATENT = replace(
    _SMALL,
    name="latency-20",
    words="200 x 4 KiB at 20 ms",
    works=("put", "get", "head"),
    count=200,
    latency_ms=20,
    goals=dict.fromkeys(("put", "get", "head"), (_faster(25),)),
)
_UP = Scenario(
    name="up",
    words="256 MiB",
    works=("up",),
    sides=_SMALL.sides,
    count=256,
    smoke_count=24,
    large=True,
    goals={"up": _LARGE},
)
_DOWN = replace(_UP, name="down", works=("down",), goals={"down": _LARGE})
_START = Scenario(
    name="import",
    words="fresh process",
    works=("import",),
    sides=STARTING,
    count=1,
    smoke_count=1,
    goals={"import": (Goal(milliseconds=20), _faster(15))},
    roles_anywhere=True,
)

SCENARIOS = (
    _SMALL,
    replace(_LATENT, name="latency-5", words="100 x 4 KiB at 5 ms", count=100, smoke_count=0, latency_ms=5, goals={}),
    _LATENT,
    replace(_LATENT, name="latency-25", words="50 x 4 KiB at 25 ms", count=50, smoke_count=0, latency_ms=25, goals={}),
    _UP,
    _DOWN,
    replace(_UP, name="up-tls", words="256 MiB, TLS", tls=True),
    replace(_DOWN, name="down-tls", words="256 MiB, TLS", tls=True),
    replace(
        _UP,
        name="streams",
        works=("up, from an iterable", "down, in chunks"),
        sides=(OURS,),
        goals=dict.fromkeys(("up, from an iterable", "down, in chunks"), _LARGE[-1:]),
    ),
    replace(
        _SMALL,
        name="list",
        words="100,000 keys",
        works=("list",),
        count=100_000,
        smoke_count=3000,
        keys=True,
        goals={"list": (_faster(8), Goal(mebibytes=30))},
    ),
    replace(
        _SMALL,
        name="delete",
        words="10,000 keys",
        works=("delete",),
        count=10_000,
        smoke_count=2000,
        keys=True,
        goals={"delete": (_faster(5),)},
    ),
    replace(
        _SMALL,
        name="sync",
        words="5,000 files, 1 % changed",
        works=("sync",),
        sides=(OURS, S5CMD),
        count=5000,
        smoke_count=200,
        goals={"sync": (_LIKE_S5CMD,)},
    ),
    replace(
        _SMALL,
        name="sync-first",
        words="5,000 files, 1 % changed",
        works=("sync, the first of a process",),
        sides=(STARTING[0], S5CMD),
        count=5000,
        smoke_count=200,
        goals={"sync, the first of a process": (_LIKE_S5CMD,)},
    ),
    _START,
    replace(_START, name="first-byte", works=("first byte",), goals={"first byte": (_faster(8),)}),
    replace(_START, name="first-byte-rsa", works=("first byte, RSA",), goals={"first byte, RSA": (_faster(8),)}),
    replace(_START, name="cold-ec", works=("cold, P-256",), goals={"cold, P-256": (_faster(1),)}),
    replace(_START, name="cold-rsa", works=("cold, RSA",), goals={"cold, RSA": (_faster(1),)}),
    replace(
        _START,
        name="cache-hit",
        works=("cache hit", "cache hit, the next one"),
        sides=STARTING[:1],
        goals=dict.fromkeys(("cache hit", "cache hit, the next one"), (Goal(milliseconds=0.2),)),
    ),
    replace(
        _SMALL,
        name="seaweedfs",
        words="300 x 4 KiB, SeaweedFS",
        works=_SMALL.works,
        sides=(OURS, AMAZON),
        count=300,
        smoke_count=10,
        real=True,
        goals={},
    ),
)
