"""Prompts: a protocol's question filled in for one trial, and the request body that carries it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from string import Template
from typing import Any

from figbench.judges.answer import answer_model
from figbench.judges.images import ImageFolder
from figbench.judges.protocol import Aspect, JudgeProtocol
from figbench.judges.trials import GENERATED, REFERENCE, Prompt, Trial

NO_CONTEXT = "(no description is given)"


def pairwise_prompt(protocol: JudgeProtocol, context: str | None, first: str) -> Prompt:
    """Returns the prompt of a comparison.

    Args:
        protocol: Mode ``pairwise``.
        context: Caption or method text.
        first: System displayed first; its name reaches the judge only where the protocol reveals
            names.
    """
    answers = protocol.answers
    if protocol.reveal is None:
        labels = (f"Figure {answers.first}:", f"Figure {answers.second}:")
    else:
        names = {GENERATED: protocol.reveal.generated, REFERENCE: protocol.reveal.reference}
        second = REFERENCE if first == GENERATED else GENERATED
        labels = (f"{names[first]}:", f"{names[second]}:")
    values = {"first": answers.first, "second": answers.second}
    return _prompt(protocol, context, labels, values)


def pointwise_prompt(protocol: JudgeProtocol, context: str | None) -> Prompt:
    """Returns the prompt of a figure that is scored alone."""
    low, high = (f"{value:g}" for value in protocol.scale)
    return _prompt(protocol, context, ("Figure:",), {"low": low, "high": high})


def checklist_prompt(
    protocol: JudgeProtocol, context: str | None, axis: Aspect, inventory: Sequence[str]
) -> Prompt:
    """Returns the prompt of one axis of a checklist.

    Args:
        protocol: Question and system text.
        context: Description of the figure, or None.
        axis: Axis of the checklist.
        inventory: Lines of the reference's inventory.
    """
    listed = "\n".join(f"{number}. {entry}" for number, entry in enumerate(inventory, 1))
    values = {
        "count": str(len(inventory)),
        "inventory": listed or "(none)",
        "axis": axis.question,
        "types": ", ".join(axis.types),
    }
    return _prompt(protocol, context, ("Reference:", "Generated:"), values)


def question_prompt(protocol: JudgeProtocol, question: str, options: Mapping[str, str]) -> Prompt:
    """Returns the prompt of a multiple-choice question.

    Args:
        protocol: Question and system text.
        question: The question about the figure.
        options: Text by letter.
    """
    listed = "\n".join(f"{letter}. {options[letter]}" for letter in sorted(options))
    return _prompt(protocol, None, ("Figure:",), {"question": question, "options": listed})


def without_images(prompt: Prompt) -> Prompt:
    """Returns the prompt of the text-only control: the same question without images."""
    return Prompt(prompt.system, prompt.user, ())


def _prompt(
    protocol: JudgeProtocol, context: str | None, labels: tuple[str, ...], values: dict[str, str]
) -> Prompt:
    text = (context or "").strip() or NO_CONTEXT
    if protocol.context_characters is not None:
        text = text[: protocol.context_characters]
    aspects = "\n".join(f"- {aspect.id}: {aspect.question}" for aspect in protocol.aspects)
    values = {"context": text, "aspects": aspects, **values}
    # safe_substitute replaces names in the protocol's text once and never inside the values.
    return Prompt(protocol.system, Template(protocol.question).safe_substitute(values), labels)


def request_body(
    trial: Trial, model: str, protocol: JudgeProtocol, image_folder: ImageFolder
) -> dict[str, Any]:
    """Returns the body of a chat completion request.

    Args:
        trial: The call.
        model: Name for the server.
        protocol: Sampling settings and answer schema.
        image_folder: Holds the encoded images.
    """
    content: list[dict[str, Any]] = [{"type": "text", "text": trial.prompt.user}]
    for label, image in zip(trial.prompt.labels, trial.images, strict=True):
        data = base64.b64encode(image_folder.read(image.digest)).decode("ascii")
        url = f"data:{image.media_type};base64,{data}"
        content.append({"type": "text", "text": label})
        content.append({"type": "image_url", "image_url": {"url": url}})
    sampling = protocol.sampling
    body: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": trial.prompt.system},
            {"role": "user", "content": content},
        ],
        "temperature": sampling.temperature,
        "max_tokens": sampling.max_tokens,
    }
    if sampling.top_p is not None:
        body["top_p"] = sampling.top_p
    if sampling.seed is not None:
        body["seed"] = sampling.seed + trial.repeat
    if sampling.structured == "json_object":
        body["response_format"] = {"type": "json_object"}
    elif sampling.structured == "json_schema":
        schema = answer_model(protocol, trial.aspect_of(protocol), trial.options)
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": schema.model_json_schema()},
        }
    return body
