"""A long run over many figures, 3% of them damaged, killed and restarted ten times.

``python -m tests.faults.soak --n 10000`` prints a report as JSON and ends with 1 if anything was
lost: a damaged file that was not named with its code, a good one that was, a count that is off, a
store that is not whole, or a number that differs from a run that was left alone.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from figbench.results.files import load_result
from figbench.store import Store
from tests.faults.conftest import PROTOCOL, Server, World
from tests.faults.damage import WAYS, damage

SHARE = 0.03
LONGEST = 160


def make_world(root, n, seed):
    """Writes references and a model's figures, and damages 3% of the latter; returns the codes."""
    from figbench.synthfig import iter_synthfig

    for name in ("ref", "gen"):
        (root / name).mkdir(parents=True)
    (root / "cheap.yaml").write_text(PROTOCOL)
    names = []
    for one in iter_synthfig(n, seed):
        image = Image.fromarray(one.image)
        image.thumbnail((LONGEST, LONGEST))
        names.append(f"{one.figure_id}.png")
        image.save(root / "ref" / names[-1])
        image.filter(ImageFilter.GaussianBlur(0.7)).save(root / "gen" / names[-1])
    rng = np.random.default_rng(seed)
    chosen = rng.choice(n, size=max(1, round(SHARE * n)), replace=False)
    ways = list(WAYS)
    return {
        names[index]: damage(root / "gen" / names[index], ways[number % len(ways)])
        for number, index in enumerate(chosen)
    }


def stored_rows(store):
    """Returns the number of rows in a store; every segment must be whole."""
    total = 0
    for description in store.glob("*/space.json"):
        namespace = Store(store).namespace_by_id(description.parent.name)
        assert namespace.damaged == [], namespace.damaged
        total += len(namespace)
    return total


def soak(root, n, kills, seed):
    """Runs it in ``root``; returns the report. Raises AssertionError when something was lost."""
    begun = time.monotonic()
    expected = make_world(root / "world", n, seed)
    made_s = time.monotonic() - begun
    world, command = World(root / "world"), Server(root)
    rng = np.random.default_rng(seed)

    def evaluate(name, **request):
        return command(
            *world.evaluate(root / name / "store", root / name), "--json", timeout=7200, **request
        )

    try:
        alone = evaluate("alone")
        assert alone.code == 0, alone.err
        killed_at, whole_runs, rows, came_through = [], 0, [[]], False
        while len(killed_at) < kills:
            after = float(rng.uniform(0.05, 0.35) * alone.seconds)
            when = {"signal_at_event": 3} if came_through else {"signal_after": after}
            ended = evaluate(f"disturbed-{whole_runs}", **when)
            came_through = ended.code == 0
            assert ended.code in (0, -9), ended.err
            rows[-1].append(stored_rows(root / f"disturbed-{whole_runs}" / "store"))
            if ended.code == 0:
                whole_runs += 1
                rows.append([])
            else:
                killed_at.append(round(after, 1))
        last = f"disturbed-{whole_runs}"
        final = evaluate(last)
        assert final.code == 0, final.err
    finally:
        command.stop()
    ours, theirs = load_result(root / last), load_result(root / "alone")
    record = ours.manifests.generated
    named = {one.path: one.code for one in record.rejects}
    assert named == expected, set(named.items()) ^ set(expected.items())
    assert {one.partition("#")[0] + ".png" for one in record.missing} == set(expected)
    ssim = ours.metrics["ssim"]
    assert (ssim.n_used, ssim.n_expected) == (n - len(expected), n)
    assert ours.metrics == theirs.metrics
    tables = [(root / name / "per_figure.parquet").read_bytes() for name in (last, "alone")]
    assert tables[0] == tables[1]
    return {
        "figures": n,
        "damaged": len(expected),
        "ways": len(WAYS),
        "named": len(named),
        "codes": dict(sorted(Counter(named.values()).items())),
        "kills": len(killed_at),
        "killed_at_s": killed_at,
        "rows_in_store_after_each_end_by_run": rows,
        "finished_before_the_kill": whole_runs,
        "from_store_in_the_last_run": ours.provenance.extraction["from_store"],
        "computed_in_the_last_run": ours.provenance.extraction["computed"],
        "undisturbed_s": round(alone.seconds, 1),
        "making_figures_s": round(made_s, 1),
        "total_s": round(time.monotonic() - begun, 1),
        "n_used": ssim.n_used,
        "n_expected": ssim.n_expected,
        "equal_to_undisturbed": True,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_000, help="figures on each side")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            report = soak(Path(folder), chosen.n, chosen.kills, chosen.seed)
        except AssertionError as lost:
            sys.exit(f"lost: {lost}")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
