"""figbench and its peers as things that score a folder against a reference."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.benchmarks.side_by_side.machine import computes
from tests.benchmarks.side_by_side.processes import HERE, Measured, RunError, measure
from tests.benchmarks.side_by_side.settings import Settings, Work


@dataclass(frozen=True)
class Tool:
    """One way to score.

    Attributes:
        name: In tables.
        module: What must be importable.
        engine: figbench's; empty for a peer.
        precision: figbench's.
    """

    name: str
    module: str
    engine: str = ""
    precision: str = "float32"

    def missing(self, device: str) -> str:
        """Returns why it has no numbers on a device; empty where it has."""
        if find_spec(self.module) is None:
            return "not installed"
        return "" if computes(self.precision, device) else f"this CPU has no {self.precision}"


FIDELITY = Tool("torch-fidelity", "torch_fidelity")
PEERS = (
    FIDELITY,
    Tool("pytorch-fid", "pytorch_fid"),
    Tool("clean-fid", "cleanfid"),
    Tool("torchmetrics", "torchmetrics"),
)
OURS = (
    Tool("figbench", "torch", "torch"),
    Tool("figbench, bfloat16", "torch", "torch", "bfloat16"),
    Tool("figbench, OpenVINO", "openvino", "openvino"),
    Tool("figbench, OpenVINO, bfloat16", "openvino", "openvino", "bfloat16"),
)


def ours_on(settings: Settings) -> list[Tool]:
    """figbench's ways on a device: OpenVINO is for CPUs."""
    on_cpu = settings.device == "cpu"
    return chosen(settings, (one for one in OURS if on_cpu or one.engine == "torch"))


def peers(settings: Settings) -> list[Tool]:
    """The peers that were asked for."""
    return chosen(settings, PEERS)


def chosen(settings: Settings, tools: Iterable[Tool]) -> list[Tool]:
    """Returns the tools that ``settings.tools`` names; all where it names none."""
    return [one for one in tools if not settings.tools or one.name in settings.tools]


def run_peer(tool: Tool, work: Work, generated: str, device: str, *cache: str) -> dict[str, Any]:
    """Returns the record of one run of a peer against ``reference``."""
    sets = [str(work.root / generated), str(work.root / "reference")]
    arguments = [tool.name, str(work.weights), *sets, device, *cache]
    return _record(tool, device, lambda: _peer_numbers(measure(f"{HERE}.peer", arguments, work)))


def run_figbench(
    tool: Tool,
    work: Work,
    settings: Settings,
    generated: str,
    protocol: Path,
    store: str,
    more: tuple[str, ...] = (),
    launcher: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Returns the record of one ``figbench evaluate`` against ``reference``.

    Args:
        tool: Engine and precision.
        work: Pictures and weights.
        settings: The device.
        generated: Name of the set.
        protocol: File.
        store: Name of the store.
        more: More options.
        launcher: Module with arguments that starts ``figbench`` (torchrun).
    """
    output = work.root / "run"
    arguments = [
        "evaluate", str(work.root / generated), "--reference", str(work.root / "reference"),
        "--protocol", str(protocol), "--device", settings.device, "--engine", tool.engine,
        "--precision", tool.precision, "--store", str(work.root / store), "--output", str(output),
        *more,
    ]  # fmt: skip
    module, *before = (*launcher, "figbench")
    command = [*before, *arguments]
    return _record(
        tool, settings.device, lambda: _our_numbers(measure(module, command, work), output)
    )


def _peer_numbers(measured: Measured) -> dict[str, Any]:
    return {**measured.record(), "fid": float(measured.output.splitlines()[-1])}


def _our_numbers(measured: Measured, output: Path) -> dict[str, Any]:
    result = json.loads((output / "result.json").read_text())
    values = {name: one["value"] for name, one in result["metrics"].items()}
    provenance = result["provenance"]
    return {
        **measured.record(),
        **({"fid": values["fid"]} if "fid" in values else {}),
        "values": values,
        "stages": provenance["durations_s"],
        **provenance["extraction"],
    }


def _record(tool: Tool, device: str, run: Any) -> dict[str, Any]:
    """A peer that is absent or fails is a line of the table; figbench that fails ends the part."""
    if reason := tool.missing(device):
        return {"tool": tool.name, "missing": reason}
    try:
        return {"tool": tool.name, **run()}
    except RunError as error:
        if tool.engine or tool == FIDELITY:
            raise SystemExit(str(error)) from None
        return {"tool": tool.name, "missing": f"failed: {error}"}
