"""Records of the dialects of `jsonlines.py`, and what they must yield."""

from __future__ import annotations

from detector.formats.format import Sample

SAMPLES = (
    # no known dialect
    Sample('{"ts":"2026-03-01T00:00:00.5Z","lvl":"WARN","app":"cart","client_ip":"192.0.2.1","status":503,"bytes":17}',
           {"timestamp": "2026-03-01T00:00:00.5Z", "level": "warning", "service": "cart", "client": "192.0.2.1",
            "status": 503,
            "payload_bytes": 17}),
    Sample('{"when": 1772323200250, "severity": "Error", "device_id": "car-7", "text": "no answer", "took_ms": 1.5}',
           {"timestamp": "2026-03-01T00:00:00.25Z", "level": "error", "service": None, "client": "car-7",
            "message": "no answer"}),
    Sample(r'{"date":"2026-03-01 01:00:00,125 +0100","level":"info","msg":"said \"no\" \u2603",'
           r'"user":{"ip":"2001:db8::9"}}',
           {"timestamp": "2026-03-01T00:00:00.125Z", "level": "info", "client": "2001:db8::9",
            "message": 'said "no" ☃'}),
    Sample('{"level":"debug","message":"no time at all","items":[{"level":"error"}]}',
           {"timestamp": None, "level": "debug"}),
    Sample('{"time":"2026-03-01T00:00:01Z","event":"login","addr.remote":"198.51.100.4:51312",'
           '"remote_ip":"198.51.100.4:51312"}',
           {"timestamp": "2026-03-01T00:00:01Z", "level": None, "client": "198.51.100.4"}),
    # bunyan, pino
    Sample('{"name":"cart","hostname":"h1","pid":7,"level":50,"msg":"boom","time":"2026-03-01T00:00:02.250Z","v":0}',
           {"timestamp": "2026-03-01T00:00:02.25Z", "level": "error", "service": "cart", "host": "h1",
            "message": "boom"}),
    Sample('{"level":30,"time":1772323203125,"pid":7,"hostname":"h1","req":{"id":"r1","method":"GET","url":"/a?b=1",'
           '"remoteAddress":"192.0.2.2"},"res":{"statusCode":204},"responseTime":12,"msg":"done"}',
           {"timestamp": "2026-03-01T00:00:03.125Z", "level": "info", "client": "192.0.2.2", "status": 204,
            "endpoint": "GET /a", "duration_us": 12000}),
    # zap, zerolog, slog and logrus
    Sample('{"level":"warn","ts":1772323204.5,"caller":"shop/main.go:7","msg":"slow","service":"shop"}',
           {"timestamp": "2026-03-01T00:00:04.5Z", "level": "warning", "service": "shop", "message": "slow"}),
    Sample('{"level":"error","time":1772323205,"message":"boom"}',
           {"timestamp": "2026-03-01T00:00:05Z", "level": "error"}),
    Sample('{"time":"2026-03-01T01:00:06.123456789+01:00","level":"INFO","msg":"up","user_id":42}',
           {"timestamp": "2026-03-01T00:00:06.123456Z", "level": "info", "client": "42"}),
    # structlog, python-json-logger, loguru, winston
    Sample('{"logger": "cart", "event": "paid", "level": "info", "timestamp": "2026-03-01T00:00:07.000001Z"}',
           {"timestamp": "2026-03-01T00:00:07.000001Z", "level": "info", "service": "cart", "message": "paid"}),
    Sample('{"asctime": "2026-03-01 00:00:08,250", "levelname": "CRITICAL", "name": "cart", "message": "down"}',
           {"timestamp": "2026-03-01T00:00:08.25Z", "level": "critical", "service": "cart"}),
    Sample(r'{"text": "x\n", "record": {"level": {"icon": "i", "name": "WARNING", "no": 30}, "message": "x",'
           r' "name": "cart.app",'
           r' "time": {"repr": "2026-03-01 00:00:09+00:00", "timestamp": 1772323209.25},'
           r' "extra": {"service": "cart"}}}',
           {"timestamp": "2026-03-01T00:00:09.25Z", "level": "warning", "service": "cart", "message": "x"}),
    Sample('{"level":"silly","message":"x","service":"cart","timestamp":"2026-03-01T00:00:10.000Z"}',
           {"timestamp": "2026-03-01T00:00:10Z", "level": "trace", "service": "cart"}),
    # Elastic Common Schema, nested and dotted; logstash
    Sample('{"@timestamp":"2026-03-01T00:00:11.5Z","log":{"level":"ERROR","logger":"com.example.Cart"},"message":"x",'
           '"service":{"name":"cart"},"client":{"ip":"192.0.2.3"},"http":{"response":{"status_code":500,'
           '"body":{"bytes":9}}},'
           '"ecs":{"version":"8.11.0"}}',
           {"timestamp": "2026-03-01T00:00:11.5Z", "level": "error", "service": "cart", "client": "192.0.2.3",
            "status": 500,
            "payload_bytes": 9}),
    Sample('{"@timestamp":"2026-03-01T00:00:12.5Z","log.level":"info","ecs.version":"1.2.0","service.name":"cart",'
           '"client.ip":"192.0.2.4","http.response.status_code":200,"http.response.body.bytes":11,"message":"x"}',
           {"timestamp": "2026-03-01T00:00:12.5Z", "level": "info", "service": "cart", "client": "192.0.2.4",
            "status": 200,
            "payload_bytes": 11}),
    Sample('{"@timestamp":"2026-03-01T01:00:13.5+01:00","@version":"1","message":"x","logger_name":"org.example.A",'
           '"level":"WARN","level_value":30000,"app":"cart"}',
           {"timestamp": "2026-03-01T00:00:13.5Z", "level": "warning", "service": "cart"}),
    # CLEF: information is left out
    Sample('{"@t":"2026-03-01T00:00:14.1234567Z","@mt":"Paid {Amount}","Amount":3,"SourceContext":"Cart"}',
           {"timestamp": "2026-03-01T00:00:14.123456Z", "level": "info", "service": "Cart"}),
    Sample('{"@t":"2026-03-01T00:00:15Z","@m":"x","@l":"Fatal","Application":"Shop","ClientIp":"192.0.2.5"}',
           {"timestamp": "2026-03-01T00:00:15Z", "level": "critical", "service": "Shop", "client": "192.0.2.5"}),
    # GELF, journald: levels of syslog
    Sample('{"version":"1.1","host":"h1","short_message":"x","timestamp":1772323216.125,"level":3,'
           '"_service":"cart","_client_ip":"192.0.2.6"}',
           {"timestamp": "2026-03-01T00:00:16.125Z", "level": "error", "service": "cart", "client": "192.0.2.6",
            "host": "h1"}),
    Sample('{"__REALTIME_TIMESTAMP":"1772323217250000","PRIORITY":"5","SYSLOG_IDENTIFIER":"sshd","_HOSTNAME":"h1",'
           '"MESSAGE":"x"}',
           {"timestamp": "2026-03-01T00:00:17.25Z", "level": "notice", "service": "sshd", "host": "h1",
            "message": "x"}),
    Sample('{"__REALTIME_TIMESTAMP":"1772323218250000","_COMM":"cat","MESSAGE":[120,27,91]}',
           {"timestamp": "2026-03-01T00:00:18.25Z", "level": None, "service": "cat"}),
    # Google Cloud
    Sample('{"severity":"NOTICE","timestamp":"2026-03-01T00:00:19.5Z","logName":"projects/p/logs/x",'
           '"resource":{"type":"k8s_container",'
           '"labels":{"container_name":"cart"}},"httpRequest":{"requestMethod":"GET","requestUrl":"/a","status":404,'
           '"responseSize":"33","remoteIp":"192.0.2.7"}}',
           {"timestamp": "2026-03-01T00:00:19.5Z", "level": "notice", "service": "cart", "client": "192.0.2.7",
            "status": 404,
            "payload_bytes": 33, "endpoint": "GET /a"}),
    # web servers and proxies
    Sample('{"time_iso8601":"2026-03-01T01:00:20+01:00","remote_addr":"192.0.2.8","host":"shop.example.org",'
           '"request_method":"GET",'
           '"request_uri":"/a?b","status":"200","body_bytes_sent":"512","request_time":"0.250"}',
           {"timestamp": "2026-03-01T00:00:20Z", "service": "shop.example.org", "client": "192.0.2.8", "status": 200,
            "payload_bytes": 512, "duration_us": 250000, "endpoint": "GET /a"}),
    Sample('{"level":"info","ts":1772323221.5,"logger":"http.log.access.log0","msg":"handled request",'
           '"request":{"remote_ip":"192.0.2.9",'
           '"method":"GET","host":"shop.example.org","uri":"/","headers":{"User-Agent":["curl/8.5.0"]}},'
           '"duration":0.002,"size":10,"status":200}',
           {"timestamp": "2026-03-01T00:00:21.5Z", "level": "info", "service": "shop.example.org",
            "client": "192.0.2.9",
            "status": 200, "payload_bytes": 10, "duration_us": 2000, "version": "curl/8.5.0"}),
    Sample('{"ClientHost":"192.0.2.10","DownstreamContentSize":19,"DownstreamStatus":404,"RequestMethod":"GET",'
           '"RequestPath":"/x",'
           '"ServiceName":"cart@docker","StartUTC":"2026-03-01T00:00:22.000000001Z","level":"info","msg":"",'
           '"time":"2026-03-01T00:00:22Z"}',
           {"timestamp": "2026-03-01T00:00:22Z", "level": "info", "service": "cart@docker", "client": "192.0.2.10",
            "status": 404,
            "payload_bytes": 19, "endpoint": "GET /x"}),
    # network monitors
    Sample('{"_path":"conn","ts":1772323223.25,"uid":"C1","id.orig_h":"192.0.2.11","id.resp_h":"198.51.100.1",'
           '"service":"ssl",'
           '"orig_bytes":100,"resp_bytes":900}',
           {"timestamp": "2026-03-01T00:00:23.25Z", "service": "conn", "client": "192.0.2.11", "payload_bytes": 1000}),
    Sample('{"ts":1772323224.25,"uid":"C2","id":{"orig_h":"192.0.2.12"},"client":"SSH-2.0-x"}',
           {"timestamp": "2026-03-01T00:00:24.25Z", "service": None, "client": "192.0.2.12"}),
    Sample('{"timestamp":"2026-03-01T00:00:25.678901+0000","event_type":"flow","src_ip":"192.0.2.13",'
           '"dest_ip":"198.51.100.1",'
           '"flow":{"bytes_toserver":108,"bytes_toclient":54}}',
           {"timestamp": "2026-03-01T00:00:25.678901Z", "client": "192.0.2.13", "payload_bytes": 162}),
    Sample('{"timestamp":"2026-03-01T01:00:26.678901+0100","event_type":"alert","src_ip":"192.0.2.14",'
           '"alert":{"severity":1,'
           '"signature":"odd"},"http":{"http_method":"GET","url":"/x","status":200,"length":7}}',
           {"timestamp": "2026-03-01T00:00:26.678901Z", "client": "192.0.2.14", "level": None, "status": 200,
            "payload_bytes": 7, "message": "odd"}),
    # databases, audit logs, flows
    Sample('{"t":{"$date":"2026-03-01T01:00:27.5+01:00"},"s":"E",  "c":"NETWORK", "id":1,"ctx":"conn1","msg":"x",'
           '"attr":{"remote":"192.0.2.15:4071"}}',
           {"timestamp": "2026-03-01T00:00:27.5Z", "level": "error", "client": "192.0.2.15", "message": "x"}),
    Sample('{"timestamp":"2026-03-01 00:00:28.993 UTC","pid":7,"remote_host":"192.0.2.16","error_severity":"FATAL",'
           '"message":"x"}',
           {"timestamp": "2026-03-01T00:00:28.993Z", "level": "critical", "client": "192.0.2.16"}),
    Sample('{"eventVersion":"1.08","eventTime":"2026-03-01T00:00:29Z","eventSource":"sts.amazonaws.com",'
           '"eventName":"GetCallerIdentity",'
           '"sourceIPAddress":"192.0.2.17","userAgent":"aws-cli"}',
           {"timestamp": "2026-03-01T00:00:29Z", "service": "sts.amazonaws.com", "client": "192.0.2.17",
            "endpoint": "GetCallerIdentity"}),
    Sample('{"kind":"Event","level":"Request","auditID":"a1","stage":"ResponseComplete",'
           '"requestURI":"/api/v1/pods?x","verb":"list",'
           '"sourceIPs":["192.0.2.18"],"responseStatus":{"metadata":{},"code":200},'
           '"requestReceivedTimestamp":"2026-03-01T00:00:30.763960Z"}',
           {"timestamp": "2026-03-01T00:00:30.76396Z", "level": None, "client": "192.0.2.18", "status": 200,
            "endpoint": "list /api/v1/pods"}),
    Sample('{"reqId":"r1","level":2,"time":"2026-03-01T00:00:31+00:00","remoteAddr":"2001:db8::19","app":"core",'
           '"message":"x"}',
           {"timestamp": "2026-03-01T00:00:31Z", "level": "warning", "service": "core", "client": "2001:db8::19"}),
    Sample('{"type":"FLOW","first":"2026-03-01T00:00:32.494","last":"2026-03-01T00:00:32.519","in_bytes":1444,'
           '"src4_addr":"192.0.2.20"}',
           {"timestamp": "2026-03-01T00:00:32.494Z", "client": "192.0.2.20", "payload_bytes": 1444}),
    # OTLP, each record with its resource
    Sample('{"timeUnixNano":"1772323229250000000","severityText":"WARN","severityNumber":13,"body":"slow","scope":"app",'
           '"traceId":"5b8efff798038103d269b633813fc60c","resource":{"service.name":"shop","host.name":"h1"},'
           '"attributes":{"client.address":"192.0.2.6","http.response.status_code":"504"}}',
           {"timestamp": "2026-03-01T00:00:29.25Z", "level": "warning", "service": "shop", "client": "192.0.2.6",
            "status": 504, "host": "h1", "message": "slow", "request": "5b8efff798038103d269b633813fc60c"}),
    # Route 53, WAF, Azure, Cloudflare, Envoy
    Sample('{"version":"1.100000","account_id":"123456789012","region":"us-east-1","vpc_id":"vpc-0dd4",'
           '"query_timestamp":"2026-03-01T00:00:30Z","query_name":"www.example.org.","query_type":"A","query_class":"IN",'
           '"rcode":"NOERROR","answers":[{"Rdata":"192.0.2.1","Type":"A","Class":"IN"}],"srcaddr":"10.0.0.7",'
           '"srcport":"51217","transport":"UDP","srcids":{"instance":"i-0123"}}',
           {"timestamp": "2026-03-01T00:00:30Z", "service": "vpc-0dd4", "client": "10.0.0.7", "host": "i-0123",
            "endpoint": "A www.example.org."}),
    Sample('{"timestamp":1772323231000,"formatVersion":1,"webaclId":"arn:aws:wafv2:x:webacl/shop/1","action":"BLOCK",'
           '"terminatingRuleId":"rate","httpSourceName":"ALB","httpRequest":{"clientIp":"192.0.2.7","country":"DE",'
           '"uri":"/a","httpMethod":"GET","requestId":"r1"},"responseCodeSent":403}',
           {"timestamp": "2026-03-01T00:00:31Z", "service": "arn:aws:wafv2:x:webacl/shop/1", "client": "192.0.2.7",
            "status": 403, "endpoint": "GET /a", "request": "r1"}),
    Sample('{"time":"2026-03-01T00:00:32.1250000Z","resourceId":"/SUBSCRIPTIONS/S/RESOURCEGROUPS/R/SITES/SHOP",'
           '"operationName":"Authentication","category":"AuditEvent","resultType":"Success","level":"Informational",'
           '"durationMs":"78","callerIpAddress":"192.0.2.8","correlationId":"c1","properties":{"httpStatusCode":200}}',
           {"timestamp": "2026-03-01T00:00:32.125Z", "level": "info", "client": "192.0.2.8", "status": 200,
            "service": "/SUBSCRIPTIONS/S/RESOURCEGROUPS/R/SITES/SHOP", "request": "c1", "duration_us": 78_000}),
    Sample('{"ClientIP":"192.0.2.9","ClientRequestHost":"www.example.org","ClientRequestMethod":"GET",'
           '"ClientRequestURI":"/a?b=1","EdgeEndTimestamp":"2026-03-01T00:00:33Z","EdgeResponseBytes":1502,'
           '"EdgeResponseStatus":200,"EdgeStartTimestamp":"2026-03-01T00:00:33Z","RayID":"3a6050bcbe121a87"}',
           {"timestamp": "2026-03-01T00:00:33Z", "service": "www.example.org", "client": "192.0.2.9", "status": 200,
            "payload_bytes": 1502, "endpoint": "GET /a"}),
    Sample('{"start_time":"2026-03-01T00:00:34.479Z","method":"GET","path":"/a?b=1","response_code":404,"bytes_sent":91,'
           '"response_flags":"-","authority":"shop.example.org","user_agent":"curl/8.5.0","duration":5,'
           '"downstream_remote_address":"192.0.2.10:59292","upstream_cluster":"outbound|80||shop"}',
           {"timestamp": "2026-03-01T00:00:34.479Z", "service": "shop.example.org", "client": "192.0.2.10",
            "status": 404, "payload_bytes": 91, "version": "curl/8.5.0"}),
)  # fmt: skip
