"""What a watch sustains: `python -m tests.bench.sustained [--seconds 20] [--sources tail,syslog,otlp]`.

A real `detector watch` takes what another process sends as fast as it is taken: access lines through a file that is
rotated, RFC 5424 lines over TCP (ended by LF, then counted), OTLP over HTTP (protobuf and JSON, plain and gzip). The
times in it are those of the clock, so windows close while it goes on. For each: lines taken a second, seconds of the
processor that the watch needs for a million lines (by which machines and days compare: its inverse is what one core
sustains), memory in the first and the last quarter and at most, and lines that were lost.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import multiprocessing
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from ctypes import c_bool, c_longlong
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from tests.cli.watching import lines_taken, watching

LINES = 20_000
"""In a buffer that is sent again and again."""
REQUEST = 5_000
"""Records in a request of OTLP."""
AHEAD = 2_000_000
"""Lines that a file may be ahead of the watch."""
FILE_BYTES = 512 * 1024 * 1024
CONNECTIONS = 4
PATIENCE_S = 60.0
HOST = "127.0.0.1"
ACCESS = (
    '192.0.%d.%d - - [%s] "GET /items/%d?page=%d HTTP/1.1" %d %d "https://shop.example/start" "Mozilla/5.0 (X11; Linux'
    ' x86_64; rv:%d.0) Gecko/20100101 Firefox/%d.0"\n'
)
SYSLOG = "<134>1 %s web-%d shop-%d 1234 req%d - 192.0.2.%d GET /items/%d 200 in %d ms for a user of the app"
Shared = Any


def access_lines(now: float) -> bytes:
    """Lines of the combined format that differ, all of one second."""
    at = f"{datetime.fromtimestamp(int(now), UTC):%d/%b/%Y:%H:%M:%S +0000}"
    return "".join(
        ACCESS % (n % 70, n % 250, at, n, n % 10, 503 if n % 97 == 0 else 200, n * 7919 % 50_000, *[n % 40 + 90] * 2)
        for n in range(LINES)
    ).encode()


def syslog_lines(now: float, *, is_counted: bool) -> bytes:
    """Messages of twenty services that differ, all of one moment."""
    at = f"{datetime.fromtimestamp(int(now), UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    lines = (SYSLOG % (at, n % 5, n % 20, n % 9, n % 250, n, n % 997) for n in range(LINES))
    return "".join(f"{len(line)} {line}" if is_counted else f"{line}\n" for line in lines).encode()


class Fresh:
    """Bytes made anew when the second changes, of the times that were in them; making them costs little."""

    def __init__(self, make: Callable[[float], bytes], stamp: Callable[[float], bytes]) -> None:
        self._stamp, self._at, self._squeezed = stamp, int(time.time()), b""
        self._first, self._made = stamp(self._at), make(self._at)
        self._now = self._made
        self._lock = Lock()

    def plain(self) -> bytes:
        """As of now."""
        with self._lock:
            if (at := int(time.time())) != self._at:
                self._at, self._squeezed = at, b""
                self._now = self._made.replace(self._first, self._stamp(at))
            return self._now

    def squeezed(self) -> bytes:
        """The same, as gzip."""
        plain = self.plain()
        with self._lock:
            self._squeezed = self._squeezed or gzip.compress(plain, 1)
            return self._squeezed


def write_file(path: str, stop: Shared, sent: Shared, taken: Shared) -> None:
    """Append as fast as the watch takes it; rotate, and remove what was taken."""
    lines = Fresh(access_lines, lambda now: f"{datetime.fromtimestamp(now, UTC):%d/%b/%Y:%H:%M:%S}".encode())
    while not stop.value:
        with Path(path).open("ab", buffering=0) as file:
            while not stop.value and file.tell() < FILE_BYTES:
                if sent.value - taken.value > AHEAD:
                    time.sleep(0.01)
                    continue
                file.write(lines.plain())
                sent.value += LINES
        if not stop.value:
            Path(path).rename(path + ".1")


def send_tcp(port: int, stop: Shared, sent: Shared, taken: Shared, *, is_counted: bool) -> None:
    """Send over one connection as fast as it goes."""
    lines = Fresh(lambda now: syslog_lines(now, is_counted=is_counted),
                  lambda now: f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%S}".encode())  # fmt: skip
    with socket.create_connection((HOST, port)) as sender:
        while not stop.value:
            sender.sendall(lines.plain())
            sent.value += LINES


def request(now: float, *, is_json: bool) -> bytes:
    """A request as a web service sends it: five attributes, a trace, a text a record."""
    from google.protobuf.json_format import MessageToJson
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as service
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

    def pairs(**values: str) -> list[KeyValue]:
        return [KeyValue(key=key.replace("_", "."), value=AnyValue(string_value=one)) for key, one in values.items()]

    message = service.ExportLogsServiceRequest()
    for shop in range(5):
        batch = message.resource_logs.add()
        batch.resource.attributes.extend(pairs(service_name=f"shop-{shop}", host_name="web-1", service_version="1.2.3"))
        records = batch.scope_logs.add()
        records.scope.name = "shop.web"
        for number in range(REQUEST // 5):
            record = records.log_records.add(time_unix_nano=int(now) * 1_000_000_000, severity_number=9)
            record.observed_time_unix_nano = record.time_unix_nano
            record.severity_text, record.trace_id = "INFO", (number * 7919).to_bytes(16, "big")
            record.span_id = number.to_bytes(8, "big")
            record.body.string_value = f"request {number} took {number % 77} ms for a user of the app"
            record.attributes.extend(
                pairs(client_address=f"192.0.2.{number % 250}", http_request_method="GET", url_path=f"/items/{number}",
                      user_agent_original="Mozilla/5.0 (X11; Linux x86_64)", http_response_status_code="200")
            )  # fmt: skip
    found: bytes = MessageToJson(message, indent=None).encode() if is_json else message.SerializeToString()
    return found


def send_otlp(port: int, stop: Shared, sent: Shared, taken: Shared, *, is_json: bool, is_gzip: bool) -> None:
    """Requests over a few connections; what is refused for now is sent again."""

    def stamp(now: float) -> bytes:
        nanoseconds = int(now) * 1_000_000_000
        return str(nanoseconds).encode() if is_json else nanoseconds.to_bytes(8, "little")

    body, lock = Fresh(lambda now: request(now, is_json=is_json), stamp), Lock()
    headers = {"content-type": "application/json" if is_json else "application/x-protobuf"}
    headers |= {"content-encoding": "gzip"} if is_gzip else {}

    def work() -> None:
        client = http.client.HTTPConnection(HOST, port, timeout=90)
        while not stop.value:
            client.request("POST", "/v1/logs", body.squeezed() if is_gzip else body.plain(), headers)
            answer = client.getresponse()
            answer.read()
            if answer.status == 200:
                with lock:
                    sent.value += REQUEST
            elif answer.status in (429, 503):
                time.sleep(0.2)
            else:
                raise AssertionError(f"answered {answer.status}")

    threads = [Thread(target=work) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@dataclass(slots=True)
class Course:
    """What a watch was seen to do: the clock, lines taken, seconds of the processor, bytes of memory."""

    pid: int
    state: Path
    seen: list[tuple[float, int, float, int]] = field(default_factory=list)

    def look(self) -> int:
        """Look once; lines taken so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        used = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        taken = lines_taken(self.state)
        self.seen.append((time.monotonic(), taken, used, int(fields[21]) * os.sysconf("SC_PAGE_SIZE")))
        return taken

    def wait_for(self, lines: int) -> None:
        """Until so many lines are taken, or none more come."""
        taken, moved = self.look(), time.monotonic()
        while taken < lines and time.monotonic() < moved + PATIENCE_S:
            time.sleep(0.1)
            before, taken = taken, self.look()
            moved = time.monotonic() if taken > before else moved

    def told(self, most: int) -> str:
        """One row, from the first lines taken to the last."""
        during = [one for one in self.seen if 0 < one[1]]
        (begun, first, before, _), (ended, last, after, _) = during[0], during[-1]
        during = [one for one in during if one[0] <= ended]
        quarter = max(1, len(during) // 4)
        memory = [max(one[3] for one in part) / 2**20 for part in (during[:quarter], during[-quarter:])]
        lines, used = last - first, after - before
        return (f"{last:12,}{lines / (ended - begun):12,.0f}{used / lines * 1e6:10.2f}{lines / used:12,.0f}"
                f"{memory[0]:9.0f}{memory[1]:8.0f}{most / 2**20:8.0f}")  # fmt: skip


def run(name: str, toml: str, arguments: list[str], seconds: float, send: Callable[..., None], **how: Any) -> int:
    """Measure one kind of source; lines lost."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "detector.toml").write_text(toml)
        with watching(folder, *arguments, "--state", "state") as process:
            where = re.search(r"127\.0\.0\.1:(\d+)", process.wait_for("watching")["sources"])
            target = int(where[1]) if where else str(folder / "access.log")
            if isinstance(target, int):
                wait_for_port(target)
            make = multiprocessing.get_context("spawn")
            stop, sent, taken = make.Value(c_bool, False), make.Value(c_longlong, 0), make.Value(c_longlong, 0)  # noqa: FBT003  its value
            sender = make.Process(target=send, args=(target, stop, sent, taken), kwargs=how)
            sender.start()
            course, until = Course(process.popen.pid, folder / "state"), None
            while until is None or time.monotonic() < until:
                taken.value = course.look()
                until = time.monotonic() + seconds if until is None and taken.value else until
                time.sleep(0.1)
            stop.value = True
            sender.join(120)
            course.wait_for(sent.value)
            peak = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process.popen.pid}/status").read_text())
            print(f"{name:20}{course.told(int(peak[1]) * 1024 if peak else 0)}", end="", flush=True)
            process.end()
            lost = sent.value - lines_taken(folder / "state")
            print(f"{lost:8}", flush=True)
            return lost


def wait_for_port(port: int) -> None:
    """Wait until somebody listens."""
    for _ in range(200):
        try:
            socket.create_connection((HOST, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nobody listens on port {port}")


def free_port() -> int:
    """One that nobody uses now."""
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def cases(wanted: str) -> Iterator[tuple[str, str, list[str], Callable[..., None], dict[str, bool]]]:
    """Name, settings, arguments, sender and how, of each kind that is wanted."""
    kinds = wanted.split(",")
    if "tail" in kinds:
        yield "file", "", ["access.log"], write_file, {}
    if "syslog" in kinds:
        for is_counted in (False, True):
            toml = f'[[sources]]\nkind = "syslog"\nport = {free_port()}\n'
            yield "syslog counted" if is_counted else "syslog", toml, [], send_tcp, {"is_counted": is_counted}
    if "otlp" in kinds:
        for is_json in (False, True):
            for is_gzip in (False, True):
                toml = f'[[sources]]\nkind = "otlp"\nport = {free_port()}\n'
                name = f"otlp {'json' if is_json else 'protobuf'}{' gzip' if is_gzip else ''}"
                yield name, toml, [], send_otlp, {"is_json": is_json, "is_gzip": is_gzip}


def main() -> int:
    """Print the table; 1 if lines were lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--sources", default="tail,syslog,otlp", help="any of tail,syslog,otlp")
    options = parser.parse_args()
    print("                           lines     lines/s  cpu_s/1M lines/cpu_s MiB first    last    most    lost")
    lost = [run(name, toml, arguments, options.seconds, send, **how)
            for name, toml, arguments, send, how in cases(options.sources)]  # fmt: skip
    return 1 if any(lost) else 0


if __name__ == "__main__":
    sys.exit(main())
