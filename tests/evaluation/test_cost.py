"""CPU time, energy and price in ``result.json``."""

import pytest

from figbench.errors import UserError
from figbench.evaluation.cost import PRICE_VARIABLE, CostMeter


@pytest.fixture
def zone(tmp_path):
    for name in ("intel-rapl:0", "intel-rapl:0:0"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "energy_uj").write_text("9000000\n")
        (tmp_path / name / "max_energy_range_uj").write_text("10000000\n")
    return tmp_path / "intel-rapl:0"


def clock(*seconds):
    left = iter(seconds)
    return lambda: next(left)


def test_stages_add_up_and_are_scaled_to_1000_figures(tmp_path):
    meter = CostMeter(tmp_path, clock(10.0, 11.0, 31.0, 35.0))
    meter.stage("manifests")
    meter.stage("extract")
    cost = meter.cost(50, "cpu", {PRICE_VARIABLE: "0.036"})
    assert cost.cpu_s == {"manifests": 1.0, "extract": 20.0}
    assert (cost.cpu_s_total, cost.usd, cost.usd_per_cpu_hour) == (25.0, 0.00025, 0.036)
    assert cost.per_1000_figures == {"cpu_s": 500.0, "usd": 0.005}
    assert cost.joules is None and cost.joules_source is None


@pytest.mark.parametrize(("after", "joules"), [("9500000", 0.5), ("1500000", 2.5)])
def test_energy_of_whole_packages_also_when_the_counter_starts_again(zone, after, joules):
    meter = CostMeter(zone.parent, clock(0.0, 1.0))
    (zone / "energy_uj").write_text(after)
    cost = meter.cost(2, "cpu", {})
    assert cost.joules == joules
    assert cost.joules_source == "RAPL, the whole machine's processors"
    assert cost.usd is None and "usd" not in cost.per_1000_figures


def test_counter_that_cannot_be_read_is_no_number(zone):
    (zone / "energy_uj").unlink()
    assert CostMeter(zone.parent).cost(1, "cpu", {}).joules is None


@pytest.mark.parametrize("price", ["cheap", "-1", "nan", "inf"])
def test_price_that_is_none(price, tmp_path):
    with pytest.raises(UserError, match="not a price"):
        CostMeter(tmp_path).cost(1, "cpu", {PRICE_VARIABLE: price})


def test_no_figures(tmp_path):
    assert CostMeter(tmp_path).cost(0, "cpu", {}).per_1000_figures == {}
