"""Arguments that several forms of a command share."""

from __future__ import annotations

from figbench.errors import UserError


def single_reference(argument: str | None, option: str | None) -> str:
    """Returns the reference set, which is an argument or an option.

    Raises:
        UserError: If it is given twice or not at all.
    """
    if argument and option:
        raise UserError(
            "The reference is given twice: as an argument and with --reference.",
            remedy="Leave one of them out.",
        )
    given = argument or option
    if not given:
        raise UserError("No reference set.", remedy="Type: figbench evaluate GENERATED REFERENCE")
    return given
