"""Judge protocols: question, answer schema, image settings and published rule, with a hash."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from figbench.errors import UserError
from figbench.io.yaml_text import parse_yaml, read_yaml
from figbench.registry import suggest

Mode = Literal["pairwise", "pointwise", "checklist", "questions"]
Rule = Literal[
    "blind-win-rate", "paperbanana", "figurebench-pointwise", "figurebench-pairwise", "aibench",
    "sciforma", "craftbench",
]  # fmt: skip


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Aspect(_Section):
    """One criterion.

    Attributes:
        id: Key in the answer.
        question: Sentence for the judge.
        weight: Weight in a weighted mean; at least 0.
        types: Error types that a checklist answer may name.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    question: str
    weight: float = Field(default=1.0, ge=0)
    types: tuple[str, ...] = ()


class ImageSettings(_Section):
    """How figures are encoded for the judge.

    Attributes:
        longest_side: Pixels; larger figures are reduced, smaller ones are enlarged only when
            ``equal_size`` asks for it.
        encoding: ``png`` or ``jpeg``.
        quality: Of JPEG, 1 to 95.
        equal_size: Both images of a pair are padded with white to one size.
    """

    longest_side: int = Field(default=1024, ge=32, le=4096)
    encoding: Literal["png", "jpeg"] = "png"
    quality: int = Field(default=90, ge=1, le=95)
    equal_size: bool = True


class Sampling(_Section):
    """Settings of the model's sampler; part of every cache key.

    Attributes:
        temperature: At least 0.
        top_p: None leaves the server's default.
        seed: Repeat r uses ``seed + r``; None sends no seed.
        max_tokens: Largest number of tokens in an answer.
        structured: Which ``response_format`` the request carries.
    """

    temperature: float = Field(default=0.0, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    seed: int | None = Field(default=0, ge=0)
    max_tokens: int = Field(default=400, ge=1, le=32768)
    structured: Literal["json_schema", "json_object", "none"] = "json_schema"


class Reveal(_Section):
    """Names under which the judge sees the two systems; absent in a blinded protocol."""

    generated: str
    reference: str


class Answers(_Section):
    """Words of a pairwise answer; the first two name positions, or systems that are revealed."""

    first: str = "first"
    second: str = "second"
    ties: tuple[str, ...] = ("tie",)


class Reimplementation(_Section):
    """Source of a published evaluator that a protocol follows in figbench's own words.

    Attributes:
        of: Name of the evaluator.
        source: Repository and commit.
        differences: Where this protocol departs from the published code.
    """

    of: str
    source: str
    differences: tuple[str, ...] = ()


class JudgeProtocol(_Section):
    """A frozen description of how a judge is asked and how its answers are aggregated."""

    id: str = Field(min_length=1, pattern=r"^[a-z0-9][a-z0-9._-]*$")
    version: int = Field(default=1, ge=1)
    title: str = ""
    description: str = ""
    reimplementation: Reimplementation | None = None
    mode: Mode
    rule: Rule
    system: str
    question: str
    aspects: tuple[Aspect, ...] = ()
    scale: tuple[float, float] = (0.0, 10.0)
    tie_band: float = Field(default=0.0, ge=0)
    answers: Answers = Answers()
    reveal: Reveal | None = None
    published_order: Literal["both", "reference-first", "generated-first", "random"] = "both"
    context_characters: int | None = Field(default=None, ge=1)
    pictures: ImageSettings = ImageSettings()
    sampling: Sampling = Sampling()

    @model_validator(mode="after")
    def _consistent(self) -> JudgeProtocol:
        if self.mode in ("pointwise", "checklist") and not self.aspects:
            raise ValueError(f"mode {self.mode} needs aspects")
        if len({aspect.id for aspect in self.aspects}) < len(self.aspects):
            raise ValueError("aspects repeat an id")
        if self.scale[0] >= self.scale[1]:
            raise ValueError("scale must rise")
        modes = _RULE_MODES[self.rule]
        if self.mode != modes:
            raise ValueError(f"rule {self.rule} needs mode {modes}")
        ids = {aspect.id for aspect in self.aspects}
        if self.rule == "paperbanana" and not set(PAPERBANANA_ASPECTS) <= ids:
            raise ValueError(f"rule paperbanana needs the aspects {PAPERBANANA_ASPECTS}")
        if self.mode == "checklist" and not ids <= set(CHECKLIST_AXES):
            raise ValueError(f"checklist aspects are among {CHECKLIST_AXES}")
        words = [self.answers.first, self.answers.second, *self.answers.ties]
        if len(set(words)) < len(words):
            raise ValueError("answers repeat a word")
        return self

    @classmethod
    def load(cls, name_or_path: str | Path) -> JudgeProtocol:
        """Loads a shipped judge protocol by name or a YAML file by path.

        Raises:
            UserError: If there is none of that name, or the YAML breaks the schema.
        """
        document, source = _read(str(name_or_path))
        if not isinstance(document, dict):
            raise UserError(f"{source}: a judge protocol is a YAML mapping.")
        return cls.from_document(document, source)

    @classmethod
    def from_document(cls, document: dict[str, Any], source: str) -> JudgeProtocol:
        """Validates a mapping; ``source`` names it in messages."""
        try:
            return cls.model_validate(document)
        except ValidationError as error:
            problems = "; ".join(
                f"{'.'.join(map(str, item['loc'])) or 'top level'}: {item['msg']}"
                for item in error.errors()[:8]
            )
            raise UserError(
                f"{source}: not a valid judge protocol: {problems}.",
                remedy=f"Start from a shipped one: {', '.join(shipped_judge_protocols())}.",
            ) from None

    def with_sampling(self, **changes: Any) -> JudgeProtocol:
        """Returns a copy with other sampling settings; the hash changes with them."""
        changes = {name: value for name, value in changes.items() if value is not None}
        if not changes:
            return self
        document = self.model_dump()
        document["sampling"] = {**document["sampling"], **changes}
        return self.from_document(document, f"judge protocol '{self.id}'")

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON of everything but title and description."""
        definition = self.model_dump(mode="json", exclude={"title", "description"})
        canonical = json.dumps(definition, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


PAPERBANANA_ASPECTS = ("faithfulness", "readability", "conciseness", "aesthetics")
CHECKLIST_AXES = ("components", "arrows", "text_labels")

_RULE_MODES: dict[str, Mode] = {
    "blind-win-rate": "pairwise", "paperbanana": "pairwise", "figurebench-pairwise": "pairwise",
    "figurebench-pointwise": "pointwise", "craftbench": "pointwise", "aibench": "questions",
    "sciforma": "checklist",
}  # fmt: skip


def shipped_judge_protocols() -> list[str]:
    """Returns the names of the judge protocols that come with figbench, sorted."""
    folder = resources.files("figbench.judges") / "protocols"
    return sorted(Path(item.name).stem for item in folder.iterdir() if item.name.endswith(".yaml"))


def _read(name: str) -> tuple[Any, str]:
    shipped = shipped_judge_protocols()
    if name in shipped:
        item = resources.files("figbench.judges") / "protocols" / f"{name}.yaml"
        source = f"judge protocol '{name}'"
        return parse_yaml(item.read_bytes(), source), source
    path = Path(name)
    if path.is_file():
        return read_yaml(path), name
    raise UserError(
        f"Unknown judge protocol '{name}': neither a shipped name nor a YAML file."
        f"{suggest(name, shipped)}",
        remedy=f"Shipped: {', '.join(shipped)}. Or give the path of a YAML file.",
    )
