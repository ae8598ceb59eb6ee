"""Part ``floor``: every network against what its FLOPs allow on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator

from tests.benchmarks.side_by_side.machine import computes
from tests.benchmarks.side_by_side.pictures import prepare
from tests.benchmarks.side_by_side.report import Bars, Chart, Record, Table, grouped
from tests.benchmarks.side_by_side.settings import Settings, Work

KINDS = ("matrix products", "3 x 3 convolutions")
NOTE = (
    "*Ceiling* is the rate of the better of matrix products and convolutions, in the precision of "
    "the row, over the network's FLOPs (a 3 x 3 convolution can beat direct arithmetic). *Network "
    "alone* takes a batch that is ready on the device; *from pictures* has the resize, the copies "
    "and, for OCR-SIM, the distances (a pair is two images). Best of interleaved rounds. "
    "Deviations are relative, from the usual way in float32: of feature vectors, or of the mean "
    "OCR-SIM (worst pair in brackets). The usual way is torch-fidelity's extractor, timm's "
    "network, and OCR-SIM as it was published. InceptionV3 has seeded random weights, which "
    "deviate more than trained ones."
)


class Floor:
    """Images per second against arithmetic."""

    rounds = 5
    n = 0

    @staticmethod
    def run(settings: Settings, work: Work) -> Iterator[Record]:
        prepare(work, "weights")
        os.environ.update(work.variables())
        from tests.benchmarks.side_by_side.networks import (
            NETWORKS,
            gflop_per_image,
            measure_network,
        )
        from tests.benchmarks.side_by_side.peaks import PRECISIONS, peak

        ceilings = {}
        for precision in (one for one in PRECISIONS if computes(one, settings.device)):
            found = {kind: peak(kind, precision, settings.device) for kind in KINDS}
            yield {"step": "peak", "precision": precision, **found}
            ceilings[precision] = max(found.values())
        for network in NETWORKS:
            gflop = gflop_per_image(network, network.side or settings.side)
            for one in measure_network(network, settings, work):
                ceiling = ceilings[one["precision"]] / gflop
                yield {"step": "rate", "gflop": gflop, "ceiling": ceiling, **one}

    @staticmethod
    def tables(runs: list[Record]) -> list[Table]:
        steps = grouped(runs, "step")
        peaks = [
            [one["precision"], *(f"{one[kind]:,.0f}" for kind in KINDS)]
            for one in steps.get("peak", [])
        ]
        rows = [
            _row(one, mine[0])
            for mine in grouped(steps.get("rate", []), "network").values()
            for one in mine
        ]
        head = ("network (GFLOP an image)", "way", "ceiling, images/s", "network alone", "share",
                "from pictures", "share", "times the usual way", "deviation")  # fmt: skip
        return [Table(("GFLOP/s", *KINDS), peaks), Table(head, rows, NOTE)]

    @staticmethod
    def chart(runs: list[Record]) -> Chart | None:
        rates = [one for one in runs if one["step"] == "rate"]
        values = {
            f"{one['network']}: {one['way']}": 100 * one["whole"] / one["ceiling"] for one in rates
        }
        return Bars(values, "% of the ceiling that FLOPs set, from pictures", 100.0)


def _row(one: Record, peer: Record) -> list[str]:
    alone = one["alone"]
    worst = f" ({one['worst']:.0e})" if "worst" in one else ""
    return [
        f"{one['network']} ({one['gflop']:.1f})",
        one["way"],
        f"{one['ceiling']:.1f}",
        f"{alone:.1f}" if alone else "–",
        f"{alone / one['ceiling']:.0%}" if alone else "–",
        f"{one['whole']:.1f}",
        f"{one['whole'] / one['ceiling']:.0%}",
        f"{one['whole'] / peer['whole']:.2f}",
        f"{one['deviation']:.0e}{worst}" if one is not peer else "0",
    ]
