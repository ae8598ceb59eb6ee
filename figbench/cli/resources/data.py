"""``figbench data``: what figures are there, and where to get the reference set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from figbench.cli.output.console import error_console, print_json, result_console
from figbench.cli.resources import data_synth
from figbench.data.layouts.serialization import save_manifest
from figbench.errors import UserError

if TYPE_CHECKING:
    from figbench.data.manifest import Manifest

MIB = 2**20

data_app = typer.Typer(no_args_is_help=True, help="Inspect, make and download sets of figures.")


@data_app.command("inspect")
def inspect(
    path: Annotated[str, typer.Argument(help="Folder, archive or index, or its URL.")],
    layout: Annotated[str | None, typer.Option(help="Read it as this layout.")] = None,
    split: Annotated[str | None, typer.Option(help="train or test (Paper2Fig100k).")] = None,
    save: Annotated[
        Path | None, typer.Option(help="Save the manifest as .jsonl or .parquet.")
    ] = None,
    json_output: Annotated[bool, typer.Option("--json", help="As JSON on stdout.")] = False,
) -> None:
    """Print how a set of figures is understood, before anything is scored."""
    from figbench.data.load import load_manifest

    console = result_console(machine_output=json_output)
    with error_console().status("reading ...") as status:
        manifest = load_manifest(
            path,
            layout=layout,
            split=split,
            advance=lambda have, total: status.update(
                f"reading: {have / 2**20:,.1f} of {total / 2**20:,.1f} MiB copied ..."
            ),
        )
    summary = _summary(manifest)
    console.print(f"[bold]{escape(path)}[/]: layout {summary['layout']}")
    samples = ", ".join(f"{k} x {count}" for k, count in summary["samples_per_prompt"].items())
    console.print(
        f"{summary['n_figures']} figures of {summary['n_prompts']} prompts "
        f"(samples per prompt x prompts: {samples or 'none'}), "
        f"{summary['n_with_prompt']} with a caption, {summary['n_with_labels']} with stored labels"
    )
    console.print(f"sizes: {summary['sizes']}")
    if ids := summary["figure_ids"]:
        more = ", ..." if summary["n_prompts"] > len(ids) else ""
        console.print(f"ids: {escape(', '.join(ids))}{more}", soft_wrap=True)
    if any(reject["code"] == "missing-file" for reject in summary["rejects"]):
        console.print(f"paths are relative to: {escape(manifest.root)}", soft_wrap=True)
    for note in summary["notes"]:
        console.print(f"  {escape(note)}", soft_wrap=True)
    for reject in summary["rejects"][:20]:
        console.print(
            f"[yellow]rejected[/] {escape(reject['path'])}: {reject['code']}, "
            f"{escape(reject['reason'])}",
            soft_wrap=True,
        )
    if len(summary["rejects"]) > 20:
        console.print(f"... and {len(summary['rejects']) - 20} more")
    if save is not None:
        save_manifest(manifest, save)
        console.print(f"Written: {save}")
    if json_output:
        print_json(summary)


def _summary(manifest: Manifest) -> dict[str, Any]:
    per_prompt = Counter(figure.figure_id for figure in manifest.figures)
    widths = sorted(figure.width for figure in manifest.figures)
    heights = sorted(figure.height for figure in manifest.figures)
    sizes = "none"
    if widths:
        sizes = f"{widths[0]}-{widths[-1]} x {heights[0]}-{heights[-1]} px"
    return {
        "source": manifest.source,
        "layout": manifest.layout,
        "digest": manifest.digest,
        "n_figures": len(manifest.figures),
        "n_prompts": len(per_prompt),
        "samples_per_prompt": {
            str(k): count for k, count in sorted(Counter(per_prompt.values()).items())
        },
        "n_papers": len({figure.paper_id for figure in manifest.figures if figure.paper_id}),
        "n_with_prompt": sum(figure.prompt is not None for figure in manifest.figures),
        "n_with_labels": len(manifest.labels),
        "sizes": sizes,
        "notes": list(manifest.notes),
        "figure_ids": list(per_prompt)[:10],
        "rejects": [
            {"path": reject.path, "code": reject.code, "reason": reject.reason}
            for reject in manifest.rejects
        ],
    }


@data_app.command("download")
def download(
    dataset: Annotated[str, typer.Argument(help="paper2fig100k")],
    out: Annotated[Path, typer.Option(help="Folder that gets Paper2Fig100k/.")] = Path(),
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show URL, size and digest only.")
    ] = False,
    keep_archive: Annotated[bool, typer.Option(help="Keep the archive.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="As JSON on stdout.")] = False,
) -> None:
    """Download Paper2Fig100k from Zenodo: resumable, verified against the record, unpacked."""
    from figbench.data.zenodo import FOLDER, describe, download_paper2fig, is_present
    from figbench.evaluation.progress import RichProgress

    if dataset != "paper2fig100k":
        raise UserError(f"Unknown data set '{dataset}'.", remedy="Known: paper2fig100k.")
    console = error_console()
    root = out / FOLDER
    if is_present(out) and not dry_run:
        console.print(f"Already here: {escape(str(root))}", soft_wrap=True)
        if json_output:
            print_json({"root": str(root)})
        return
    remote = describe()
    document = {
        "url": remote.url,
        "size_bytes": remote.size_bytes,
        "digest": remote.digest,
        "root": str(root),
    }
    console.print(
        f"{remote.name}: {remote.size_bytes / 2**30:.2f} GiB, {remote.digest}, from {remote.url}",
        soft_wrap=True,
    )
    if not dry_run:
        label = "download, MiB"
        with RichProgress(console).tasks({label: -(-remote.size_bytes // MIB)}) as advance:
            download_paper2fig(
                out,
                remote=remote,
                advance=_whole_mib(lambda count: advance(label, count)),
                on_unpack=lambda: console.print("unpack ...", markup=False),
                retain_archive=keep_archive,
            )
        console.print(f"Ready: {escape(str(root))}", soft_wrap=True)
    if json_output:
        print_json(document)


def _whole_mib(advance: Callable[[int], None]) -> Callable[[int, int], None]:
    """Returns a function of (bytes present, total) that passes on newly finished MiB."""
    passed = 0

    def report(have: int, total: int) -> None:
        nonlocal passed
        finished = -(-have // MIB) if have >= total else have // MIB
        if finished > passed:
            advance(finished - passed)
            passed = finished

    return report


data_synth.add_to(data_app)


def register(app: typer.Typer) -> None:
    """Adds the verb."""
    app.add_typer(data_app, name="data")
