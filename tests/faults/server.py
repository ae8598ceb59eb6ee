"""A process that has imported everything once and forks a ``figbench`` command per request.

Run as ``python -m tests.faults.server`` (``--models`` to train and sample too): one JSON request a
line on standard input, one JSON answer a line on standard output. A fork costs milliseconds where a
start costs seconds, so a test can afford to kill a command a hundred times. The children are real
processes: what kills them is the kernel's SIGKILL, SIGTERM or SIGINT.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

EVENTS = ("write_bytes", "write_text", "chmod", "replace", "rename")


def prepare(models):
    """Imports what the commands import late, single-threaded: threads do not survive a fork."""
    import torch

    torch.set_num_threads(1)
    import imagehash  # noqa: F401
    import matplotlib.figure  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow.parquet  # noqa: F401
    import scipy.stats  # noqa: F401
    import skimage.metrics  # noqa: F401

    import figbench.cli.main
    import figbench.evaluation
    import figbench.evaluation.distributed.run
    import figbench.evaluation.inference.runners
    import figbench.features.networks.image_stats
    import figbench.features.networks.ssim
    import figbench.sweeps.run  # noqa: F401

    if models:
        import accelerate  # noqa: F401
        import figbench_figgen.model
        import figbench_figgen.sample
        import figbench_figgen.train  # noqa: F401


def child(request):
    """Becomes the command; never returns."""
    import figbench.cli.main as command
    from figbench.evaluation.inference import writers

    for name, descriptor in (("out", 1), ("err", 2)):
        opened = os.open(request[name], os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        os.dup2(opened, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(request.get("environment", {}))
    writers.FLUSH_RECORDS = request.get("flush_rows", writers.FLUSH_RECORDS)
    if request.get("file_limit"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file_limit"],) * 2)
    if request.get("as_user"):
        _drop_override()
    if request.get("signal_at_event"):
        _signal_at(request["signal_at_event"], request.get("signal", signal.SIGKILL))
    sys.argv = ["figbench", *request["arguments"]]
    code = 1
    try:
        command.run()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _drop_override():
    """Gives up root's right to read and write everything, so that permissions mean something."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, sets) == 0
    for kind in range(3):
        sets[kind] &= ~0b110
    assert libc.capset(header, sets) == 0


def _signal_at(number, which):
    """Sends the signal to itself at the given write, sync, chmod or rename.

    A write is half done then, as a long one is when the machine stops.
    """
    left = [number]

    def wrapped(real):
        def call(*arguments, **options):
            left[0] -= 1
            if left[0] == 0:
                if real.__name__.startswith("write_"):
                    path, data, *others = arguments
                    real(path, data[: len(data) // 2], *others, **options)
                os.kill(os.getpid(), which)
            return real(*arguments, **options)

        return call

    for name in EVENTS:
        setattr(Path, name, wrapped(getattr(Path, name)))
    os.fsync = wrapped(os.fsync)


def answer(request):
    """Forks, signals after ``signal_after`` seconds, waits; returns how the child ended."""
    begun = time.monotonic()
    pid = os.fork()
    if pid == 0:
        child(request)
    after = request.get("signal_after")
    deadline = begun + request.get("timeout", 60)
    sent = False
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        now = time.monotonic() - begun
        if ended:
            break
        if after is not None and not sent and now >= after:
            os.kill(pid, request.get("signal", signal.SIGKILL))
            sent = True
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline = float("inf")
        time.sleep(0.002)
    return {"code": os.waitstatus_to_exitcode(status), "seconds": now}


def main():
    prepare("--models" in sys.argv)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        reply = answer(json.loads(line))
        sys.stdout.write(json.dumps(reply) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
