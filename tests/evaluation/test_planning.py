"""Plan and workload on their own: tasks, keys, missing records. No network runs."""

import pytest

from figbench.data.manifest import Manifest
from figbench.data.pairing import FigurePair
from figbench.data.types import Figure
from figbench.errors import UserError
from figbench.evaluation.distributed.shard import remaining, share
from figbench.evaluation.planning.execution import DEFAULT, Execution
from figbench.evaluation.planning.plan import make_plan
from figbench.evaluation.planning.shard import Shard
from figbench.evaluation.planning.sides import Sides
from figbench.evaluation.planning.tasks import (
    GENERATED,
    REFERENCE,
    FeatureTask,
    OcrTask,
    PairTask,
    estimate_s,
)
from figbench.evaluation.planning.workload import (
    Namespaces,
    build_workload,
    image_key,
    pair_key,
)
from figbench.protocol import Protocol
from figbench.store import MemoryStore

N = 12


def plan_of(metrics=None, *, protocol="offline", n=N, paired=True, **changes):
    """The plan of ``n`` generated figures."""
    options = {"skip_unavailable": False, "allow_unpaired": False, "execution": DEFAULT, **changes}
    loaded = Protocol.load(protocol) if isinstance(protocol, str) else protocol
    return make_plan(loaded, metrics, n_generated=n, paired=paired, **options)


def figures(side, n=N):
    return [Figure(f"f{i}", 0, f"{side}{i}.png", f"{side}{i:063d}", 64, 64) for i in range(n)]


def sides_of(generated, reference):
    manifest = Manifest(tuple(reference), (), "flat", ".", ".")
    by_id = {figure.figure_id: figure for figure in generated}
    pairs = [FigurePair(figure, 0, by_id.get(figure.figure_id)) for figure in reference]
    return Sides(pairs, manifest, True, 0)


def workload(plan, store, generated=None, reference=None):
    """The namespaces and the missing records of a run."""
    sides = sides_of(generated or figures("g"), reference or figures("r"))
    namespaces = Namespaces(store, plan)
    return namespaces, build_workload(plan, namespaces, sides.pairs, sides.present, sides.reference)


def test_metrics_of_one_network_share_a_task():
    plan = plan_of(["fd@efficientnet-lite0", "kd@efficientnet-lite0", "ssim"])
    by_class = {type(task): task for task in plan.tasks}
    assert set(by_class) == {FeatureTask, PairTask}
    assert by_class[FeatureTask].metrics == ("fd@efficientnet-lite0", "kd@efficientnet-lite0")
    assert by_class[FeatureTask].sides == {GENERATED, REFERENCE}
    assert by_class[PairTask].sides == {GENERATED}


def test_a_metric_with_another_policy_has_a_task_of_its_own():
    document = {
        "id": "two",
        "metrics": [{"metric": "ssim"}, {"metric": "ssim", "preprocess": "pad256"}],
    }
    plan = plan_of(protocol=Protocol.from_document(document, "test"))
    assert [task.preprocess for task in plan.tasks] == ["pad512", "pad256"]


def test_the_identity_holds_whatever_changes_a_number():
    plan = plan_of(["fd@efficientnet-lite0"])
    [task] = plan.tasks
    identity = plan.identity(task, GENERATED)
    assert identity["kind"] == "features"
    assert identity["network"] == "efficientnet-lite0"
    assert len(identity["weights"]) == 64
    assert plan.identity(task, REFERENCE) == identity
    exact = plan_of(["fd@efficientnet-lite0"], execution=Execution(deterministic=True))
    assert exact.identity(task, GENERATED) == {**identity, "deterministic": True}
    legacy = plan_of(["fd@efficientnet-lite0"]).protocol.replace(
        pixel_encoding="figgen-script-2023"
    )
    encoded = plan_of(["fd@efficientnet-lite0"], protocol=legacy)
    assert encoded.identity(task, GENERATED) != encoded.identity(task, REFERENCE)


def test_an_added_metric_makes_a_protocol_of_its_own():
    plan = plan_of(["ssim", "is@efficientnet-lite0"])
    assert plan.protocol.id == "offline-extended"
    assert "is@efficientnet-lite0" in plan.warnings[0]
    assert plan.protocol.hash != plan_of(["ssim"]).protocol.hash


