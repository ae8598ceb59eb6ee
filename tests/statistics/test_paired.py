"""Each test against an independent formula, and against what it must do by chance."""

import itertools

import numpy as np
import pytest
from scipy import stats

from figbench.gate import compare, gate
from figbench.metrics.numerics.swap_tests import frechet_swap_test, kernel_swap_test
from figbench.statistics.effects import (
    holm,
    minimum_detectable_effect,
    rare_failure_p_value,
    unpaired_p_value,
)
from figbench.statistics.paired import sign_flip_test
from tests.gate.factory import write_run


def test_exact_p_value_by_enumeration(rng):
    differences = rng.normal(0.3, 1, 12)
    clusters = ["a", "a", "b", "c", "c", "c", "d", "e", "f", "g", "h", "h"]
    sums = {}
    for name, value in zip(clusters, differences, strict=True):
        sums[name] = sums.get(name, 0) + value
    sums = np.array(list(sums.values()))
    flips = [abs(np.dot(sums, signs)) for signs in itertools.product((-1, 1), repeat=len(sums))]
    expected = np.mean(np.array(flips) >= abs(sums.sum()) - 1e-12)
    found = sign_flip_test(differences, clusters, rng)
    assert found.p_value == pytest.approx(expected)
    assert found.difference == pytest.approx(differences.mean())
    assert found.n_clusters == 8


def test_random_swaps_agree_with_the_normal_limit(rng):
    differences = rng.normal(0.15, 1, 200)
    found = sign_flip_test(differences, [str(i) for i in range(200)], rng)
    z = differences.sum() / np.sqrt(np.square(differences).sum())
    from scipy.stats import norm

    assert found.p_value == pytest.approx(2 * norm.sf(abs(z)), abs=0.02)
    assert found.standard_error == pytest.approx(differences.std(ddof=1) / np.sqrt(200), rel=1e-6)


