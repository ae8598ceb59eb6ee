"""Every wrong argument gives a UserError that names the argument."""

import numpy as np
import pytest
import torch
from PIL import Image

from figbench import functional as F
from figbench.errors import UserError
from figbench.images.arrays import as_rgb_images

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(20, 4)), RNG.normal(size=(30, 4))
NAN = X.copy()
NAN[3, 1] = np.nan
GRAPH = {"nodes": [{"id": "a", "text": "A"}], "edges": []}
IMAGE = RNG.integers(0, 256, (32, 32, 3), dtype=np.uint8)

WRONG = {
    "one dimension": (lambda: F.frechet_distance(X[0], Y), r"generated: shape \(4,\)"),
    "maps": (lambda: F.frechet_distance(X, np.ones((3, 4, 2, 2))), r"reference: shape \(3, 4, 2"),
    "NaN": (lambda: F.frechet_distance(NAN, Y), "generated: 1 of 20 rows hold NaN"),
    "NaN in reference": (lambda: F.kernel_distance(X, NAN), "reference: 1 of 20 rows hold NaN"),
    "one row": (lambda: F.frechet_distance(X[:1], Y), "generated: 1 rows, needs at least 2"),
    "widths": (lambda: F.kernel_distance(X, Y[:, :3]), "widths 4 and 3 differ"),
    "text": (lambda: F.frechet_distance([["a"]], Y), "generated: dtype"),
    "ragged": (lambda: F.frechet_distance([[1.0], [1.0, 2.0]], Y), "generated: rows of different"),
    "bool": (lambda: F.frechet_distance(X > 0, Y), "generated: dtype bool"),
    "clusters": (lambda: F.frechet_distance(X, Y, clusters=["a"]), "clusters: 1 names for 20"),
    "reference clusters": (
        lambda: F.frechet_distance(X, Y, reference_clusters="a"),
        "reference_clusters: a string",
    ),
    "level": (lambda: F.frechet_distance(X, Y, level=95), "level: 95"),
    "few for k": (
        lambda: F.precision_recall_density_coverage(X[:5], Y),
        "generated: 5 rows, needs at least 6",
    ),
    "k": (lambda: F.precision_recall_density_coverage(X, Y, k_balls=0), "k_balls: 0"),
    "splits": (lambda: F.inception_score(X, splits=0), "splits: 0"),
    "few for splits": (lambda: F.inception_score(X[:5]), "logits: 5 rows, needs at least 10"),
    "strings": (lambda: F.label_fidelity("Encoder", ["Encoder"]), "generated: str"),
    "numbers": (lambda: F.label_fidelity([["a"], [3]], [["a"], ["b"]]), r"generated\[1\]\[0\]"),
    "lengths": (lambda: F.label_fidelity([["a"], ["b"]], [["a"]]), "2 and 1 figures"),
    "max_ned": (lambda: F.label_fidelity(["a"], ["a"], max_ned=2), "max_ned: 2"),
    "no label": (lambda: F.label_fidelity([["a"]], [[]]), "found 0 reference figures"),
    "pair counts": (lambda: F.ssim([IMAGE], [IMAGE, IMAGE]), "1 and 2 images"),
    "pair sizes": (lambda: F.ssim([IMAGE], [IMAGE[:20]]), r"sizes \(32, 32\) and \(20, 32\)"),
    "small": (lambda: F.ocr_sim([IMAGE[:8, :8]], [IMAGE[:8, :8]]), "at least 16 px"),
    "path": (lambda: F.ssim("figures/", [IMAGE]), "generated: str, expected images"),
    "float array": (lambda: F.ssim([IMAGE / 255.0], [IMAGE]), r"generated\[0\]: dtype float64"),
    "channels": (lambda: as_rgb_images(torch.zeros(2, 5, 8, 8)), r"images: shape \(2, 5, 8, 8\)"),
    "signed": (lambda: as_rgb_images(torch.full((1, 3, 8, 8), -0.5)), "value_range=\\(-1, 1\\)"),
    "255": (lambda: as_rgb_images(torch.full((1, 3, 8, 8), 200.0)), r"torch.uint8"),
    "float NaN": (lambda: as_rgb_images(torch.full((3, 8, 8), float("nan"))), "192 values are NaN"),
    "range": (lambda: as_rgb_images([IMAGE], value_range=(0, 255)), "value_range: "),
    "none": (lambda: as_rgb_images([]), "images: empty"),
    "int64": (lambda: as_rgb_images(torch.zeros(3, 8, 8, dtype=torch.int64)), "dtype int64"),
    "graphs": (lambda: F.structure("a.svg", [{}]), "generated: str, expected a list of graphs"),
    "graph": (lambda: F.structure([{"nodes": 3}], [GRAPH]), r"generated\[0\]: This is not"),
    "no graph": (lambda: F.structure([GRAPH], [None]), r"reference\[0\]: None"),
    "graph counts": (lambda: F.structure([GRAPH], [GRAPH] * 2), "1 and 2 graphs"),
    "captions": (lambda: F.caption_recall([["a"]], "a"), "captions: expected a list"),
    "no names": (lambda: F.caption_recall([["a"]], ["A box."]), "captions: none names a label"),
    "width mismatch": (lambda: F.frechet_distance(X, Y[:, :2]), "widths 4 and 2 differ"),
    "one image": (lambda: F.inception_score(X[:1]), "logits: 1 rows"),
    "expected": (lambda: F.validity([IMAGE], [IMAGE], expected=0), "expected: 0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_the_message_names_the_argument(case):
    call, message = WRONG[case]
    with pytest.raises(UserError, match=message):
        call()


def test_every_kind_of_image_gives_the_same_pixels():
    tensor = torch.from_numpy(IMAGE).permute(2, 0, 1)
    kinds = [
        IMAGE,
        IMAGE[None],
        [IMAGE],
        Image.fromarray(IMAGE),
        tensor,
        tensor[None],
        tensor[None].float() / 255,
        [tensor.double() / 255],
    ]
    for kind in kinds:
        (pixels,) = as_rgb_images(kind)
        assert np.array_equal(pixels, IMAGE)
    (signed,) = as_rgb_images(tensor.float() / 127.5 - 1, value_range=(-1, 1))
    assert np.array_equal(signed, IMAGE)


def test_half_precision_and_overshoot_are_rounded():
    values = torch.tensor([0.0, 1.00001, 0.5]).view(1, 1, 1, 3).expand(1, 3, 2, 3)
    (pixels,) = as_rgb_images(values)
    assert pixels[0, :, 0].tolist() == [0, 255, 128]
    (half,) = as_rgb_images(torch.full((3, 4, 4), 0.5, dtype=torch.bfloat16))
    assert half[0, 0, 0] == 128


def test_grey_and_transparent_images_become_rgb_on_white():
    (grey,) = as_rgb_images(IMAGE[:, :, 0])
    assert grey.shape == (32, 32, 3)
    (clear,) = as_rgb_images(Image.new("RGBA", (4, 4), (0, 0, 0, 0)))
    assert (clear == 255).all()
