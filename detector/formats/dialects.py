"""Which keys mean what in JSON log lines: the dialects of known loggers, and the usual names for all others.

A path is the keys from the outside in, joined by `>`: `http>response>status_code`; a key may hold dots itself
(`log.level`). `a+b` is the sum of two numbers. Sources: the loggers' own documentation, named at each dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from detector.formats.levels import BUNYAN, SYSLOG

Paths = Mapping[str, tuple[str, ...]]
PYTHON = {10: "debug", 20: "info", 30: "warning", 40: "error", 50: "critical"}
NEXTCLOUD = {0: "debug", 1: "info", 2: "warning", 3: "error", 4: "critical"}
WINDOWS = {1: "critical", 2: "error", 3: "warning", 4: "info", 5: "debug"}
"""Levels of Windows' event tracing, which Azure uses where it writes numbers."""
OTEL = {n: ("trace", "debug", "info", "warning", "error", "critical")[(n - 1) // 4] for n in range(1, 25)}


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to write a log record as a JSON object.

    Attributes:
        name: the format's name is `json_` and this.
        signs: paths that an object of this dialect has; the first dialect in the table whose signs are there wins.
        paths: field -> where it may be, best first. Fields are columns of Records, `time`, and `method` and `duration`.
        numbers: what a level written as a number means.
        closed: other fields are not looked for by their usual names.
        usual_level: the level of records that state none.
        dull: regular expression of names that are no service where another path has a better one.
    """

    name: str
    signs: tuple[str, ...]
    paths: Paths
    numbers: Mapping[int, str] = field(default_factory=dict)
    closed: bool = False
    usual_level: str = ""
    dull: str = ""


def words(**fields: str) -> Paths:
    """Field -> paths, from texts with one path per word."""
    return {name: tuple(text.split()) for name, text in fields.items()}


DIALECTS = (
    # https://docs.zeek.org/en/master/log-formats.html
    Dialect("zeek", ("ts", "uid", "id.orig_h"), ZEEK := words(
        time="ts", service="_path", client="id.orig_h id>orig_h", status="status_code", version="user_agent",
        method="method", endpoint="uri", payload_bytes="orig_bytes+resp_bytes response_body_len", host="_system_name",
        message="msg", request="uid"), closed=True),
    Dialect("zeek", ("ts", "uid", "id>orig_h"), ZEEK, closed=True),
    Dialect("zeek", ("_path", "ts"), ZEEK, closed=True),
    # https://docs.suricata.io/en/latest/output/eve/eve-json-format.html
    Dialect("suricata", ("timestamp", "event_type", "src_ip"), SURICATA := words(
        time="timestamp", client="src_ip", service="app_service", host="host", request="flow_id",
        payload_bytes="flow>bytes_toserver+flow>bytes_toclient netflow>bytes http>length fileinfo>size",
        status="http>status", method="http>http_method", endpoint="http>url", version="http>http_user_agent",
        message="alert>signature"), closed=True),
    Dialect("suricata", ("timestamp", "event_type", "stats>uptime"), SURICATA, closed=True),
    # https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-json-format
    Dialect("journald", ("__REALTIME_TIMESTAMP",), words(
        time="__REALTIME_TIMESTAMP", service="SYSLOG_IDENTIFIER _COMM _SYSTEMD_UNIT UNIT", level="PRIORITY",
        host="_HOSTNAME", message="MESSAGE"), SYSLOG, closed=True),
    # https://docs.nxlog.co / https://go2docs.graylog.org/current/getting_in_log_data/gelf.html
    Dialect("gelf", ("version", "host", "short_message"), words(
        time="timestamp", level="level", host="host", message="short_message full_message",
        service="_service _app _application_name _application facility _facility _container_name _logger"), SYSLOG),
    # https://www.elastic.co/docs/reference/ecs
    Dialect("ecs", ("@timestamp", "ecs.version"), ECS := words(
        time="@timestamp", level="log.level log>level",
        service="log.logger log>logger service.name service>name event.dataset event>dataset",
        client="client.ip client>ip client.address client>address source.ip source>ip source.address user.name"
        " user>name",
        host="host.hostname host>hostname host.name host>name", request="trace.id trace>id transaction.id",
        status="http.response.status_code http>response>status_code http>response.status_code",
        payload_bytes="http.response.body.bytes http>response>body>bytes http.response.bytes http>response>bytes",
        method="http.request.method http>request>method", endpoint="url.path url>path url.original url>original",
        version="user_agent.original user_agent>original", message="message")),
    Dialect("ecs", ("@timestamp", "ecs>version"), ECS),
    Dialect("ecs", ("@timestamp", "log.level"), ECS),
    Dialect("ecs", ("@timestamp", "log>level"), ECS),
    # https://github.com/logfellow/logstash-logback-encoder
    Dialect("logstash", ("@timestamp", "@version"), words(
        time="@timestamp", level="level", service="service app application logger_name", message="message",
        host="HOSTNAME host")),
    # https://clef-json.org
    *(Dialect("clef", ("@t", sign), words(
        time="@t", level="@l", message="@m @mt", service="Application ApplicationName ServiceName SourceContext",
        request="@tr TraceId RequestId", host="MachineName",
        client="ClientIp ClientIP RemoteIpAddress RemoteIP UserId"),
        usual_level="info") for sign in ("@mt", "@m")),
    # https://docs.cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
    *(Dialect("gcp", signs, words(
        time="timestamp time receiveTimestamp", level="severity",
        service="resource>labels>service_name resource>labels>container_name resource>labels>module_id "
                "resource>labels>function_name resource>labels>backend_service_name "
                "serviceContext>service service logger logName",
        client="httpRequest>remoteIp jsonPayload>client_ip", status="httpRequest>status",
        payload_bytes="httpRequest>responseSize", method="httpRequest>requestMethod", endpoint="httpRequest>requestUrl",
        version="httpRequest>userAgent", host="resource>labels>instance_id resource>labels>pod_name",
        request="trace logging.googleapis.com/trace", message="textPayload jsonPayload>message message"))
      for signs in (("severity", "logName"), ("severity", "resource>type"), ("severity", "httpRequest>requestMethod"),
                    ("severity", "logging.googleapis.com/trace"))),
    # https://opentelemetry.io/docs/specs/otel/logs/data-model/, each record with its resource by `otlp_lines.py`
    Dialect("otlp", ("timeUnixNano", "resource", "attributes"), words(
        time="timeUnixNano", level="severityText severityNumber",
        service="resource>service.name resource>k8s.container.name resource>k8s.pod.name scope",
        client="attributes>client.address attributes>source.address attributes>net.peer.ip attributes>enduser.id"
        " attributes>device.id", status="attributes>http.response.status_code attributes>http.status_code",
        payload_bytes="attributes>http.response.body.size attributes>http.response_content_length",
        method="attributes>http.request.method attributes>http.method", version="attributes>user_agent.original"
        " resource>service.version", endpoint="attributes>url.path attributes>http.target attributes>http.route",
        host="resource>host.name resource>k8s.node.name", request="traceId", message="body"), OTEL, closed=True),
    # https://loguru.readthedocs.io/en/stable/api/logger.html#record
    Dialect("loguru", ("text", "record>level>name"), words(
        time="record>time>timestamp record>time>repr", level="record>level>name", message="record>message",
        service="record>extra>service record>extra>app record>name",
        client="record>extra>client_ip record>extra>user_id",
        status="record>extra>status", payload_bytes="record>extra>bytes", request="record>extra>request_id")),
    # https://doc.traefik.io/traefik/observe/logs-and-access-logs/
    Dialect("traefik", ("ClientHost", "DownstreamStatus"), words(
        time="StartUTC time", service="ServiceName RequestHost RouterName", client="ClientHost", level="level",
        status="DownstreamStatus", payload_bytes="DownstreamContentSize", method="RequestMethod",
        endpoint="RequestPath",
        version="request_User-Agent", message="msg"), closed=True),
    # https://caddyserver.com/docs/logging
    Dialect("caddy", ("level", "ts", "logger", "request>remote_ip"), CADDY := words(
        time="ts", level="level", service="logger request>host",
        client="request>client_ip request>remote_ip request>remote_addr",
        status="status", payload_bytes="size", method="request>method", endpoint="request>uri", duration="duration",
        version="request>headers>User-Agent", message="msg"), dull=r"^http\.log\.access"),
    Dialect("caddy", ("level", "ts", "logger", "request>remote_addr"), CADDY, dull=r"^http\.log\.access"),
    # nginx has no JSON of its own: its variables are the keys, https://nginx.org/en/docs/varindex.html
    *(Dialect("nginx", (sign, status), words(
        time="time_iso8601 msec time_local time @timestamp timestamp",
        client="http_x_real_ip realip_remote_addr remote_addr",
        service="host server_name http_host vhost", status="status", payload_bytes="body_bytes_sent bytes_sent",
        method="request_method method", endpoint="request_uri uri request", version="http_user_agent",
        duration="request_time", request="request_id"))
      for sign in ("remote_addr",) for status in ("body_bytes_sent", "bytes_sent", "request_time")),
    # https://www.mongodb.com/docs/manual/reference/log-messages/
    Dialect("mongodb", ("t>$date", "s", "c", "ctx"), words(
        time="t>$date", level="s", client="attr>remote", message="msg"), closed=True),
    # https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-JSONLOG
    Dialect("postgresql", ("timestamp", "error_severity"), words(
        time="timestamp", level="error_severity", client="remote_host", service="dbname", message="message",
        endpoint="ps"), closed=True),
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
    Dialect("cloudtrail", ("eventVersion", "eventTime", "eventSource"), words(
        time="eventTime", service="eventSource", client="sourceIPAddress", endpoint="eventName", version="userAgent",
        request="requestID", message="errorMessage"), closed=True),
    # https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html
    Dialect("route53_resolver", ("query_timestamp", "query_name", "srcaddr"), words(
        time="query_timestamp", service="vpc_id", client="srcaddr", method="query_type", endpoint="query_name",
        host="srcids>instance", message="rcode"), closed=True),
    # https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
    Dialect("aws_waf", ("webaclId", "httpRequest>clientIp"), words(
        time="timestamp", service="webaclId", client="httpRequest>clientIp", status="responseCodeSent",
        method="httpRequest>httpMethod", endpoint="httpRequest>uri", request="httpRequest>requestId",
        message="terminatingRuleId"), closed=True),
    # https://learn.microsoft.com/azure/azure-monitor/platform/resource-logs-schema
    *(Dialect("azure", ("time", "operationName", sign), words(
        time="time", level="level Level", service="resourceId", endpoint="operationName", request="correlationId",
        client="callerIpAddress callerIPAddress properties>clientIP properties>clientIp properties>CIp",
        status="properties>httpStatus properties>httpStatusCode properties>ScStatus properties>responseCode",
        payload_bytes="properties>sentBytes properties>ScBytes properties>responseSize", duration="durationMs",
        version="properties>userAgent properties>UserAgent", message="resultDescription category"), WINDOWS,
        closed=True) for sign in ("resourceId", "category")),
    # https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/http_requests/
    Dialect("cloudflare", ("ClientIP", "EdgeStartTimestamp"), words(
        time="EdgeStartTimestamp EdgeEndTimestamp", service="ClientRequestHost", client="ClientIP",
        status="EdgeResponseStatus", payload_bytes="EdgeResponseBytes", method="ClientRequestMethod",
        endpoint="ClientRequestURI ClientRequestPath", version="ClientRequestUserAgent", request="RayID"),
        closed=True),
    # https://istio.io/latest/docs/tasks/observability/logs/access-log/
    *(Dialect("envoy", ("start_time", "response_code", sign), words(
        time="start_time", service="authority :authority upstream_cluster route_name", status="response_code",
        client="downstream_remote_address downstream_direct_remote_address x_forwarded_for x-forwarded-for",
        payload_bytes="bytes_sent", method="method :method", endpoint="path :path x-envoy-original-path",
        version="user_agent user-agent", request="request_id x-request-id"))
      for sign in ("downstream_remote_address", "upstream_host", "bytes_sent")),
    # https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/
    Dialect("k8s_audit", ("auditID", "stage"), words(
        time="requestReceivedTimestamp stageTimestamp", client="sourceIPs", status="responseStatus>code", method="verb",
        endpoint="requestURI", version="userAgent", request="auditID"), closed=True),
    # https://github.com/phaag/nfdump
    Dialect("nfdump", ("first", "last", "in_bytes"), words(
        time="first", client="src4_addr src6_addr", payload_bytes="in_bytes"), closed=True),
    # https://docs.nextcloud.com/server/latest/admin_manual/configuration_server/logging_configuration.html
    Dialect("nextcloud", ("reqId", "level", "time", "remoteAddr", "app"), words(
        time="time", level="level", service="app", client="remoteAddr", request="reqId", method="method",
        endpoint="url",
        version="userAgent", message="message"), NEXTCLOUD, closed=True),
    # https://github.com/trentm/node-bunyan#log-record-fields
    Dialect("bunyan", ("name", "hostname", "pid", "level", "time", "v"), NODE := words(
        time="time", level="level", service="name service module component", host="hostname", message="msg"), BUNYAN),
    # https://getpino.io/#/docs/api
    Dialect("pino", ("level", "time", "pid", "hostname"), NODE, BUNYAN),
    # https://github.com/nhairs/python-json-logger
    Dialect("python_json_logger", ("levelname", "message"), words(
        time="asctime timestamp time created", level="levelname levelno", service="service name", message="message"),
        PYTHON),
    # https://www.structlog.org/en/stable/standard-library.html
    Dialect("structlog", ("event", "level", "timestamp"), words(
        time="timestamp", level="level", service="logger service", message="event"), PYTHON),
    # https://pkg.go.dev/go.uber.org/zap/zapcore#EncoderConfig
    Dialect("zap", ("level", "ts", "msg"), words(
        time="ts", level="level", service="service app logger", message="msg")),
    # https://pkg.go.dev/log/slog#JSONHandler, https://github.com/sirupsen/logrus
    Dialect("slog", ("time", "level", "msg"), words(
        time="time", level="level", service="service app component logger", message="msg"), BUNYAN),
    # https://github.com/rs/zerolog
    Dialect("zerolog", ("time", "level", "message"), words(
        time="time", level="level", service="service app component logger", message="message"), BUNYAN),
    # https://github.com/winstonjs/winston
    Dialect("winston", ("timestamp", "level", "message"), words(
        time="timestamp", level="level", service="service app label", message="message")),
)  # fmt: skip

USUAL = words(
    time="timestamp time ts datetime date eventtime timeiso8601 asctime t starttime timelocal createdat created when"
    " logtime"
    " logtimestamp isotimestamp syslogtimestamp epoch unixtime timems timemillis timenano timeunixnano"
    " eventtimestamp start"
    " edgestarttimestamp utctime localtime",
    level="levelname level severity loglevel lvl severitytext priority eventloglevel errorseverity syslogseverity"
    " severitynumber levelno",
    service="servicename service appname app application applicationname program component containername logger"
    " loggername"
    " facility",
    host="hostname host machinename nodename node instance pod podname",
    client="clientip clientaddress clientaddr remoteip remoteaddr remoteaddress sourceipaddress sourceip srcip"
    " srcaddr clienthost"
    " xforwardedfor realip xrealip ipaddress userip ip downstreamremoteaddress deviceid vehicleid vin imei clientid"
    " userid"
    " remotehost device client user username",
    version="useragent httpuseragent requestuseragent clientversion appversion ua",
    request="traceid requestid reqid correlationid xrequestid transactionid",
    method="method requestmethod httpmethod verb",
    endpoint="path uri url requestpath requesturi requesturl route endpoint operation rpc grpcmethod request",
    status="statuscode status httpstatus responsecode responsestatus httpstatuscode responsestatuscode",
    payload_bytes="bytes bytessent bodybytessent responsebytes responsesize responselength contentlength bytesout"
    " sizebytes size",
    duration="durationms elapsedms latencyms responsetimems tookms durationus durationns responsetime requesttime"
    " durations"
    " durationseconds elapsedseconds duration elapsed latency",
    message="message msg event shortmessage text log body",
)
"""Names without case and punctuation, best first; the last keys of a path are compared."""
MICROSECONDS = {"ms": 1e3, "us": 1.0, "ns": 1e-3, "s": 1e6, "seconds": 1e6, "requesttime": 1e6, "responsetime": 1e3}
"""How a key ends -> microseconds in its unit; a bare `duration` is taken as seconds if it has a fraction, else left"
" out."""
