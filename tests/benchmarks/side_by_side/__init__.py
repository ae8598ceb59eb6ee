"""figbench and its peers side by side: ``python -m tests.benchmarks.side_by_side PART --out DIR``.

One module per part. Each has ``run(settings, work)``, which yields one record per run;
``tables(runs)``, what docs/performance.md shows of them; and ``chart(runs)``, a plot or None.
"""
