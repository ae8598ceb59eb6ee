"""CPU time, energy and price of a run, for ``result.json``."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from figbench.errors import UserError
from figbench.results.schema import Cost

POWERCAP = Path("/sys/class/powercap")
PRICE_VARIABLE = "FIGBENCH_USD_PER_CPU_HOUR"


class CostMeter:
    """Adds up CPU time and energy from its creation on.

    Args:
        powercap: Folder of Linux's energy counters.
        cpu_s: Returns the CPU seconds of this process and its ended children.
    """

    def __init__(self, powercap: Path = POWERCAP, cpu_s: Callable[[], float] | None = None) -> None:
        self._cpu_s = cpu_s or _cpu_s
        self._zones = _zones(powercap)
        self._before = {zone: _microjoules(zone) for zone in self._zones}
        self._gpu_before: dict[str, int | None] = {}
        self._last = self._start = self._cpu_s()
        self._stages: dict[str, float] = {}

    def watch(self, device: str) -> None:
        """Reads the energy counter of a CUDA device for the first time."""
        self._gpu_before[device] = _gpu_millijoules(device)

    def stage(self, name: str) -> None:
        """Books the CPU time since the last call, or the creation, under a stage."""
        now = self._cpu_s()
        self._stages[name] = self._stages.get(name, 0.0) + now - self._last
        self._last = now

    def cost(self, figures: int, device: str, environment: Mapping[str, str] | None = None) -> Cost:
        """Returns the cost so far.

        Args:
            figures: Generated figures that were scored.
            device: The device of the run; energy of a GPU is read for ``cuda`` devices.
            environment: Gives the price of a CPU hour; default the process's.

        Raises:
            UserError: If the price is not a number.
        """
        cpu_s = self._cpu_s() - self._start
        joules, source = self._joules(device)
        price = _price(os.environ if environment is None else environment)
        usd = None if price is None else cpu_s / 3600 * price
        return Cost(
            cpu_s={name: round(value, 3) for name, value in self._stages.items()},
            cpu_s_total=round(cpu_s, 3),
            joules=None if joules is None else round(joules, 1),
            joules_source=source,
            usd_per_cpu_hour=price,
            usd=None if usd is None else float(f"{usd:.4g}"),
            figures=figures,
            per_1000_figures=_per_1000({"cpu_s": cpu_s, "joules": joules, "usd": usd}, figures),
        )

    def _joules(self, device: str) -> tuple[float | None, str | None]:
        total, sources = 0.0, []
        after = {zone: _microjoules(zone) for zone in self._zones}
        readable = {zone for zone in self._zones if None not in (self._before[zone], after[zone])}
        if readable:
            for zone in readable:
                used = float(after[zone] or 0) - float(self._before[zone] or 0)
                # The counter starts again at zero.
                total += (used if used >= 0 else used + _range(zone)) / 1e6
            sources.append("RAPL, the whole machine's processors")
        before, gpu = self._gpu_before.get(device), _gpu_millijoules(device)
        if before is not None and gpu is not None:
            total += (gpu - before) / 1e3
            sources.append("NVML, the whole GPU")
        return (total, "; ".join(sources)) if sources else (None, None)


def _cpu_s() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _zones(powercap: Path) -> list[Path]:
    """Returns the counters of whole packages, and none of their parts."""
    if not powercap.is_dir():
        return []
    return sorted(path for path in powercap.glob("intel-rapl:*") if path.name.count(":") == 1)


def _microjoules(zone: Path) -> int | None:
    # Many systems let only root read the counter.
    try:
        return int((zone / "energy_uj").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _range(zone: Path) -> float:
    return float((zone / "max_energy_range_uj").read_text(encoding="utf-8"))


def _gpu_millijoules(device: str) -> int | None:
    """Returns the energy counter of a CUDA device; None without NVML or before Volta."""
    if not device.startswith("cuda"):
        return None
    try:
        import pynvml

        pynvml.nvmlInit()
        number = int(device.partition(":")[2] or 0)
        return int(pynvml.nvmlDeviceGetTotalEnergyConsumption(
            pynvml.nvmlDeviceGetHandleByIndex(number)
        ))  # fmt: skip
    except Exception:  # NVML's errors have no common base without the package
        return None


def _price(environment: Mapping[str, str]) -> float | None:
    text = environment.get(PRICE_VARIABLE, "")
    if not text:
        return None
    try:
        price = float(text)
    except ValueError:
        price = math.nan
    if not (math.isfinite(price) and price >= 0):
        raise UserError(
            f"{PRICE_VARIABLE}={text}: not a price.",
            remedy=f"Give US dollars for one core and one hour: {PRICE_VARIABLE}=0.04",
        )
    return price


def _per_1000(values: Mapping[str, float | None], figures: int) -> dict[str, float]:
    if not figures:
        return {}
    return {
        name: float(f"{1000 * value / figures:.4g}")
        for name, value in values.items()
        if value is not None
    }
