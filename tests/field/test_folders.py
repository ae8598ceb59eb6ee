"""A generated folder is paired exactly as it was made, or refused; never otherwise in silence."""

import tempfile
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from figbench.errors import UserError
from figbench.evaluation.planning.inputs import load_inputs
from figbench.evaluation.planning.notes import check_left_out
from figbench.evaluation.planning.options import Options
from figbench.evaluation.progress import SilentProgress
from figbench.protocol import Protocol
from figbench.store import Store
from tests.field.folders import PLANS, write

CHECKS = list(HealthCheck)


def check(plan):
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        generated, reference, right = write(plan, root)
        store = Store(root / "store")
        protocol = Protocol(id="field", preprocess="pad256", metrics=[{"metric": "ssim"}])
        try:
            inputs = load_inputs(generated, reference, protocol, store, SilentProgress(), Options())
            for side in (inputs.generated, inputs.reference):
                check_left_out(side, "set", allowed=False, strict=False)
        except UserError:
            return
        if not inputs.sides.paired:
            return
        pairs = {
            (row.reference.figure_id.rpartition("/")[2], row.generated.sha256)
            for row in inputs.sides.pairs
            if row.generated is not None
        }
        expected = {(name, sha256(data).hexdigest()) for name, data in right}
        wrong = pairs - expected
        assert not wrong, (plan, wrong, inputs.warnings)
        if pairs != expected:
            assert inputs.missing, (plan, inputs.warnings)


@settings(max_examples=60, deadline=None, suppress_health_check=CHECKS)
@given(PLANS)
def test_sixty_folders(plan):
    check(plan)


@pytest.mark.slow
@pytest.mark.timeout(2400)
@settings(max_examples=2000, deadline=None, suppress_health_check=CHECKS)
@given(PLANS)
def test_two_thousand_folders(plan):
    check(plan)
