"""What a machine with a GPU must show: parity with the CPU, speed, and a training run.

``python -m tests.device --minutes 8 --out DIR``; ``--device cpu --tiny`` is its dry run.
"""
