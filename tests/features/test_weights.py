"""Weights are pinned, verified before loading, and never mixed by accident."""

import pytest
import torch

from figbench.errors import IntegrityError, UserError, WeightsUnavailableError
from figbench.features.engines.torch_tools import load_state_dict
from figbench.features.pins import PINS
from figbench.features.weights import (
    file_sha256,
    find_weights,
    import_weights,
    require_weights,
    verify_file,
    weights_digest,
)
from figbench.protocol import Protocol


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FIGBENCH_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("FIGBENCH_OFFLINE", "1")


@pytest.mark.parametrize("name", ["craft", "english-g2", "efficientnet-lite0"])
def test_packaged_weights_are_here_and_are_the_pinned_bytes(name):
    path = require_weights(name)
    assert file_sha256(path) == PINS[name].sha256
    assert path.stat().st_size == PINS[name].size_bytes


@pytest.mark.parametrize("name", ["inception-v3", "vgg16", "dinov2-vit-b-14", "clip-vit-b-32"])
def test_missing_weights_say_everything_and_both_ways_out(name):
    with pytest.raises(WeightsUnavailableError) as caught:
        require_weights(name, metric="some_metric")
    text = str(caught.value)
    pin = PINS[name]
    for part in (
        "some_metric",
        pin.filename,
        pin.url,
        pin.sha256,
        "weights import",
        "--protocol offline",
    ):
        assert part in text


def test_import_checks_the_digest_and_records_an_unverified_one(tmp_path):
    source = tmp_path / "mine.pth"
    torch.save({"weight": torch.zeros(2)}, source)
    with pytest.raises(IntegrityError, match="is not the pinned"):
        import_weights("inception-v3", source)
    assert find_weights("inception-v3") is None
    digest = import_weights("inception-v3", source, allow_unverified=True)
    assert weights_digest("inception-v3") == digest == file_sha256(source)
    assert require_weights("inception-v3").is_file()
    base = Protocol.load("figgen")
    pinned = base.resolved(
        weights={"inception-v3": PINS["inception-v3"].sha256}, ocr_version=None, decoder_version=1
    )
    mine = base.resolved(weights={"inception-v3": digest}, ocr_version=None, decoder_version=1)
    assert pinned.hash != mine.hash


def test_damaged_file_is_noticed(tmp_path):
    source = tmp_path / "mine.pth"
    torch.save({"weight": torch.zeros(2)}, source)
    import_weights("inception-v3", source, allow_unverified=True)
    path = find_weights("inception-v3")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match="is not the expected"):
        require_weights("inception-v3")


class Hostile:
    def __reduce__(self):
        return (print, ("code ran",))


def test_pickled_code_is_refused(tmp_path, capsys):
    path = tmp_path / "hostile.pth"
    torch.save({"weight": Hostile()}, path)
    with pytest.raises(IntegrityError, match="not a plain PyTorch weight file"):
        load_state_dict(path)
    assert "code ran" not in capsys.readouterr().out


def test_unknown_name_and_missing_file(tmp_path):
    with pytest.raises(UserError, match="Did you mean 'inception-v3'"):
        weights_digest("inception-v4")
    with pytest.raises(UserError, match="no such file"):
        import_weights("vgg16", tmp_path / "nothing")
    with pytest.raises(IntegrityError):
        verify_file(require_weights("english-g2"), "0" * 64)
