"""The ``figbench`` fixture: a model's figures as a test of the model's own suite.

Nothing here is imported before a test asks for the fixture, beyond this module itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from figbench.gate.decision import Decision
    from figbench.protocol import Protocol
    from figbench.results.schema import RunResult


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marker."""
    config.addinivalue_line("markers", "figbench: scores figures; deselect with -m 'not figbench'")


class FigbenchFixture:
    """Scores figures and gates them, inside a test.

    Args:
        folder: Where runs of this test are written.
    """

    def __init__(self, folder: Path, root: Path | None = None) -> None:
        self._folder = folder
        self._root = root
        self._count = 0

    def evaluate(
        self,
        generated: str | Path,
        reference: str | Path,
        protocol: str | Path | Protocol = "offline",
        metrics: Sequence[str] | None = None,
    ) -> RunResult:
        """Returns the result of :func:`figbench.evaluate`; the run is kept for :meth:`gate`."""
        from figbench.evaluation import evaluate

        return evaluate(
            self._placed(generated),
            self._placed(reference),
            self._placed(protocol) if isinstance(protocol, str | Path) else protocol,
            metrics,
            output=self._next_folder(),
        )

    def _placed(self, path: str | Path) -> str | Path:
        """Returns a relative path below pytest's root folder where it is there."""
        if self._root is None or "://" in str(path):
            return path
        below = self._root / path
        return below if below.exists() else path

    def gate(
        self,
        generated: str | Path,
        reference: str | Path,
        baseline: str | Path,
        rules: Sequence[str],
        protocol: str | Path | Protocol = "offline",
        metrics: Sequence[str] | None = None,
    ) -> Decision:
        """Scores figures and fails the test on a regression against a stored run.

        Args:
            generated: Generated figures, in any layout.
            reference: Reference figures.
            baseline: Folder of the stored run.
            rules: As for ``figbench gate --rule``.
            protocol: Shipped name, path or object.
            metrics: Names of metrics; None for all of the protocol.

        Raises:
            pytest.fail.Exception: On a regression, naming each broken rule.
            UserError: As ``figbench evaluate`` and ``figbench gate``.
            IntegrityError: If baseline and run must not be compared.
        """
        from figbench.gate.annotations import decision_markdown
        from figbench.gate.decision import gate

        self.evaluate(generated, reference, protocol, metrics)
        decision = gate(self._folder / f"run-{self._count}", self._placed(baseline), rules)
        if not decision.passed:
            pytest.fail(decision_markdown(decision), pytrace=False)
        return decision

    def _next_folder(self) -> Path:
        self._count += 1
        return self._folder / f"run-{self._count}"


@pytest.fixture
def figbench(tmp_path: Path, pytestconfig: pytest.Config) -> FigbenchFixture:
    """Scores and gates figures: ``figbench.gate(generated, reference, baseline, rules)``.

    Relative paths are taken from pytest's root folder, wherever the shell is.
    """
    return FigbenchFixture(tmp_path / "figbench", pytestconfig.rootpath)
