"""One self-contained page per board: table, plots, provenance, exports, no network."""

from __future__ import annotations

import base64
import hashlib
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from figbench.errors import IntegrityError, UserError
from figbench.leaderboard import export, whiskers
from figbench.leaderboard.entries import Board, load_board, load_entries, load_tombstones
from figbench.leaderboard.evidence import REFERENCE_NAME, load_evidence
from figbench.leaderboard.pictures import board_pictures, titles_of
from figbench.leaderboard.rows import Row, board_rows
from figbench.leaderboard.validation import require_valid
from figbench.results.io import write_text_atomic

PAGE_NAME = "index.html"
TEMPLATES = Path(__file__).parent / "templates"
EXPORT = re.compile(r"export\s*\{([^}]*)\}\s*;?")


def build_board(folder: Path, out: Path | None = None) -> Path:
    """Writes the page of a board and returns its path; same entries, same bytes.

    Args:
        folder: Holds ``board.yaml`` and ``entries/``.
        out: File to write, by default ``index.html`` in ``folder``.

    Raises:
        UserError: If the board or any of its entries breaks the rules.
    """
    target = out or folder / PAGE_NAME
    write_text_atomic(target, board_page(folder))
    return target


def require_fresh(folder: Path, page: Path | None = None) -> None:
    """Raises unless the page on disk is what the entries build now.

    Raises:
        IntegrityError: If it is absent or differs.
        UserError: If the board or any of its entries breaks the rules.
    """
    target = page or folder / PAGE_NAME
    built = board_page(folder).encode("utf-8")
    if not target.is_file() or target.read_bytes() != built:
        raise IntegrityError(
            f"{target}: not what the entries build.",
            remedy=f"Type: figbench leaderboard build {folder}",
        )


def board_page(folder: Path) -> str:
    """Returns the page of a board.

    Raises:
        UserError: If the board or any of its entries breaks the rules.
    """
    board, entries = load_board(folder), load_entries(folder)
    reference = load_evidence(folder / REFERENCE_NAME)
    for named in entries:
        require_valid(named, board, reference)
    table = board_rows(board, entries, reference)
    ranked, apart = table.inside, table.apart
    models = [row for row in ranked if row.named.entry.role == "model"]
    return render(
        "board.html.j2",
        board=board,
        models=models,
        baselines=[row for row in ranked if row.named.entry.role == "baseline"],
        literature=[row for row in apart if row.named.entry.result is None],
        others=[row for row in apart if row.named.entry.result is not None],
        withdrawn=load_tombstones(folder),
        titles=titles_of(board, ranked),
        tags=sorted({tag for row in [*ranked, *apart] for tag in row.tags}),
        protocols=sorted({row.protocol for row in [*ranked, *apart] if row.protocol}),
        downloads=_downloads(board, ranked),
        pictures=board_pictures(board, ranked, reference),
        scales=whiskers.scales(board.metrics, ranked),
        whisker=whiskers.whisker,
        methods={key: one.methods for key, one in table.rankings.items() if one.tests},
    )


def render(template: str, **values: Any) -> str:
    """Returns a page from a template with everything escaped and a policy that allows no network.

    The only script that may run is the page's own, named by its digest.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script = table_script()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    styles = _library("dt_bundle.css") + (TEMPLATES / "page.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return environment.get_template(template).render(
        script=script, styles=styles, policy=policy, **values
    )


def table_script() -> str:
    """Returns DataTables (MIT, as packed by itables) followed by the page's few lines.

    The bundle is a module; its exports become plain constants, so that one inline script
    holds everything and its digest can stand in the page's policy.
    """
    bundle = _library("dt_bundle.js")
    names = EXPORT.search(bundle)
    if names is None:
        raise UserError("itables: its DataTables bundle has no exports.", remedy="Use itables 2.9.")
    exported = [one.partition(" as ") for one in names[1].split(",")]
    constants = f"const $={next(ours for ours, _, name in exported if name == 'jQuery')};"
    page = (TEMPLATES / "page.js").read_text(encoding="utf-8")
    return EXPORT.sub(lambda _: constants, bundle) + "\n" + page


def _library(name: str) -> str:
    found = find_spec("itables")
    if found is None or not found.submodule_search_locations:
        raise UserError("itables is not installed.", remedy="Type: pip install itables")
    folder = Path(found.submodule_search_locations[0]) / "html"
    return (folder / name).read_text(encoding="utf-8")


def _downloads(board: Board, rows: list[Row]) -> dict[str, tuple[str, str]]:
    return {
        "CSV": ("board.csv", export.data_uri(export.as_csv(board, rows), "text/csv")),
        "JSON": ("board.json", export.data_uri(export.as_json(board, rows), "application/json")),
        "Markdown": ("board.md", export.data_uri(export.as_markdown(board, rows), "text/markdown")),
        "LaTeX": ("board.tex", export.data_uri(export.as_latex(board, rows), "text/x-tex")),
    }
