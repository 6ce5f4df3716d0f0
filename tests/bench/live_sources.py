"""Lines per second through each live source, into an inbox that is emptied at once.

    python tests/bench/live_sources.py [--lines 1000000]

One process reads what another sends, on the same machine. `per core` counts the processor time of the reading process
alone: what remains of two cores is for the watch.
"""

from __future__ import annotations

import argparse
import gzip
import multiprocessing
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

from detector.sources.live.live import Inbox, Live
from detector.sources.live.otlp import Otlp
from detector.sources.live.settings import FileSource, OtlpSource, SyslogSource
from detector.sources.live.syslog import Syslog
from detector.sources.live.tail import FileTail

LINE = b"<134>Mar  1 00:00:00 web-1 shop[1234]: 192.0.2.%d GET /items/%d 200 in %d ms for a user of the app\n"
BATCH = 5000  # records in a request
HOST = "127.0.0.1"


def clock() -> int:
    """Microseconds since 1970 UTC."""
    return time.time_ns() // 1000


def some_lines(count: int) -> bytes:
    """Lines of syslog that differ."""
    return b"".join(LINE % (number % 250, number, number % 997) for number in range(count))


def write_file(path: str, count: int) -> None:
    """Append to a file in blocks, as fast as it goes."""
    block = some_lines(10_000)
    with Path(path).open("ab", buffering=0) as file:
        file.writelines(block for _ in range(count // 10_000))


def send_tcp(port: int, count: int, *, is_counted: bool) -> None:
    """Send over one connection, as fast as it goes."""
    block = some_lines(10_000)
    if is_counted:
        block = b"".join(b"%d %b" % (len(line), line) for line in block.splitlines())
    with socket.create_connection((HOST, port)) as sender:
        for _ in range(count // 10_000):
            sender.sendall(block)


def send_udp(port: int, count: int) -> None:
    """A datagram a line, a few at a time."""
    lines = some_lines(10_000).splitlines()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect((HOST, port))
        for _ in range(count // 10_000):
            for line in lines:
                sender.send(line)


def send_otlp(port: int, count: int, *, is_json: bool) -> None:
    """Requests of `BATCH` records, compressed, over one connection."""
    import httpx

    body, kind = request(is_json=is_json)
    headers = {"content-type": kind, "content-encoding": "gzip"}
    with httpx.Client() as client:
        for _ in range(count // BATCH):
            client.post(f"http://{HOST}:{port}/v1/logs", content=body, headers=headers, timeout=60).raise_for_status()


def request(*, is_json: bool) -> tuple[bytes, str]:
    """A compressed request as a web service sends it: five attributes, a trace, a text a record; and its type."""
    from google.protobuf.json_format import MessageToJson
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as service
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

    def pairs(**values: str) -> list[KeyValue]:
        return [KeyValue(key=key.replace("_", "."), value=AnyValue(string_value=one)) for key, one in values.items()]

    message = service.ExportLogsServiceRequest()
    batch = message.resource_logs.add()
    batch.resource.attributes.extend(pairs(service_name="shop", host_name="web-1", service_version="1.2.3"))
    records = batch.scope_logs.add()
    for number in range(BATCH):
        record = records.log_records.add(time_unix_nano=1767323045000000000 + number, severity_number=9)
        record.severity_text, record.trace_id = "INFO", number.to_bytes(16, "big")
        record.body.string_value = f"request {number} took {number % 77} ms for a user of the app"
        record.attributes.extend(
            pairs(client_address=f"192.0.2.{number % 250}", http_request_method="GET", url_path=f"/items/{number}",
                  user_agent_original="Mozilla/5.0 (X11; Linux x86_64)", http_response_status="200")
        )  # fmt: skip
    if is_json:
        return gzip.compress(MessageToJson(message, indent=None).encode(), 1), "application/json"
    return gzip.compress(message.SerializeToString(), 1), "application/x-protobuf"


def measure(name: str, source: Live, count: int, send: Callable[[], BaseProcess]) -> None:
    """Run the source until all lines came, or nothing more comes; print one row."""
    inbox, stop = Inbox(), threading.Event()
    thread = threading.Thread(target=source.run, args=(inbox, {}, stop))
    thread.start()
    listening = getattr(source, "listening", None)
    if listening is not None:
        listening.wait(10)
    else:
        inbox.take(5)
    sender = send()
    lines, begun, used = 0, 0.0, 0.0
    while lines < count:
        taken = inbox.take(2)
        if not taken and not sender.is_alive():
            break
        if taken and not begun:
            begun, used = time.perf_counter(), time.process_time()
        for one in taken:
            lines += one.data.count(b"\n")
            if one.settle is not None:
                one.settle()
    took, used = time.perf_counter() - begun, time.process_time() - used
    if lines < count:
        took -= 2
    losses = dict(source.lag().losses) or ""
    stop.set()
    sender.join()
    thread.join()
    print(
        f"{name:18} {lines:9,} lines  {lines / took:11,.0f} lines/s  {lines / used:11,.0f} per core", losses, flush=True
    )


def start(work: Callable[..., None], *arguments: object, **options: object) -> BaseProcess:
    """In another process."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments, kwargs=options)
    process.start()
    return process


def to_port(source: Syslog | Otlp, work: Callable[..., None], count: int, **options: object) -> BaseProcess:
    """In another process, to the port on which the source listens by now."""
    return start(work, source.port, count, **options)


def main() -> int:
    """Print one row a source."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    count = parser.parse_args().lines
    with tempfile.TemporaryDirectory() as folder:
        log = f"{folder}/x.log"
        tail = FileTail(FileSource((log,), poll_seconds=0.05), clock)
        measure("file", tail, count, lambda: start(write_file, log, count))
    for is_counted in (False, True):
        tcp = Syslog(SyslogSource("tcp", port=0), clock)
        name = "syslog tcp counted" if is_counted else "syslog tcp"
        measure(name, tcp, count, partial(to_port, tcp, send_tcp, count, is_counted=is_counted))
    udp = Syslog(SyslogSource("udp", port=0), clock)
    measure("syslog udp", udp, count, partial(to_port, udp, send_udp, count))
    for is_json in (False, True):
        otlp = Otlp(OtlpSource(port=0), clock)
        name = "otlp json" if is_json else "otlp protobuf"
        measure(name, otlp, count // 2, partial(to_port, otlp, send_otlp, count // 2, is_json=is_json))
    return 0


if __name__ == "__main__":
    sys.exit(main())
