"""Exchange of Python objects between the processes of a ``torch.distributed`` job."""

from __future__ import annotations

from typing import Any, TypeVar

from figbench.errors import UserError

T = TypeVar("T")


def world(group: Any = None) -> tuple[int, int]:
    """Returns (rank, number of processes); (0, 1) outside ``torch.distributed``."""
    import torch.distributed as dist

    if not (dist.is_available() and dist.is_initialized()):
        return 0, 1
    return dist.get_rank(group), dist.get_world_size(group)


def gather(value: T, group: Any = None) -> list[T]:
    """Returns the value of every process, by rank, on every process."""
    import torch.distributed as dist

    size = world(group)[1]
    if size == 1:
        return [value]
    values: list[Any] = [None] * size
    dist.all_gather_object(values, value, group=group)
    return values


def agree(error: str | None, group: Any = None) -> None:
    """Raises on every process if any process has an error, so that no process waits for it.

    Args:
        error: Message of this process, or None.
        group: Process group; None for the default.


    Raises:
        UserError: With the first error and its rank.
    """
    for rank, text in enumerate(gather(error, group)):
        if text is not None:
            raise UserError(text if world(group)[1] == 1 else f"Process {rank}: {text}")
