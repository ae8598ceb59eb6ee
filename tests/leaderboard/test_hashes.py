"""The near-copy check of boards and the ``validity`` metric use one perceptual hash."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from figbench.evaluation import evaluate
from figbench.features.networks.image_stats import ImageStats, perceptual_hash
from figbench.images.decode import decode
from figbench.images.preprocess import preprocess
from figbench.leaderboard.attachment_checks import COPY_DISTANCE
from figbench.leaderboard.collect import collect
from figbench.metrics.validity import VALIDITY
from figbench.synthfig import iter_synthfig


def test_attached_hashes_are_those_of_validity(synthfig_root, tmp_path):
    run = tmp_path / "run"
    evaluate(synthfig_root / "figures", synthfig_root, metrics=["ssim"], output=run)
    generated, _ = collect(run, ["ssim"], with_images=False)
    assert generated.header.hash_version == 2
    files = {path.stem: path for path in (synthfig_root / "figures").glob("*.png")}
    images = [decode(files[name].read_bytes()).image for name in generated.header.figure_ids]
    assert any(image.shape[0] != image.shape[1] for image in images)
    shaped = [preprocess(image, "pad512", "bicubic") for image in images]
    expected = ImageStats().extract(shaped)["phash"]
    np.testing.assert_array_equal(np.unpackbits(generated.hashes, axis=1), expected)


def test_both_checks_allow_the_same_number_of_bits():
    assert VALIDITY.spec.settings["copy_distance"] == COPY_DISTANCE


def _jpeg(image):
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=30)
    return Image.open(buffer).convert("RGB")


@pytest.mark.parametrize(
    "copy",
    [
        _jpeg,
        lambda image: image.resize((image.width // 2, image.height // 2)),
        lambda image: image.filter(ImageFilter.GaussianBlur(1)),
    ],
    ids=["jpeg", "half", "blur"],
)
def test_near_copies_are_recognised_at_the_documented_rate(copy):
    images = [figure.image for figure in iter_synthfig(16, 7)]

    def hashed(image):
        return perceptual_hash(preprocess(np.asarray(image), "pad512", "bicubic"))

    distances = [
        int((hashed(image) != hashed(copy(Image.fromarray(image)))).sum()) for image in images
    ]
    assert np.mean(np.array(distances) <= COPY_DISTANCE) >= 14 / 16
