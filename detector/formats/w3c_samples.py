"""Lines of `w3c.py`, and what they must yield."""

from __future__ import annotations

from detector.formats.format import Sample

IIS_HEAD = (
    "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-01-02 03:04:00\n"
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) "
    "sc-status sc-substatus sc-win32-status time-taken"
)
CLOUDFRONT_HEAD = (
    "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status "
    "cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header"
)
PROXY_HEAD = "#Fields: date time time-taken c-ip sc-status sc-bytes cs-method cs-host cs-uri-path cs(User-Agent) s-ip"
EXCHANGE_HEAD = (
    "#Software: Microsoft Exchange Server\n"
    "#Fields: date-time,client-ip,server-hostname,connector-id,event-id,total-bytes"
)
SAMPLES = (
    Sample(
        "2026-01-02 03:04:05 10.0.0.5 GET /a.aspx b=1 443 - 192.0.2.7 Mozilla/5.0+(Windows+NT+10.0) - 200 0 0 47",
        {"timestamp": "2026-01-02T03:04:05Z", "client": "192.0.2.7", "status": 200, "host": "10.0.0.5", "service": None,
         "version": "Mozilla/5.0+(Windows+NT+10.0)", "endpoint": "GET /a.aspx"}, IIS_HEAD),
    Sample(
        "2026-01-02 03:04:06 W3SVC1 WEB1 10.0.0.5 POST /v1/cars - 443 - 2001:db8::7 HTTP/1.1 FleetApp/4.9.0 - - "
        "www.example.org 500 0 64 1830 722 15",
        {"timestamp": "2026-01-02T03:04:06Z", "service": "W3SVC1", "host": "WEB1", "client": "2001:db8::7",
         "status": 500, "payload_bytes": 1830, "version": "FleetApp/4.9.0"},
        IIS_HEAD + "\n2026-01-02 03:04:05 10.0.0.5 GET /b - 443 - 192.0.2.7 - - 200 0 0 47\n#Fields: date time "
        "s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version "
        "cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes "
        "time-taken"),
    Sample(
        "2026-01-02\t03:04:07\tFRA2-C1\t182\t192.0.2.8\tGET\td1.cloudfront.net\t/a/b.html\t304\t-\tcurl/8.5.0\t-\t-\t"
        "Hit\tMRVMF7KydIvxMWfJIglgwHQwZsbG2IhRJ07sn9AkKUFSHS9EXAMPLE==\twww.example.org",
        {"timestamp": "2026-01-02T03:04:07Z", "service": "www.example.org", "client": "192.0.2.8", "status": 304,
         "payload_bytes": 182, "host": "FRA2-C1", "version": "curl/8.5.0"}, CLOUDFRONT_HEAD),
    Sample(
        "2026-01-02\t03:04:08\tCDG50-P2\t703\t192.0.2.9\tGET\td1.cloudfront.net\t/t\t400\t-\tcurl/8.5.0\ta=42\t-\t"
        "Error\t375WZmnR4hhhnlZKNn0D==\twww.example.org\thttps\t62\t0.113\t-\tTLSv1.3\tTLS_AES_128\tError\tHTTP/2.0",
        {"timestamp": "2026-01-02T03:04:08Z", "service": "www.example.org", "client": "192.0.2.9", "status": 400,
         "payload_bytes": 703}),
    Sample(
        '2026-01-02 03:04:09 12 192.0.2.10 403 1042 GET www.example.org / "Mozilla/5.0 (X11; Linux x86_64)" 10.0.0.9',
        {"timestamp": "2026-01-02T03:04:09Z", "service": "www.example.org", "client": "192.0.2.10", "status": 403,
         "payload_bytes": 1042, "host": "10.0.0.9"}, PROXY_HEAD),
    Sample(
        "2026-01-02T03:04:10.125Z,192.0.2.11,MAIL1,Default,RECEIVE,9021",
        {"timestamp": "2026-01-02T03:04:10.125Z", "client": "192.0.2.11", "host": "MAIL1", "service": "Default",
         "payload_bytes": 9021}, EXCHANGE_HEAD),
    Sample(
        "2026-01-02 03:04:11 10.0.0.5 GET /odd 192.0.2.7",
        {"timestamp": "2026-01-02T03:04:11Z", "client": None, "status": None}, IIS_HEAD),
)  # fmt: skip
