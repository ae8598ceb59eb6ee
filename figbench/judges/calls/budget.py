"""Prices, token bounds and the budget that reserves a call's largest price before it is sent."""

from __future__ import annotations

import math
from dataclasses import dataclass

from figbench.judges.protocol import JudgeProtocol
from figbench.judges.trials import Trial

DEFAULT_INPUT_USD = 10.0
DEFAULT_OUTPUT_USD = 40.0
"""USD per million tokens where no price is given: above the list prices of common models."""

PATCH = 14
"""Side of the smallest image patch that a common vision model turns into a token."""


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens; ``assumed`` when the user gave none."""

    input_usd: float = DEFAULT_INPUT_USD
    output_usd: float = DEFAULT_OUTPUT_USD
    assumed: bool = True

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Returns the price of a call in USD."""
        return (prompt_tokens * self.input_usd + completion_tokens * self.output_usd) / 1e6


def prompt_token_bound(trial: Trial) -> int:
    """Returns an upper bound of a call's prompt tokens.

    Byte-level tokenizers make at most one token of a byte; an image has at most one token per
    patch of 14 x 14 pixels. 256 tokens are added for the chat template and the answer schema.
    """
    prompt = trial.prompt
    text = sum(
        len(text_block.encode()) for text_block in (prompt.system, prompt.user, *prompt.labels)
    )
    patches = sum(
        math.ceil(image.width / PATCH) * math.ceil(image.height / PATCH) for image in trial.images
    )
    return 256 + text + patches


def prompt_token_estimate(trial: Trial) -> int:
    """Returns an estimate for display: 4 bytes a token, a patch of 28 x 28 pixels a token."""
    prompt = trial.prompt
    text = sum(
        len(text_block.encode()) for text_block in (prompt.system, prompt.user, *prompt.labels)
    )
    patches = sum(
        math.ceil(image.width / 28) * math.ceil(image.height / 28) for image in trial.images
    )
    return 64 + text // 4 + patches


class Budget:
    """Money left for calls.

    Args:
        limit_usd: None for no limit.
        committed_usd: Price of earlier attempts of the same run.
    """

    def __init__(self, limit_usd: float | None, committed_usd: float = 0.0) -> None:
        self.limit_usd = limit_usd
        self.committed_usd = committed_usd
        self.inflation = 1.0
        """Largest ratio of reported prompt tokens to their bound."""

    def bound(self, trial: Trial, protocol: JudgeProtocol, price: Price) -> float:
        """Returns the largest price of a call in USD.

        Args:
            trial: The call.
            protocol: Limits the answer's tokens.
            price: Per million tokens.
        """
        tokens = prompt_token_bound(trial) * self.inflation
        return price.of(tokens, protocol.sampling.max_tokens)

    def reserve(self, usd: float) -> bool:
        """Takes ``usd`` out of the budget; False, without a change, when it does not fit."""
        if self.limit_usd is not None and self.committed_usd + usd > self.limit_usd * (1 + 1e-12):
            return False
        self.committed_usd += usd
        return True

    def settle(self, reserved_usd: float, actual_usd: float) -> None:
        """Replaces a reservation by the price of the outcome."""
        self.committed_usd += actual_usd - reserved_usd