def test_ignoring_papers_would_be_wrong(rng):
    papers = np.repeat(rng.normal(0, 1, 15), 10)
    clusters = [str(i // 10) for i in range(150)]
    clustered = sign_flip_test(papers + rng.normal(0, 0.1, 150), clusters, rng)
    alone = sign_flip_test(papers, [str(i) for i in range(150)], rng)
    assert clustered.standard_error > 2 * alone.standard_error


def naive_kernel_distance(x, y):
    def k(a, b):
        return (a @ b.T / a.shape[1] + 1) ** 3

    n, m = len(x), len(y)
    xx, yy = k(x, x), k(y, y)
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return within - 2 * k(x, y).mean()


@pytest.mark.parametrize("test", [frechet_swap_test, kernel_swap_test])
def test_distances_see_a_shift_and_no_shift(rng, test):
    reference = rng.normal(size=(80, 8)).astype(np.float32)
    first = rng.normal(size=(60, 8)).astype(np.float32)
    shifted = (first + rng.normal(0, 0.2, (60, 8)) + 0.6).astype(np.float32)
    clusters = [str(i // 2) for i in range(60)]
    found = test(first, shifted, reference, clusters, rng)
    assert found.p_value < 0.02
    assert found.difference > 0
    same = test(first, rng.permutation(first), reference, clusters, rng)
    assert same.p_value > 0.05


def test_kernel_difference_is_the_difference_of_kernel_distances(rng):
    reference = rng.normal(size=(30, 5)).astype(np.float32)
    first = rng.normal(size=(20, 5)).astype(np.float32)
    second = (rng.normal(size=(20, 5)) + 0.4).astype(np.float32)
    found = kernel_swap_test(first, second, reference, [str(i) for i in range(20)], rng)
    expected = naive_kernel_distance(second, reference) - naive_kernel_distance(first, reference)
    assert found.difference == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("papers", [2, 5, 9, 20])
def test_no_difference_gets_below_the_smallest_p(rng, papers):
    clusters = [str(i % papers) for i in range(60)]
    reference = rng.normal(size=(50, 4)).astype(np.float32)
    first = rng.normal(size=(60, 4)).astype(np.float32)
    tests = [sign_flip_test(np.full(60, 1000.0), clusters, rng)]
    tests += [
        one(first, first + 50, reference, clusters, rng)
        for one in (frechet_swap_test, kernel_swap_test)
    ]
    for found in tests:
        assert found.p_value >= found.smallest_p * 0.5  # a random draw of swaps may be luckier
        assert found.smallest_p >= 2 / 2**papers
    assert tests[0].p_value == pytest.approx(tests[0].smallest_p)
    assert tests[0].smallest_p == pytest.approx(max(2 / 2**papers, 1e-4))


def test_five_papers_are_said_to_prove_nothing_and_do_not_open_the_gate(tmp_path):
    papers = [f"p{i % 5}" for i in range(20)]
    scores = np.linspace(0.5, 0.9, 20)
    write_run(tmp_path / "base", {"label_f1": scores}, papers=papers, name="base")
    write_run(tmp_path / "worse", {"label_f1": scores - 0.3}, papers=papers, name="worse")
    found = compare(tmp_path / "base", tmp_path / "worse")
    assert found.of("label_f1").p_swap == pytest.approx(2 / 32)
    assert any("p cannot fall below 0.067" in one and "more papers" in one for one in found.notes)
    strict = gate(tmp_path / "worse", tmp_path / "base", ["label_f1:-0.1 & p<0.05"])
    assert not strict.passed
    assert "no test says that it is chance" in strict.verdicts[0].reason
    assert gate(tmp_path / "worse", tmp_path / "base", ["label_f1:-0.5 & p<0.05"]).passed


def test_many_metrics_put_significance_out_of_reach_and_fewer_bring_it_back(tmp_path):
    papers = [f"p{i % 7}" for i in range(21)]
    columns = {f"m{k}": np.linspace(0.85, 0.9, 21) for k in range(6)}
    worse = {name: values - 0.8 for name, values in columns.items()}
    write_run(tmp_path / "a", columns, papers=papers, name="a")
    write_run(tmp_path / "b", worse, papers=papers, name="b")
    notes = compare(tmp_path / "a", tmp_path / "b").notes
    assert any("--metrics" in one for one in notes)
    few = compare(tmp_path / "a", tmp_path / "b", metrics=["m1", "m2"])
    assert not few.notes
    assert few.of("m1").p_holm < 0.05


def test_a_tiny_p_is_not_zero():
    assert unpaired_p_value(12.0, 0.6, 0.8) == pytest.approx(2 * stats.norm.sf(12.0))


def test_holm_by_hand():
    adjusted = holm({"a": 0.01, "b": 0.04, "c": 0.03})
    assert adjusted == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})
    assert holm({"a": 0.6, "b": 0.9}) == {"a": 1.0, "b": 1.0}


def test_minimum_detectable_effect_and_unpaired():
    assert minimum_detectable_effect(1.0) == pytest.approx(1.959964 + 0.841621, abs=1e-5)
    few = minimum_detectable_effect(1.0, papers=6, tests=5)
    assert few == pytest.approx(stats.t.ppf(0.995, 5) + stats.t.ppf(0.8, 5))
    assert minimum_detectable_effect(1.0, papers=6, tests=5, smallest_p=2**-5) is None
    assert minimum_detectable_effect(None) is None
    assert unpaired_p_value(1.959964, 0.6, 0.8) == pytest.approx(0.05, abs=1e-5)
    assert unpaired_p_value(1.0, None, 0.8) is None
    assert unpaired_p_value(1.0, 0.0, 0.0) is None


def test_a_difference_of_the_visible_size_is_significant_at_the_edge():
    """With unseen failures: less t_power x SE, the visible difference has p = alpha / tests."""
    papers, error, tests = 30, 0.01, 4
    visible = minimum_detectable_effect(error, papers=papers, tests=tests, width=1.0)
    edge = visible - stats.t.ppf(0.8, papers - 1) * error
    assert rare_failure_p_value(edge, error, papers, 1.0) == pytest.approx(0.05 / tests)
    plain = minimum_detectable_effect(error, papers=papers, tests=tests)
    assert visible > plain
    # With few papers no difference within the range could be called one.
    assert minimum_detectable_effect(error, papers=5, tests=tests, width=1.0) is None


def test_rare_failures_that_the_sample_lacks_are_no_proof_of_unequal_means(tmp_path, rng):
    """10 papers, each a little worse: the outputs differ, the means may not; the gate asks less."""
    base = rng.uniform(0.8, 0.9, 10)
    write_run(tmp_path / "base", {"label_f1": base}, name="base")
    worse = base - 0.036 - rng.normal(0, 0.002, 10)
    write_run(tmp_path / "worse", {"label_f1": worse}, name="worse")
    found = compare(tmp_path / "base", tmp_path / "worse")
    label = found.of("label_f1")
    assert label.p_swap == pytest.approx(2 / 2**10)
    assert label.p_value == label.p_rare_failures > 0.5
    assert any("10 papers do not exclude a failure" in note for note in found.notes)
    assert label.minimum_detectable > 0.3
    # A gate asks whether the model is unchanged, which the swap test answers.
    verdict = gate(tmp_path / "worse", tmp_path / "base", ["label_f1:-0.01 & p<0.05"]).verdicts[0]
    assert verdict.state == "regression" and verdict.p_value == label.p_swap
    assert verdict.minimum_detectable < 0.01


def test_compare_uses_the_stored_features(tmp_path, rng):
    reference = rng.normal(size=(90, 6))
    first = rng.normal(size=(70, 6))
    columns = {"label_f1": rng.random(70)}
    write_run(tmp_path / "a", columns, name="a", features=(first, reference))
    write_run(tmp_path / "b", columns, name="b", features=(first + 0.7, reference))
    found = compare(tmp_path / "a", tmp_path / "b")
    for name in ("fd@x", "kd@x"):
        one = found.of(name)
        assert one.paired, found.notes
        assert "distance recomputed" in one.method
        assert one.p_value < 0.02
        assert one.better is False


@pytest.mark.slow
def test_gate_passes_chance_and_stops_a_known_degradation(tmp_path):
    """200 simulated runs each: two draws of one process, and one with a third degraded."""
    rng = np.random.default_rng(42)
    n, rule = 120, ["label_f1:-0 & p<0.05"]
    prompt = rng.normal(0, 0.1, n)
    papers = [f"p{i // 2}" for i in range(n)]

    def draw():
        return np.clip(0.7 + prompt + rng.normal(0, 0.08, n), 0, 1)

    passed = stopped = 0
    for i in range(200):
        base, same, worse = draw(), draw(), draw()
        worse[rng.choice(n, n // 3, replace=False)] -= 0.25
        for name, values in (("base", base), ("same", same), ("worse", worse)):
            write_run(tmp_path / str(i) / name, {"label_f1": values}, papers=papers, name=name)
        folder = tmp_path / str(i)
        passed += gate(folder / "same", folder / "base", rule).passed
        stopped += not gate(folder / "worse", folder / "base", rule).passed
    assert passed >= 0.93 * 200
    assert stopped >= 0.95 * 200


@pytest.fixture(scope="module")
def pictured_ssim():
    """SSIM of pictures against their figure: (n, draws) as drawn, and the same ones blurred."""
    import io

    from PIL import Image
    from skimage.metrics import structural_similarity

    from figbench.images.preprocess import preprocess
    from figbench.synthfig import blur, iter_synthfig

    rng = np.random.default_rng(5)
    plain, blurred = [], []
    for made in iter_synthfig(48, 7):
        figure = preprocess(made.image, "pad256")
        drawn = []
        for quality in rng.integers(15, 60, 6):
            buffer = io.BytesIO()
            Image.fromarray(figure).save(buffer, "JPEG", quality=int(quality))
            drawn.append(np.asarray(Image.open(buffer)))
        pairs = [(one, blur(one, 2.0)) for one in drawn]
        found = [[structural_similarity(figure, one, channel_axis=2) for one in p] for p in pairs]
        plain.append([one for one, _ in found])
        blurred.append([other for _, other in found])
    return np.array(plain), np.array(blurred)


@pytest.mark.slow
def test_gate_stops_blur_on_a_third_of_real_pictures(tmp_path, pictured_ssim):
    """200 runs of a model that draws as JPEG; in the other 200 a third is blurred, sigma 2."""
    plain, blurred = pictured_ssim
    rng, n = np.random.default_rng(43), len(plain)
    rule, papers = ["ssim:-0.01 & p<0.05"], [f"p{i // 2}" for i in range(n)]
    passed = stopped = 0
    for i in range(200):
        order = rng.permuted(np.tile(np.arange(plain.shape[1]), (n, 1)), axis=1)
        base, same, other = (plain[np.arange(n), order[:, k]] for k in range(3))
        chosen = rng.choice(n, n // 3, replace=False)
        worse = other.copy()
        worse[chosen] = blurred[chosen, order[chosen, 2]]
        for name, values in (("base", base), ("same", same), ("worse", worse)):
            write_run(tmp_path / str(i) / name, {"ssim": values}, papers=papers, name=name)
        folder = tmp_path / str(i)
        passed += gate(folder / "same", folder / "base", rule).passed
        stopped += not gate(folder / "worse", folder / "base", rule).passed
    assert passed >= 0.93 * 200
    assert stopped >= 0.95 * 200
