"""What ties processes together: a child dies with its parent, and `up` inherits orphans so that it can end them."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterable

import psutil

# linux/prctl.h
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def _prctl(option: int, value: int) -> None:
    """Elsewhere than on Linux there is no such thing; `up` then clears leftovers away when it starts next."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def die_with(parent: int | None) -> None:
    """Ask for SIGTERM when the process that started us dies; leave at once if it is dead already."""
    if parent is None:
        return
    _prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(1)


def adopt_orphans() -> None:
    """Descendants whose parent dies become our children, so that none escapes the final clean-up."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def bury(known: Iterable[subprocess.Popen[bytes]]) -> None:
    """Take note of dead children, adopted ones too, so that no zombie stays."""
    if sys.platform != "linux":
        return
    ours = {process.pid: process for process in known}
    with contextlib.suppress(ChildProcessError):
        while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if found.si_pid in ours:
                ours[found.si_pid].wait()
            else:
                os.waitpid(found.si_pid, os.WNOHANG)


def kill_trees(pids: Iterable[int]) -> None:
    """Kill processes with all their descendants, and wait until they are gone."""
    doomed: list[psutil.Process] = []
    for pid in pids:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            doomed += [process, *process.children(recursive=True)]
    for process in doomed:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(doomed, timeout=2)


def started_at(pid: int) -> float | None:
    """When a process started, in seconds since 1970; None when there is none. Tells a reused number apart."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return float(psutil.Process(pid).create_time())
    return None
