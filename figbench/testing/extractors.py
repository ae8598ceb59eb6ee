"""The contract of a feature extractor."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from figbench.features.base import FeatureExtractor
from figbench.testing.builders import images


class ExtractorContract:
    """Contract tests of an extractor. Subclass it and return a loaded extractor."""

    tolerance = 1e-4
    """Largest relative difference between one image alone and the same image in a batch."""

    @abstractmethod
    def extractor(self) -> FeatureExtractor:
        """Returns the extractor under test; it may be cached."""
        raise NotImplementedError

    def test_outputs_have_the_declared_shapes(self) -> None:
        """Finite float32 features of the declared width for each image and output."""
        extractor = self.extractor()
        outputs = extractor.extract(images(3))
        assert outputs.keys() == extractor.info.outputs.keys()
        for name, width in extractor.info.outputs.items():
            assert outputs[name].shape == (3, width)
            assert outputs[name].dtype == np.float32
            assert np.isfinite(outputs[name]).all()

    def test_features_follow_the_order_of_the_images(self) -> None:
        """Reversed images give reversed features."""
        pages = images(3)
        forward, backward = (self.extractor().extract(batch) for batch in (pages, pages[::-1]))
        for name, values in forward.items():
            np.testing.assert_allclose(values, backward[name][::-1], rtol=1e-3, atol=1e-4)

    def test_a_batch_equals_its_images(self) -> None:
        """The other images of a batch do not change features beyond float32 rounding."""
        pages = images(3)
        together = self.extractor().extract(pages)
        for i, page in enumerate(pages):
            for name, values in self.extractor().extract([page]).items():
                scale = max(1.0, float(np.abs(values).max()))
                assert float(np.abs(values[0] - together[name][i]).max()) <= self.tolerance * scale

    def test_it_is_deterministic_and_leaves_images_alone(self) -> None:
        """The same images give the same bits, and are not written to."""
        pages = images(2)
        copies = [page.copy() for page in pages]
        first, second = self.extractor().extract(pages), self.extractor().extract(pages)
        assert all(np.array_equal(first[name], second[name]) for name in first)
        assert all(np.array_equal(a, b) for a, b in zip(pages, copies, strict=True))

    def test_images_of_other_sizes_are_accepted(self) -> None:
        """Sizes that are not square and not the input size of the network."""
        outputs = self.extractor().extract(images(1, size=(70, 210)))
        assert all(np.isfinite(values).all() for values in outputs.values())
