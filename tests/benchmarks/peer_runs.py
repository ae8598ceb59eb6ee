"""One run of one tool in a process of its own; prints seconds, peak memory and FID as JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from figbench.evaluation import Prepared

WEIGHTS = "weights-inception-2015-12-05-6726825d.pth"
METRICS = [{"metric": "fid"}, {"metric": "kid"}, {"metric": "isc"}]


@dataclass(frozen=True)
class Case:
    """What to run, in this order on one store per round.

    ``cached_reference`` lets torch-fidelity keep the reference's features under a name.
    """

    name: str
    tool: str
    side: str
    cached_reference: bool = False

    def arguments(self, work: Path, turn: int) -> list[str]:
        """Arguments of this module; every round has a store of its own."""
        kind = self.tool if not self.cached_reference else "torch-fidelity-cached"
        return [str(work), kind, self.side, str(turn)]


def figbench_run(work: Path, side: str, turn: str, engine: str, precision: str) -> float:
    os.environ["FIGBENCH_WEIGHTS"] = str(work / "figbench-weights")
    import figbench
    from figbench.evaluation import Options
    from figbench.evaluation.execution import Execution
    from figbench.features.weights import import_weights

    if not (work / "figbench-weights").exists():
        import_weights("inception-v3", work / WEIGHTS, allow_unverified=True)
    document = {"id": "peers", "preprocess": "none", "metrics": METRICS, "precision": precision}
    options = Options(device="cpu", execution=Execution(engine=engine))
    protocol = figbench.Protocol.from_document(document, "peers")
    result = figbench.evaluate(
        work / side, work / "reference", protocol, store=work / f"store-{turn}", options=options
    )
    return result.value("fid")


def fidelity_run(work: Path, side: str, *, cached: bool) -> float:
    import torch_fidelity

    n = len(list((work / side).iterdir()))
    names = {"input2_cache_name": "reference"} if cached else {}
    found = torch_fidelity.calculate_metrics(
        input1=str(work / side), input2=str(work / "reference"), fid=True, kid=True, isc=True,
        kid_subset_size=min(1000, n), cuda=False, verbose=False, cache_root=str(work / "tf-cache"),
        feature_extractor_weights_path=str(work / WEIGHTS), **names,
    )  # fmt: skip
    return float(found["frechet_inception_distance"])


def pytorch_fid_run(work: Path, side: str) -> float:
    import torch
    from pytorch_fid import fid_score, inception

    inception.load_state_dict_from_url = lambda *_, **__: torch.load(work / WEIGHTS)
    paths = [str(work / side), str(work / "reference")]
    return float(fid_score.calculate_fid_given_paths(paths, 50, "cpu", 2048, num_workers=1))


def memory_run(work: Path, n: int, step: str) -> float:
    """Fills a store with random rows of ``n`` tiny pictures (``fill``), or scores it."""
    os.environ["FIGBENCH_WEIGHTS"] = str(work / "figbench-weights")
    import figbench
    from figbench.evaluation import Options, prepare

    folder = work / f"memory-{n}"
    sides = (folder / "generated", folder / "reference")
    document = {"id": "memory", "preprocess": "none", "metrics": METRICS}
    protocol = figbench.Protocol.from_document(document, "peers")
    options = Options(device="cpu")
    if step == "score":
        result = figbench.evaluate(*sides, protocol, store=folder / "store", options=options)
        return result.value("fid")
    draw_tiny(sides, n)
    fill(prepare(*sides, protocol, store=folder / "store", options=options))
    return 0.0


def draw_tiny(sides: tuple[Path, Path], n: int) -> None:
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(n)
    for side in sides:
        side.mkdir(parents=True)
        for place in range(n):
            pixels = rng.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(side / f"{place:05d}.png")


def fill(prepared: Prepared) -> None:
    import numpy as np

    from figbench.evaluation.sinks import StoreSink
    from figbench.features import extractor_info

    rng = np.random.default_rng(0)
    sink = StoreSink(prepared.spaces)
    outputs = extractor_info("inception-v3").outputs
    for group in prepared.workload.groups:
        for job in group.jobs:
            sink.add(job, {name: rng.random(w, np.float32) for name, w in outputs.items()})
    sink.flush()


def peak_mib() -> int:
    """Peak resident memory of this process; ``ru_maxrss`` would count the parent's before exec."""
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [one for one in status.read_text().splitlines() if one.startswith("VmHWM")]
        return int(line.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    work, tool, side, *rest = Path(sys.argv[1]), *sys.argv[2:]
    if tool == "memory":
        fid = memory_run(work, int(side), rest[0])
    elif tool == "pytorch-fid":
        fid = pytorch_fid_run(work, side)
    elif tool.startswith("torch-fidelity"):
        fid = fidelity_run(work, side, cached=tool.endswith("cached"))
    else:
        engine = "openvino" if "openvino" in tool else "torch"
        precision = "bfloat16" if tool.endswith("bf16") else "float32"
        turn = rest[0] if engine == "torch" else f"{tool}-{rest[0]}"
        fid = figbench_run(work, side, turn, engine, precision)
    seconds = time.time() - psutil.Process().create_time()
    print(json.dumps({"seconds": seconds, "peak_mib": peak_mib(), "fid": fid}))


if __name__ == "__main__":
    main()
