"""All benchmarks, one after the other: `python -m bench`."""

import subprocess
import sys
from pathlib import Path

for name in ("ingest", "poll", "heartbeats", "jobs", "follow", "queues", "sla"):
    print(f"\n## {name}\n", flush=True)
    # Each in a process of its own: CPU is counted by process.
    subprocess.run([sys.executable, str(Path(__file__).parent / f"{name}.py")], check=True)
