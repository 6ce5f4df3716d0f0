"""Logs over OTLP/HTTP: the same lines from protobuf and JSON, the right answers, no 2xx before it is durable."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import ssl
import struct
import threading
import time
import tracemalloc
import zlib
from typing import Any

import httpx
import pytest
import trustme
from google.protobuf.json_format import MessageToDict
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as service
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from detector.errors import InputError, SettingsError
from detector.sources.live.live import Arrived, Inbox
from detector.sources.live.otlp import Otlp
from detector.sources.live.otlp_protobuf import lines_of_protobuf
from detector.sources.live.settings import OtlpSource
from detector.sources.otlp_json import lines_of_json
from tests.sources.live.running import Running, clock

PROTOBUF, JSON = {"content-type": "application/x-protobuf"}, {"content-type": "application/json"}


def otlp(**settings: Any) -> Otlp:
    """A server on any free port."""
    return Otlp(OtlpSource(**{"port": 0, **settings}), clock)


def request(count: int, service_name: str = "shop") -> bytes:
    """A request with so many records, in protobuf."""
    message = service.ExportLogsServiceRequest()
    batch = message.resource_logs.add()
    batch.resource.attributes.append(KeyValue(key="service.name", value=AnyValue(string_value=service_name)))
    records = batch.scope_logs.add()
    for number in range(count):
        record = records.log_records.add(time_unix_nano=1767323045000000000 + number, severity_number=9)
        record.body.string_value = f"number {number}"
    return bytes(message.SerializeToString())


def as_json(body: bytes) -> bytes:
    """The same request as JSON, with ids in hexadecimal as OTLP has them."""
    message = MessageToDict(service.ExportLogsServiceRequest.FromString(body), use_integers_for_enums=True)
    for batch in message.get("resourceLogs", []):
        for scope_logs in batch.get("scopeLogs", []):
            for record in scope_logs.get("logRecords", []):
                if "traceId" in record:
                    record["traceId"] = base64.b64decode(record["traceId"]).hex()
    return json.dumps(message).encode()


def url(source: Otlp) -> str:
    """Where logs are posted."""
    return f"http://127.0.0.1:{source.port}/v1/logs"


def post(running: Running, body: bytes, headers: dict[str, str], **options: Any) -> httpx.Response:
    """Post while somebody takes what comes."""
    done = threading.Event()

    def take() -> None:
        while not done.is_set():
            running.take(0.01)

    taking = threading.Thread(target=take)
    taking.start()
    try:
        return httpx.post(url(running.source), content=body, headers=headers, timeout=20, **options)  # type: ignore[arg-type]
    finally:
        done.set()
        taking.join()


def pairs(many: dict[str, AnyValue]) -> list[KeyValue]:
    """Attributes."""
    return [KeyValue(key=key, value=one) for key, one in many.items()]


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)
VALUES: Any = st.recursive(
    st.one_of(
        st.builds(lambda one: AnyValue(string_value=one), TEXTS),
        st.builds(lambda one: AnyValue(int_value=one), st.integers(-(2**63), 2**63 - 1)),
        st.builds(lambda one: AnyValue(bool_value=one), st.booleans()),
        st.builds(lambda one: AnyValue(double_value=one), st.floats(-1e9, 1e9, width=32)),
        st.builds(lambda one: AnyValue(bytes_value=one), st.binary(max_size=4)),
        st.just(AnyValue()),
    ),
    lambda inner: st.one_of(
        st.builds(lambda many: AnyValue(array_value=ArrayValue(values=many)), st.lists(inner, max_size=2)),
        st.builds(
            lambda many: AnyValue(kvlist_value=KeyValueList(values=pairs(many))),
            st.dictionaries(TEXTS, inner, max_size=2),
        ),
    ),
    max_leaves=4,
)
RECORDS = st.fixed_dictionaries(
    {
        "time_unix_nano": st.integers(0, 2**63),
        "observed_time_unix_nano": st.integers(0, 2**63),
        "severity_number": st.integers(0, 24),
        "severity_text": TEXTS,
        "trace_id": st.sampled_from([b"", bytes(range(16))]),
        "body": VALUES,
        "attributes": st.dictionaries(TEXTS, VALUES, max_size=3),
    }
)


@given(st.lists(RECORDS, max_size=4), st.dictionaries(TEXTS, VALUES, max_size=2), TEXTS)
def test_protobuf_and_json_make_the_same_lines(records, resource, scope):
    """Whatever a request holds, both encodings of it say the same."""
    message = service.ExportLogsServiceRequest()
    batch = message.resource_logs.add()
    batch.resource.attributes.extend(pairs(resource))
    scope_logs = batch.scope_logs.add()
    scope_logs.scope.name = scope
    for record in records:
        scope_logs.log_records.add(**{**record, "attributes": pairs(record["attributes"])})
    body = message.SerializeToString()
    expected = [json.loads(line) for _, lines in lines_of_json(as_json(body)) for line in lines]
    assert expected == [json.loads(line) for _, lines in lines_of_protobuf(body) for line in lines]


@pytest.mark.parametrize("compression", ["gzip", "none"])
def test_the_exporter_of_opentelemetry(compression):
    """What the official SDK sends arrives: service, level, text, attributes."""
    source = otlp()
    with Running(source) as running:
        provider = LoggerProvider(Resource.create({"service.name": "shop"}))
        exporter = OTLPLogExporter(url(source), compression=Compression(compression))
        provider.add_log_record_processor(BatchLogRecordProcessor(exporter, schedule_delay_millis=50))
        logger = provider.get_logger("app")
        for number in range(20):
            record = LogRecord(
                timestamp=1767323045000000000, severity_number=SeverityNumber.WARN, body=f"slow {number}"
            )
            record.attributes = {"client.address": "192.0.2.7"}
            logger.emit(record)
        lines = [json.loads(line) for line in running.until(20)]
        provider.shutdown()
    assert [f"slow {number}" for number in range(20)] == [line["body"] for line in lines]
    assert {("shop", "192.0.2.7", 13)} == {
        (one["resource"]["service.name"], one["attributes"]["client.address"], one["severityNumber"]) for one in lines
    }


@pytest.mark.parametrize("headers", [PROTOBUF, JSON], ids=["protobuf", "json"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_request_is_answered_when_it_is_durable(headers, packed):
    """200 with an empty answer in the same encoding; before `settle` there is none."""
    body = request(3) if headers is PROTOBUF else as_json(request(3))
    if packed:
        body, headers = gzip.compress(body), {**headers, "content-encoding": "gzip"}
    source = otlp()
    with Running(source) as running:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(url(source), content=body, headers=headers, timeout=0.3)
        running.take(1)
        answer = post(running, body, headers)
        assert 6 == len(running.until(6))
    assert (200, headers["content-type"]) == (answer.status_code, answer.headers["content-type"])
    assert (b"" if "protobuf" in headers["content-type"] else b"{}") == answer.content


@pytest.mark.parametrize(
    ("status", "body", "headers", "words"),
    [
        (415, b"x", {"content-type": "text/plain"}, "content type 'text/plain' is not known"),
        (415, b"x", {**JSON, "content-encoding": "br"}, "content encoding 'br' is not known"),
        (400, b"{", JSON, "no request to export logs"),
        (400, b"[]", JSON, "no object"),
        (400, b"[" * 100_000, JSON, "no request to export logs"),
        (400, b"\xff\xff", PROTOBUF, "no request to export logs"),
        (400, b"x" * 99, {**PROTOBUF, "content-encoding": "gzip"}, "no gzip"),
        (400, gzip.compress(request(9))[:-9], {**PROTOBUF, "content-encoding": "gzip"}, "ends too early"),
        (413, b" " * 2_000_000, JSON, "more than 1000000 bytes"),
        (413, gzip.compress(bytes(50_000_000)), {**PROTOBUF, "content-encoding": "gzip"}, "more than 1000000 bytes"),
    ],
)
def test_what_is_wrong_with_a_request_is_said(status, body, headers, words):
    """The status and a google.rpc.Status with the words; nothing of it arrives, and it is counted."""
    source = otlp(most_body_bytes=1_000_000)
    with Running(source) as running:
        answer = httpx.post(url(source), content=body, headers=headers)
        assert status == answer.status_code
        assert words.encode() in answer.content
        assert {f"otlp_{status}": 1} == source.lag().losses
        assert [] == running.arrived


def test_a_full_inbox_answers_503():
    """Who sends is told to come again; the data is not kept."""
    inbox = Inbox(1)
    inbox.offer(Arrived("full", b"x\n", 0))
    source = otlp()
    with Running(source, inbox=inbox):
        answer = httpx.post(url(source), content=request(1), headers=PROTOBUF)
    assert (503, "1") == (answer.status_code, answer.headers["retry-after"])


def test_a_small_body_cannot_become_endless_lines():
    """A big resource that many empty records share makes no more lines than allowed; the rest is a partial success."""
    message = service.ExportLogsServiceRequest.FromString(request(50_000, service_name="s" * 10_000))
    source = otlp(most_body_bytes=4_000_000)
    tracemalloc.start()
    with Running(source) as running:
        answer = post(running, message.SerializeToString(), PROTOBUF)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        told = service.ExportLogsServiceResponse.FromString(answer.content).partial_success
        assert 50_000 == told.rejected_log_records + len(running.lines)
        assert 16_100_000 > len(running.data) > 15_900_000
    assert 200_000_000 > most
    assert {"otlp_rejected": told.rejected_log_records} == source.lag().losses


def test_a_token_is_asked_for(tmp_path):
    """Without the right token nothing is taken; probes need none."""
    token = tmp_path / "token"
    token.write_text("secret\n")

    async def healthy(request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    source = Otlp(OtlpSource(port=0, token_file=str(token)), clock, [Route("/healthz", healthy)])
    with Running(source) as running:
        for shown in ({}, {"authorization": "Bearer wrong"}, {"authorization": "secret"}):
            assert 401 == httpx.post(url(source), content=request(1), headers={**PROTOBUF, **shown}).status_code
        assert 200 == post(running, request(1), {**PROTOBUF, "authorization": "Bearer secret"}).status_code
        assert "ok" == httpx.get(f"http://127.0.0.1:{source.port}/healthz").text
        assert 1 == len(running.lines)


def test_over_tls(tmp_path):
    """With a certificate the server speaks TLS."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    issued.private_key_pem.write_to_path(tmp_path / "key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert")
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    source = otlp(certificate=str(tmp_path / "cert"), key=str(tmp_path / "key"))
    with Running(source), httpx.Client(verify=trusted) as client:
        answer = client.post(f"https://localhost:{source.port}/v1/logs", content=request(0), headers=PROTOBUF)
    assert 200 == answer.status_code


