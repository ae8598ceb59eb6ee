"""The command that trains figgen-nano from nothing, two steps of it."""

import json

import pytest
from figbench_figgen import nano
from figbench_figgen.pipeline import FigGenPipeline


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_command_goes_from_nothing_to_weights(tmp_path, monkeypatch):
    assert nano.main(["--out", str(tmp_path / "nano"), "--tiny"]) == 0
    folder = tmp_path / "nano" / "figgen-nano"
    card = json.loads((folder / "card.json").read_text())
    assert card["bytes"] < 20_000_000
    FigGenPipeline.from_pretrained(folder)
    # Again: everything is there, and nothing is trained.
    monkeypatch.setattr(nano.FigGen, "train", lambda *_, **__: pytest.fail("trained again"))
    assert nano.main(["--out", str(tmp_path / "nano"), "--tiny"]) == 0


def test_an_error_is_a_line(tmp_path, capsys):
    (tmp_path / "train").mkdir()
    (tmp_path / "held-out").mkdir()
    assert nano.main(["--out", str(tmp_path), "--tiny"]) != 0
    assert capsys.readouterr().err.startswith("Error: ")
