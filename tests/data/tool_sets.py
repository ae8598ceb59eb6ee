"""Reference sets and checks for the tests of tools' folders."""

import base64

import pytest

from figbench.data.load import load_manifest
from tests.field.files import evaluate, fill, png


def base64_png(seed):
    return base64.b64encode(png(seed)).decode()


def write_reference(root, n=3):
    return fill(root / "ref", [f"p{k}.png" for k in range(n)])


def score(root, generated, reference=None, *options):
    outcome = evaluate(generated, reference or root / "ref", *options)
    assert outcome.code == 0, outcome.text
    return outcome


def assert_perfect(outcome, used, expected):
    assert outcome.counts == (used, expected)
    assert used < expected or outcome.ssim == pytest.approx(1, abs=0.02)


def roles_of(path, side=False):
    manifest = load_manifest(path, workers=0, is_reference=side)
    return {one.path: one.role for one in manifest.others}
