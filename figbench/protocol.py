"""Protocols: the settings that change a score, with a canonical hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from figbench.errors import UserError
from figbench.io.yaml_text import parse_yaml, read_yaml
from figbench.registry import suggest

PreprocessName = Literal["pad512", "pad384", "pad256", "crop384", "none"]
ScalarSetting = bool | int | float | str


class Section(BaseModel):
    """Base of the sections of a protocol."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class DatasetSpec(Section):
    """Selection of the references.

    Attributes:
        name: ``paper2fig100k`` or ``any``.
        split: ``train``, ``test`` or None for the whole set.
        caption: Caption field that is the prompt.
        min_aspect: Smallest width / height; None for no limit.
        max_aspect: Largest width / height; None for no limit.
    """

    name: str = "any"
    split: Literal["train", "test"] | None = None
    caption: str = "captions"
    min_aspect: float | None = Field(default=None, gt=0)
    max_aspect: float | None = Field(default=None, gt=0)


class OcrSpec(Section):
    """OCR engine and its settings; ``version`` is filled when a run starts."""

    engine: str
    version: str | None = None
    settings: dict[str, ScalarSetting] = Field(default_factory=dict)


class MetricRequest(Section):
    """One metric of a protocol.

    Attributes:
        metric: Registry name, with ``@extractor`` for families: ``fid``,
            ``fd@efficientnet-lite0``, ``label_fidelity``.
        preprocess: Policy for this metric; None for that of the protocol.
        settings: Settings of the metric; others have their documented defaults.
    """

    metric: str
    preprocess: PreprocessName | None = None
    settings: dict[str, ScalarSetting] = Field(default_factory=dict)


class Protocol(Section):
    """A frozen description of how figures are scored.

    Results of different hashes are never compared, ranked or gated together.
    """

    id: str = Field(min_length=1, pattern=r"^[a-z0-9][a-z0-9._-]*$")
    version: int = Field(default=1, ge=1)
    title: str = ""
    description: str = ""
    legacy: bool = False
    dataset: DatasetSpec = DatasetSpec()
    samples_per_prompt: int | None = Field(default=None, ge=1)
    preprocess: PreprocessName = "pad512"
    resample: Literal["bicubic", "lanczos", "bilinear"] = "bicubic"
    pixel_encoding: Literal["uint8", "figgen-script-2023"] = "uint8"
    precision: Literal["float32", "bfloat16"] = "float32"
    metrics: tuple[MetricRequest, ...] = Field(min_length=1)
    ocr: OcrSpec | None = None
    seed: int = Field(default=2020, ge=0)
    interval_level: float = Field(default=0.95, gt=0.5, lt=1)
    decoder_version: int | str | None = None
    weights: dict[str, str] = Field(default_factory=dict)
    metric_versions: dict[str, int] = Field(default_factory=dict)
    external_metrics: dict[str, Literal["higher", "lower"]] = Field(default_factory=dict)

    @classmethod
    def load(cls, name_or_path: str | Path) -> Protocol:
        """Loads a shipped protocol by name or a YAML file by path.

        Raises:
            UserError: If the name is unknown, or the YAML does not follow the schema.
        """
        document, source = _read(str(name_or_path))
        if not isinstance(document, dict):
            raise UserError(
                f"{source}: a protocol is a YAML mapping, found {type(document).__name__}."
            )
        return cls.from_document(document, source)

    @classmethod
    def from_document(cls, document: Mapping[str, Any], source: str) -> Protocol:
        """Validates a mapping; ``source`` names it in messages."""
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()[:8]
            )
            raise UserError(
                f"{source}: not a valid protocol: {problems}.",
                remedy=f"Start from a shipped one: {', '.join(shipped_protocols())}.",
            ) from None

    def replace(self, **changes: Any) -> Protocol:
        """Returns a copy with fields changed and validated; the hash changes with them."""
        return self.from_document({**self.model_dump(), **changes}, f"protocol '{self.id}'")

    def resolved(
        self,
        *,
        weights: Mapping[str, str],
        ocr_version: str | None,
        decoder_version: int | str,
        metric_versions: Mapping[str, int] | None = None,
    ) -> Protocol:
        """Returns a copy with the networks, OCR engine, decoder and metric versions of a run.

        Args:
            weights: Digest of each network's weights.
            ocr_version: Version of the OCR engine, or None.
            decoder_version: Version of the image decoder.
            metric_versions: Version of each metric's definition; those of version 1 do not enter
                the definition, so that older hashes stay valid.
        """
        ocr = self.ocr.model_copy(update={"version": ocr_version}) if self.ocr else None
        later = {name: number for name, number in (metric_versions or {}).items() if number > 1}
        return self.model_copy(
            update={
                "weights": dict(weights),
                "ocr": ocr,
                "decoder_version": decoder_version,
                "metric_versions": later,
            }
        )

    def definition(self) -> dict[str, Any]:
        """Returns the JSON-ready content that the hash covers (titles left out)."""
        document = self.model_dump(mode="json", exclude={"title", "description"})
        for field in ("metric_versions", "external_metrics"):
            if not document[field]:
                del document[field]
        return document

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of :meth:`definition`."""
        return definition_hash(self.definition())


def definition_hash(definition: Mapping[str, Any]) -> str:
    """Returns the canonical hash of a protocol definition as stored in a result."""
    canonical = json.dumps(definition, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def shipped_protocols() -> list[str]:
    """Returns the names of the protocols that come with figbench, sorted."""
    folder = resources.files("figbench") / "protocols"
    return sorted(Path(item.name).stem for item in folder.iterdir() if item.name.endswith(".yaml"))


def _read(name: str) -> tuple[Any, str]:
    if name in shipped_protocols():
        item = resources.files("figbench") / "protocols" / f"{name}.yaml"
        source = f"protocol '{name}'"
        return parse_yaml(item.read_bytes(), source), source
    path = Path(name)
    if path.is_file():
        return read_yaml(path), name
    names = shipped_protocols()
    raise UserError(
        f"Unknown protocol '{name}': neither a shipped name nor a YAML file.{suggest(name, names)}",
        remedy=f"Shipped: {', '.join(names)}. Or give the path of a YAML file.",
    )
