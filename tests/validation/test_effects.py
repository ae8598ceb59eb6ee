"""Effects, figures needed, monotonicity and false alarms against simulation and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from figbench.validation.effects import (
    Measurement,
    compare_measurements,
    largest_alarm,
    monotonicity,
)


def reading(values, *, higher=True):
    values = np.asarray(values, float)
    ids = [f"f{i}" for i in range(len(values))]
    sd = float(values.std(ddof=1) / np.sqrt(len(values)))
    columns = dict(zip(ids, values.tolist(), strict=True))
    return Measurement(
        float(values.mean()), sd, higher, len(values), columns, dict(zip(ids, ids, strict=True))
    )


def test_an_effect_is_the_change_towards_worse_in_sampling_sd():
    rng = np.random.default_rng(0)
    clean = rng.normal(0.8, 0.1, 100)
    effect = compare_measurements(reading(clean), reading(clean - 0.05))
    assert effect.effect == pytest.approx(0.05 / (clean.std(ddof=1) / 10))
    assert effect.seen and effect.paired and effect.n_needed == 2
    lower = compare_measurements(reading(clean, higher=False), reading(clean - 0.05, higher=False))
    assert lower.effect == pytest.approx(-effect.effect)
    assert not lower.seen and lower.n_needed is None


def test_n_needed_gives_80_percent_power():
    rng = np.random.default_rng(1)
    clean = rng.normal(0, 1, 4000)
    flawed = clean - 0.2 + rng.normal(0, 0.5, 4000)
    needed = compare_measurements(reading(clean), reading(flawed)).n_needed
    hits = [
        compare_measurements(reading(clean[rows]), reading(flawed[rows])).seen
        for rows in (rng.choice(4000, needed, replace=False) for _ in range(400))
    ]
    assert np.mean(hits) == pytest.approx(0.8, abs=0.07)


def test_the_auc_of_sets_is_that_of_independent_sets():
    rng = np.random.default_rng(2)
    clean, flawed = rng.normal(0, 1, (50, 3000)), rng.normal(-0.2, 1, (50, 3000))
    wins = np.mean(clean.mean(axis=0) > flawed.mean(axis=0))
    aucs = [
        compare_measurements(reading(clean[:, i]), reading(flawed[:, i])).auc for i in range(300)
    ]
    assert np.median(aucs) == pytest.approx(wins, abs=0.06)


def test_figures_that_only_one_side_has_are_not_paired():
    clean = reading([1, 1, 1, 0.5])
    lost = Measurement(
        0.9, 0.1, True, 4, {"f0": 1.0, "f1": 1.0, "f2": float("nan")}, clean.clusters
    )
    effect = compare_measurements(clean, lost)
    assert not effect.paired
    assert effect.error == pytest.approx(np.hypot(clean.sd, 0.1))
    blind = Measurement(0.5, None, True, 4, {}, {})
    assert not compare_measurements(clean, blind).seen


def test_monotonicity_and_alarms():
    rng = np.random.default_rng(3)
    base = rng.normal(0.5, 0.1, 60)
    rising = {
        level: compare_measurements(
            reading(base), reading(base - 0.02 * level - 0.001 * rng.random(60))
        )
        for level in range(1, 6)
    }
    assert monotonicity(rising, rng) == (1, 1, 1)
    noise = [compare_measurements(reading(base), reading(rng.permutation(base))) for _ in range(3)]
    assert largest_alarm(noise) == 0
    assert largest_alarm([rising[2]]) == pytest.approx(0.04, abs=0.003)
