"""Every built-in metric keeps the contract that plug-ins are asked to keep."""

import pytest

from figbench.metrics import get_metric, metric_names
from figbench.testing import MetricContract

NAMES = [name.replace("EXTRACTOR", "efficientnet-lite0") for name in metric_names()]


@pytest.fixture(params=NAMES, autouse=True)
def name(request):
    return request.param


class TestBuiltIn(MetricContract):
    @pytest.fixture(autouse=True)
    def _name(self, name):
        self.name = name

    def metric(self):
        return get_metric(self.name)
