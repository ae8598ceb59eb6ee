"""Several processes on one run: torchrun, srun and Ray.

Each process computes a share; the merged store is the same as that of one process.
"""