def test_what_cannot_begin_says_why(tmp_path):
    """An empty token, a certificate that is none, a port that is taken."""
    (tmp_path / "empty").touch()
    with Running(otlp()) as running:
        port = running.source.port  # type: ignore[attr-defined]
        for source, kind, words in (
            (otlp(token_file=str(tmp_path / "empty")), SettingsError, "has no token"),
            (otlp(certificate="/nowhere", key="/nowhere"), InputError, "/nowhere: no usable certificate"),
            (otlp(port=port), InputError, "cannot listen: Address already in use"),
        ):
            other = Running(source)
            other.thread.start()
            other.thread.join(5)
            assert isinstance(other.error, kind)
            assert words in str(other.error)


def test_a_stop_does_not_wait_for_clients():
    """A client whose data is not durable yet is told 503, and one that sends nothing does not hold the server."""
    source = otlp()
    answers: list[int] = []
    with Running(source) as running, socket.create_connection(("127.0.0.1", source.port)) as idle:
        idle.sendall(
            b"POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-type: application/json\r\n\r\n"
        )
        client = threading.Thread(
            target=lambda: answers.append(httpx.post(url(source), content=request(1), headers=PROTOBUF).status_code)
        )
        client.start()
        while running.inbox.waiting_bytes == 0:
            assert client.is_alive()
        begun = time.monotonic()
        running.stop.set()
        client.join(10)
        running.thread.join(10)
        assert 8 > time.monotonic() - begun
    assert [503] == answers


def test_gzip_members_and_checksums_are_checked():
    """A body with a wrong checksum is refused, since its records may be wrong."""
    body = gzip.compress(request(1))
    damaged = body[:-8] + struct.pack("<II", zlib.crc32(b"x"), 1)
    with Running(source := otlp()):
        answer = httpx.post(url(source), content=damaged, headers={**PROTOBUF, "content-encoding": "gzip"})
    assert 400 == answer.status_code
