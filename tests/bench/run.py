"""Prints the speed and memory of `detector` beside its peers, measured in one run on this machine.

    python tests/bench/run.py                 # all: about 15 minutes and 6 GB of disk
    python tests/bench/run.py --only scan     # one part: scan, parse, explain, memory, learn, start

Needs the extra `dev` (DuckDB); lnav is measured where it is installed. Inputs are generated from a fixed seed into
$DETECTOR_BENCH_DIR (default: a folder in the system's temporary folder) and kept for the next run. Whole processes,
warm cache, interleaved, median of the runs; peak memory is that of the process and those that it starts (Linux).
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import making  # type: ignore[import-not-found]  # beside this script, as Python finds it

RUNS = 5
PARSED_MEGABYTES = int(os.environ.get("DETECTOR_BENCH_PARSED_MB", "1000"))
POLL_SECONDS = 0.02
DUCKDB = r"""
import sys, duckdb
path, out = sys.argv[1:]
duckdb.connect().sql(f'''
  select regexp_extract(line, '\[([^ ]{{17}})', 1) as minute, count(*) as n, sum(strlen(line)) as bytes,
         count(distinct split_part(line, ' ', 1)) as clients
  from read_csv('{path}', columns={{'line':'VARCHAR'}}, delim=chr(1), quote='', escape='', header=false,
                auto_detect=false)
  group by all''').write_csv(out)
"""
DUCKDB_PARSE = r"""
import sys, duckdb
kind, path, out = sys.argv[1:]
query = {
    "jsonl": f'''
      select * from read_json('{path}', format='newline_delimited', columns={{
        ts: 'TIMESTAMP', level: 'VARCHAR', service: 'VARCHAR', msg: 'VARCHAR', client_ip: 'VARCHAR', method: 'VARCHAR',
        path: 'VARCHAR', status: 'INTEGER', bytes: 'BIGINT', duration_ms: 'DOUBLE', trace_id: 'VARCHAR'}})''',
    "syslog": f'''
      select strptime('2026 ' || f.time, '%Y %b %d %H:%M:%S') as time, f.host, f.service, f.message from (
        select regexp_extract(line, '^(\w{{3}} [ \d]\d [\d:]{{8}}) (\S+) ([^\[: ]+)(?:\[\d+\])?: (.*)$',
                              ['time', 'host', 'service', 'message']) as f
        from read_csv('{path}', columns={{'line':'VARCHAR'}}, delim=chr(1), quote='', escape='', header=false,
                      auto_detect=false))''',
}[kind]
duckdb.connect().execute(f"copy ({query}) to '{out}' (format parquet)")
"""
UNEXPLAINED = """
import detector.pipeline.scan as path
path.explain = lambda causes, *_: (dict(causes), [])
from detector.cli.main import main
main()
"""
LNAV = (";SELECT substr(log_time,1,16) AS minute, count(*) AS n, sum(length(log_text)), count(DISTINCT c_ip) "
        "FROM access_log GROUP BY minute")  # fmt: skip


def run(argv: list[str], scratch: Path) -> tuple[float, float]:
    """Seconds and peak MiB of one process with those that it started; it must end with exit code 0 or 1."""
    environment = {**os.environ, "TERM": "dumb", "HOME": str(scratch)}
    begin, peak = time.perf_counter(), 0
    nowhere = subprocess.DEVNULL
    with subprocess.Popen(argv, env=environment, stdin=nowhere, stdout=nowhere, stderr=nowhere) as process:
        while True:
            peak = max(peak, sum(map(resident, family(process.pid))))
            try:
                process.wait(POLL_SECONDS)
                break
            except subprocess.TimeoutExpired:
                pass
    seconds = time.perf_counter() - begin
    if process.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(argv)}: exit code {process.returncode}")
    return seconds, peak / 2**20


def family(pid: int) -> list[int]:
    """A process and its children (Linux)."""
    try:
        tasks = Path(f"/proc/{pid}/task").glob("*/children")
        return [pid, *(int(child) for task in tasks for child in task.read_text().split())]
    except OSError:
        return [pid]


def resident(pid: int) -> int:
    """Bytes of a process in memory; 0 if it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def race(tools: dict[str, list[str]], scratch: Path, runs: int = RUNS) -> dict[str, tuple[float, float]]:
    """Median seconds and highest MiB of each tool, run in turns."""
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in tools}
    for _ in range(runs):
        for name, argv in tools.items():
            seen[name].append(run(argv, scratch))
    return {name: (statistics.median(s for s, _ in found), max(m for _, m in found)) for name, found in seen.items()}


def detector(*arguments: str) -> list[str]:
    """The command line of this installation."""
    return [sys.executable, "-m", "detector", *arguments]


def warm(path: Path) -> Path:
    """Read the file once, so that all tools find it in memory."""
    with open(path, "rb") as file:
        while file.read(1 << 24):
            pass
    return path


