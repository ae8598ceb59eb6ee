"""Versions of other packages that are known to lose figures or to be unsafe on strangers' files."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from packaging.specifiers import SpecifierSet


@dataclass(frozen=True, slots=True)
class Misbehaving:
    """Versions of a package and what they do.

    Attributes:
        package: Name on PyPI.
        versions: Which, as in a requirement.
        what: One sentence for a person.
    """

    package: str
    versions: str
    what: str


KNOWN = (
    Misbehaving(
        "torch", "<2.6", "torch.load(weights_only=True) can run code from a file (CVE-2025-32434)"
    ),
    Misbehaving("pyarrow", "<14.0.1", "reading parquet can run code (CVE-2023-47248)"),
    Misbehaving("pillow", "<10.3", "CMS conversion can overflow its buffer (CVE-2024-28219)"),
    Misbehaving("pillow", "<11.3", "has no reader of AVIF: such figures would be rejected"),
)


def misbehaving() -> list[tuple[Misbehaving, str]]:
    """Returns what is installed and known to misbehave, with the version that is here."""
    found = []
    for one in KNOWN:
        try:
            here = version(one.package)
        except PackageNotFoundError:
            continue
        if SpecifierSet(one.versions).contains(here, prereleases=True):
            found.append((one, here))
    return found
