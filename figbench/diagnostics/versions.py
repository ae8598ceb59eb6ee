"""Versions of other packages that lose figures or are unsafe on untrusted files."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from packaging.specifiers import SpecifierSet


@dataclass(frozen=True, slots=True)
class FaultyVersions:
    """Versions of a package and what they do.

    Attributes:
        package: Name on PyPI.
        versions: Affected versions, as in a requirement.
        fault: Their fault, for the user.
    """

    package: str
    versions: str
    fault: str


FAULTY = (
    FaultyVersions(
        "torch", "<2.6", "torch.load(weights_only=True) can run code from a file (CVE-2025-32434)"
    ),
    FaultyVersions("pyarrow", "<14.0.1", "reading parquet can run code (CVE-2023-47248)"),
    FaultyVersions("pillow", "<10.3", "CMS conversion can overflow its buffer (CVE-2024-28219)"),
    FaultyVersions("pillow", "<11.3", "has no reader of AVIF: such figures would be rejected"),
)


def faulty_versions() -> list[tuple[FaultyVersions, str]]:
    """Returns the entries that apply to this installation, with the installed version."""
    matches = []
    for entry in FAULTY:
        try:
            installed = version(entry.package)
        except PackageNotFoundError:
            continue
        if SpecifierSet(entry.versions).contains(installed, prereleases=True):
            matches.append((entry, installed))
    return matches
