# SPDX-License-Identifier: Apache-2.0
"""What the example DAGs must show, and how the demo compares it with what they showed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from demo.__main__ import main
from demo.expectations import EXPECTED, IN_TURN, TOGETHER, unregistered
from demo.report import Expected, differences, table

DAGS = Path(__file__).parents[3] / "example_dags"
COPY = Expected(dag="s3rest_copy", tasks=2, results={"copy": {"key": "copy/b", "size": 5}, "get": ["a", "b"]})
SHOWN = {"copy": {"key": "copy/b", "size": 5, "etag": "e"}, "get": ["a", "b"]}


def test_every_example_is_registered() -> None:
    """The demo runs each file, and knows what each must show."""
    assert "\n".join(unregistered(DAGS)) == ""


def test_a_file_without_an_expectation_is_told(tmp_path: Path) -> None:
    """With the line to add; so is an expectation without a file."""
    for expected in EXPECTED[1:]:
        (tmp_path / f"{expected.example}.py").touch()
    (tmp_path / "s3rest_new.py").touch()
    assert [*unregistered(tmp_path)] == [
        'demo/expectations.py: say what s3rest_new must show: Expected(dag="s3rest_new", tasks=..., results={...}),',
        "s3rest_access_keys: is in demo/expectations.py, but there is no example_dags/s3rest_access_keys.py",
    ]


def test_calls_are_counted_only_of_dags_that_run_alone() -> None:
    """The endpoint can't tell whose call it is."""
    assert all(expected.create_session_calls is not None for expected in IN_TURN)
    assert all(expected.create_session_calls is None for expected in TOGETHER)


def test_no_two_examples_share_a_prefix() -> None:
    """Those that run together must not see each other's objects."""
    assert len({expected.prefix for expected in EXPECTED}) == len({expected.example for expected in EXPECTED})
    assert COPY.prefix == "copy/"


def test_dags_of_one_file_share_its_prefix() -> None:
    """One DAG can so write what starts the other."""
    assert replace(COPY, dag="s3rest_copy_consumer", file="s3rest_copy", started_by_asset=True).prefix == "copy/"


def test_an_unknown_dag_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is started."""
    with pytest.raises(SystemExit):
        main(["s3rest_absent"])
    assert "has no s3rest_absent, but s3rest_access_keys" in capsys.readouterr().err


def test_what_is_as_expected_is_no_problem() -> None:
    """More keys than expected do not matter."""
    assert [*COPY.problems(COPY.row(), SHOWN)] == []


def test_each_wrong_column_is_a_problem() -> None:
    """Named as in the table."""
    row = replace(COPY.row(), state="failed", processes=1, left=3)
    assert [*COPY.problems(row, SHOWN)] == [
        "s3rest_copy: state: failed, but should be success",
        "s3rest_copy: processes: 1, but should be 2",
        "s3rest_copy: left: 3, but should be 0",
    ]


def test_a_missing_result_is_a_problem() -> None:
    """A task that returned nothing shows nothing."""
    problems = [*COPY.problems(COPY.row(), {"get": ["a", "b"]})]
    assert problems == ["s3rest_copy: copy: returned nothing, but should return {'key': 'copy/b', 'size': 5}"]


@pytest.mark.parametrize(
    ("found", "wanted", "told"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, ["x.a: 1, but should be 2"]),
        ({"b": 1}, {"a": 1}, ["x: {'b': 1}, but should be {'a': 1}"]),
        ([{"a": 1, "b": 2}], [{"a": 1}], []),
        ([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 3}], ["x[1].a: 2, but should be 3"]),
        ([1], [1, 2], ["x: [1], but should be [1, 2]"]),
        ("a", ["a"], ["x: 'a', but should be ['a']"]),
        ({"a": 1}, {}, []),
        (None, {}, ["x: None, but should be {}"]),
    ],
)
def test_a_difference_is_told_with_its_place(found: object, wanted: object, told: list[str]) -> None:
    """Lists match as a whole, dictionaries in the keys that are wanted."""
    assert [*differences("x", found, wanted)] == told


def test_the_table_shows_the_results_that_are_expected() -> None:
    """As many as it has room for; a number that nobody counted is a dash."""
    results = {"copy": {"key": "copy/c", "size": 6, "etag": "e"}, "get": "text " * 9}
    header, line = table([replace(COPY.row(), shows=COPY.shows(results))]).splitlines()
    assert header == "dag          state    tasks  processes  create session calls  left  shows"
    assert line == "s3rest_copy  success  2      2          -                     0     copy: key copy/c, size 6"


def test_results_stay_in_their_line() -> None:
    """Whatever line breaks they hold."""
    assert COPY.shows({"copy": {"key": "a\n\tb"}, "get": "c\nd"}) == "copy: key a b; get: c d"


def test_a_long_result_is_cut() -> None:
    """Between two words."""
    assert COPY.shows({"get": "text " * 20}) == f"get: {'text ' * 7}..."


def test_a_long_list_is_shown_by_its_length() -> None:
    """Of a mapped task, say."""
    assert COPY.shows({"get": [1, 2, 3]}) == "get: 3 items"