def bench_scan(folder: Path, scratch: Path) -> None:
    """1 GB access log beside DuckDB; 200 MB beside lnav."""
    big, part = warm(making.access_log(folder, 1000)), warm(making.access_log(folder, 200))
    tools = {
        "detector scan, 1 GB": detector("scan", str(big), "--format", "json"),
        "DuckDB read_csv + group by, 1 GB": [sys.executable, "-c", DUCKDB, str(big), str(scratch / "x.csv")],
    }
    found = race(tools, scratch)
    (mine, _), (theirs, _) = found.values()
    print_rows(found, 1000)
    print(f"-> {theirs / mine:.2f} times as fast as DuckDB (bar: 2)\n")
    if shutil.which("lnav"):
        tools = {
            "detector scan, 200 MB": detector("scan", str(part), "--format", "json"),
            "lnav, 200 MB": ["lnav", "-n", "-c", LNAV, "-c", f":write-csv-to {scratch / 'y.csv'}", str(part)],
        }
        peer = race(tools, scratch, 3)
        print_rows(peer, 200)
        rate = 1000 / mine / (200 / peer["lnav, 200 MB"][0])
        print(f"-> {rate:.1f} times lnav's rate, 1 GB against 200 MB (bar: 8)\n")


def bench_parse(folder: Path, scratch: Path) -> None:
    """1 GB JSON lines and 1 GB syslog to Parquet (both Snappy) beside DuckDB, which is told the format."""
    names = {"jsonl": "read_json", "syslog": "read_csv + regexp_extract"}
    for kind, reader in names.items():
        path = str(warm(making.records_log(folder, kind, PARSED_MEGABYTES)))
        tools = {
            f"detector parse, {kind}": detector("parse", path, "-o", str(scratch / "x.parquet")),
            f"DuckDB {reader}": [sys.executable, "-c", DUCKDB_PARSE, kind, path, str(scratch / "y.parquet")],
        }
        found = race(tools, scratch)
        (mine, _), (theirs, _) = found.values()
        print_rows(found, Path(path).stat().st_size / 1e6)
        print(f"-> {theirs / mine:.2f} times as fast as DuckDB (bar: 1)\n")


def bench_explain(folder: Path, scratch: Path) -> None:
    """1 GB access log with 20 surges, with and without a look for those who hold the excess."""
    path = str(warm(making.access_log(folder, 1000, surges=20)))
    tools = {
        "scan of 20 surges, 1 GB": detector("scan", path, "--format", "json"),
        "the same without contributors": [sys.executable, "-c", UNEXPLAINED, "scan", path, "--format", "json"],
    }
    found = race(tools, scratch)
    print_rows(found, 1000)
    (full, _), (bare, _) = found.values()
    print(f"-> contributors add {full - bare:.2f} s, {100 * (full / bare - 1):.0f} % (bar: 25 %, or 3 s)\n")


def bench_memory(folder: Path, scratch: Path) -> None:
    """Peak memory for 0.1, 1 and 4 GB."""
    for size in (100, 1000, 4000):
        path = warm(making.access_log(folder, size))
        seconds, peak = run(detector("scan", str(path), "--format", "json"), scratch)
        print(f"scan of {size / 1000:g} GB: {seconds:.1f} s, peak {peak:.0f} MiB (bar: 512)")
    print()


def bench_learn(folder: Path, scratch: Path) -> None:
    """10,000 services, 28 days, one-minute counts."""
    table = warm(making.counts_table(folder, 10_000, 28))
    seconds, peak = run(detector("learn", str(table), "--model", str(scratch / "model")), scratch)
    what = "learn of 10,000 services x 28 days x 1 minute"
    print(f"{what}: {seconds:.0f} s (bar: 90), peak {peak:.0f} MiB (bar: 4096)\n")


def bench_start(_folder: Path, scratch: Path) -> None:
    """`detector --help`."""
    ((seconds, peak),) = race({"help": detector("--help")}, scratch, 11).values()
    print(f"detector --help: {seconds:.2f} s, {peak:.0f} MiB (bar: 0.3 s)\n")


def print_rows(found: dict[str, tuple[float, float]], megabytes: float) -> None:
    """A line for each tool."""
    for name, (seconds, peak) in found.items():
        print(f"{name:36} {seconds:7.2f} s {megabytes / seconds:7.0f} MB/s {peak:7.0f} MiB")


PARTS = {"start": bench_start, "scan": bench_scan, "parse": bench_parse, "explain": bench_explain,
         "memory": bench_memory, "learn": bench_learn}  # fmt: skip


def main() -> None:
    """Run the parts asked for."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--only", choices=PARTS, action="append")
    asked = ask.parse_args()
    folder = Path(os.environ.get("DETECTOR_BENCH_DIR", Path(tempfile.gettempdir()) / "detector-bench"))
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")
    with tempfile.TemporaryDirectory() as scratch:
        for name in asked.only or PARTS:
            PARTS[name](folder, Path(scratch))


if __name__ == "__main__":
    main()
