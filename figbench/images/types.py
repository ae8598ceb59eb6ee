"""Array types of this room."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RGBImage = npt.NDArray[np.uint8]
"""Height x width x 3, RGB, 0..255, as seen on a white page."""