def test_a_selection_does_not_change_the_hash():
    assert plan_of(["ssim"]).protocol.hash == plan_of().protocol.hash


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metrics": ["ssmi"]}, "Did you mean 'ssim'"),
        ({"metrics": ["fd@efficientnet-lite0"], "n": 1}, "needs at least"),
        ({"metrics": ["ssim"], "paired": False}, "needs pairs"),
    ],
)
def test_mistakes_are_refused_before_a_network_runs(changes, message):
    metrics = changes.pop("metrics")
    with pytest.raises(UserError, match=message):
        plan_of(metrics, **changes)


def test_what_cannot_run_is_skipped_on_request():
    plan = plan_of(["ssim", "validity"], paired=False, allow_unpaired=True)
    reasons = {item.request.metric: item.skip_reason for item in plan.metrics}
    assert "needs pairs" in reasons["ssim"]
    assert reasons["validity"] is None
    assert not any(isinstance(task, PairTask) for task in plan.tasks)
    small = plan_of(["fd@efficientnet-lite0"], n=1, skip_unavailable=True)
    assert "needs at least" in small.metrics[0].skip_reason


def test_a_protocol_without_an_ocr_engine_is_refused():
    document = {"id": "no-ocr", "metrics": [{"metric": "label_fidelity"}]}
    with pytest.raises(UserError, match="no OCR engine"):
        plan_of(protocol=Protocol.from_document(document, "test"))


def test_every_missing_record_is_one_job_and_a_group_shares_its_images():
    plan = plan_of(["fd@efficientnet-lite0", "ssim"])
    _, work = workload(plan, MemoryStore())
    pending = {type(task): count for task, count in work.pending.items()}
    assert pending == {FeatureTask: 2 * N, PairTask: N}
    assert set(work.cached.values()) == {0}
    assert len(work.groups) == N
    assert sum(len(group.jobs) for group in work.groups) == 3 * N
    for group in work.groups:
        assert len({job.figure.figure_id for job in group.jobs}) == 1


def test_records_of_the_store_are_not_computed_again():
    plan, store = plan_of(["ssim"]), MemoryStore()
    [task] = plan.tasks
    generated, reference = figures("g"), figures("r")
    namespaces, work = workload(plan, store, generated, reference)
    keys = [pair_key(a, b) for a, b in zip(generated[:5], reference, strict=False)]
    namespaces.of(task, GENERATED).put_bytes(keys, [b"x"] * 5)
    _, again = workload(plan, store, generated, reference)
    assert again.pending[task] == N - 5
    assert again.cached[task] == 5
    # The position of a group does not depend on the store: shares stay equal.
    before = {group.jobs[0].figure.figure_id: group.ordinal for group in work.groups}
    after = {group.jobs[0].figure.figure_id: group.ordinal for group in again.groups}
    assert after.items() <= before.items()
    assert remaining(work, namespaces).pending[task] == N - 5


def test_equal_images_are_computed_once():
    plan = plan_of(["fd@efficientnet-lite0"])
    same = [Figure(f"f{i}", 0, f"g{i}.png", "0" * 64, 64, 64) for i in range(N)]
    _, work = workload(plan, MemoryStore(), same, figures("r"))
    assert sum(work.pending.values()) == N + 1


def test_a_missing_figure_is_scored_as_a_blank_page():
    plan = plan_of(["ssim"])
    _, work = workload(plan, MemoryStore(), figures("g")[1:], figures("r"))
    blank = [job for group in work.groups for job in group.jobs if job.figure is None]
    assert len(blank) == 1
    assert blank[0].key == pair_key(None, blank[0].partner)
    assert blank[0].key != image_key(blank[0].partner)


def test_shares_are_disjoint_and_complete():
    plan = plan_of(["ssim"])
    _, work = workload(plan, MemoryStore())
    shares = [share(work, Shard(rank, 3, rank)) for rank in range(3)]
    keys = [{job.key for group in part.groups for job in group.jobs} for part in shares]
    assert sum(map(len, keys)) == len(set().union(*keys)) == N
    assert sum(sum(part.pending.values()) for part in shares) == N


def test_the_estimate_grows_with_the_missing_records_and_the_policy():
    plan = plan_of(["ssim", "label_fidelity"])
    ocr = next(task for task in plan.tasks if isinstance(task, OcrTask))
    pair = next(task for task in plan.tasks if isinstance(task, PairTask))
    assert estimate_s({}) == 0
    assert estimate_s({ocr: 10}) == pytest.approx(2 * estimate_s({ocr: 5}))
    assert estimate_s({ocr: 5, pair: 5}) > estimate_s({ocr: 5})
