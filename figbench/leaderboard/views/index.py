"""The page over all boards of a folder: state, leader and date of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from figbench.errors import IntegrityError, UserError
from figbench.io.atomic import write_text_atomic
from figbench.leaderboard.attachments import REFERENCE_NAME, load_attachment
from figbench.leaderboard.entries import BOARD_NAME, entry_date, load_board, load_entries
from figbench.leaderboard.views.board_rows import board_rows
from figbench.leaderboard.views.headings import column_title, leaders
from figbench.leaderboard.views.page import PAGE_NAME
from figbench.pages.render import render

TITLE = "Leaderboards"


@dataclass(frozen=True, slots=True)
class BoardCard:
    """One board as the index page lists it."""

    title: str
    link: str
    description: str
    state: str
    leader: str
    protocol: str
    hash: str
    updated: str


def build_index(folder: Path, *, title: str = TITLE) -> Path:
    """Writes ``index.html`` over the boards in a folder, and returns its path.

    Args:
        folder: Holds one folder per board.
        title: Heading of the page.

    Raises:
        UserError: If no folder in it is a board, or a board breaks the rules.
    """
    target = folder / PAGE_NAME
    write_text_atomic(target, index_page(folder, title=title))
    return target


def require_fresh_index(folder: Path) -> None:
    """Raises unless the index page on disk is what the boards give now.

    Raises:
        IntegrityError: If it is absent or differs.
    """
    target = folder / PAGE_NAME
    text = target.read_text(encoding="utf-8") if target.is_file() else ""
    if text != index_page(folder):
        raise IntegrityError(
            f"{target}: not what the boards give.",
            remedy=f"Type: figbench leaderboard index {folder}",
        )


def index_page(folder: Path, *, title: str = TITLE) -> str:
    """Returns the page; its bytes depend on the boards alone."""
    boards = sorted(path.parent for path in folder.glob(f"*/{BOARD_NAME}"))
    if not boards:
        raise UserError(
            f"{folder}: no folder in it holds a {BOARD_NAME}.",
            remedy="Start a board with: figbench leaderboard init BOARD --run RUN",
        )
    cards = [_card(board, folder) for board in boards]
    return render("boards.html.j2", sortable=False, title=title, boards=cards)


def _card(path: Path, folder: Path) -> BoardCard:
    board, entries = load_board(path), load_entries(path)
    table = board_rows(board, entries, load_attachment(path / REFERENCE_NAME))
    models = [row for row in table.inside if row.named.entry.role == "model"]
    published = sum(len(entry.entry.published) for entry in entries)
    if models:
        state = f"{len(models)} ranked {'model' if len(models) == 1 else 'models'}"
    else:
        state = "No measured run yet"
        if published:
            state += f"; {published} values as published, never ranked"
    leading = leaders(board, models, table.rankings)
    leader = ""
    if leading:
        first = leading[0]
        title = column_title(board, first.metric)
        leader = f"{title}: {first.model} leads with {first.value}, {first.text}."
    return BoardCard(
        title=board.title,
        link=f"{path.relative_to(folder).as_posix()}/{PAGE_NAME}",
        description=board.description,
        state=state,
        leader=leader,
        protocol=board.protocol,
        hash=board.protocol_hash[:12],
        updated=max((entry_date(entry.name).isoformat() for entry in entries), default=""),
    )
