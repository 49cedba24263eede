"""A trial in shares and on a cluster: the same bits as in one process, whoever is lost on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import numpy as np
import pyarrow.dataset
import pytest

from autologue.errors import InputError
from autologue.trial import Share, conduct_share, load_protocol
from autologue.trial.cluster import on_cluster
from autologue.trial.replicate import Plan, plan_course, replicate_course, replicate_share
from autologue.trial.statistics import Replicates
from autologue.trial.store import same


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_course(load_protocol("zuma_1"), seed=2, uncertain=True)


@pytest.fixture(scope="module")
def whole(plan: Plan) -> Replicates:
    return replicate_course(plan, 8, block=2)


@pytest.fixture
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as found:
        yield found


def test_shares_made_apart_are_the_whole(plan: Plan, whole: Replicates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [replicate_share(plan, 8, Share(k, 3), parts=tmp_path, block=2) for k in (3, 1, 2)]
    assert made == [plan.size * 2, plan.size * 4, plan.size * 2]
    import autologue.trial.replicate as module

    monkeypatch.setattr(module, "simulate_block", lambda *args, **kwargs: pytest.fail("a kept block is made again"))
    assert same(replicate_course(plan, 8, block=2, parts=tmp_path).table, whole.table)
    rows = pyarrow.dataset.dataset(tmp_path, format="parquet").to_table(columns=["replicate", "ids", "death"]).to_pandas()
    assert sorted(rows.ids) == list(range(8 * plan.size))
    np.testing.assert_array_equal(rows.sort_values("ids").death, whole.table.death)


def test_a_share_is_what_its_replicates_are_in_the_whole(tmp_path: Path, whole: Replicates) -> None:
    patients = conduct_share("zuma_1", Share(2, 2), parts=tmp_path, replicates=30, seed=2)
    assert patients == 5 * plan_course(load_protocol("zuma_1"), seed=2, uncertain=True).size
    assert [file.name.split("-", 1)[1] for file in tmp_path.iterdir()] == ["25-5.parquet"]


def test_a_cluster_gives_the_bits_of_one_process_and_a_lost_worker_loses_nothing(plan: Plan, whole: Replicates, cluster: Any) -> None:
    doomed = cluster.workers[0].pid
    told = []

    def progress(done: int) -> None:
        told.append(done)
        if len(told) == 1:
            os.kill(doomed, signal.SIGKILL)

    found = replicate_course(plan, 8, block=1, scheduler=cluster.scheduler_address, progress=progress)
    assert told == [1] * 8
    assert same(found.table, whole.table)


def test_an_address_where_nobody_answers_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autologue.trial.cluster.TIMEOUT", 0.2)
    with pytest.raises(InputError, match=r"no scheduler answers at 'tcp://127.0.0.1:9' .*start one with: dask scheduler"):
        next(on_cluster(str, [1], "tcp://127.0.0.1:9"))
    with pytest.raises(InputError, match="no scheduler answers at 'nonsense://x'"):
        next(on_cluster(str, [1], "nonsense://x"))


def test_a_scheduler_without_workers_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autologue.trial.cluster.TIMEOUT", 0.5)
    nobody = distributed.LocalCluster(n_workers=0, dashboard_address=None, host="127.0.0.1")
    with nobody, pytest.raises(InputError, match="has no worker; start some with: dask worker"):
        next(on_cluster(str, [1], nobody.scheduler_address))


@pytest.mark.parametrize("text", ["", "0/3", "4/3", "1/0", "2", "a/b", "1/2/3", "-1/3", "١/٣"])
def test_a_share_that_is_none_is_one_sentence(text: str) -> None:
    with pytest.raises(InputError, match="expected i/n with i from 1 to n, as in 2/8"):
        Share.read(text)
