"""What the Linux kernel says of packets that iptables or nftables log: `IN=eth0 OUT= MAC=... SRC=... DST=... LEN=...`.

It mostly lies in syslog, which this format is then opened with: client is the source, payload the packet's length.
Source: https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/tree/net/netfilter/nf_log_syslog.c
"""

from __future__ import annotations

from detector.formats.format import LINE, Format, Sample, Span

HINT = r".{0,200}?\bIN=\S* OUT=\S* (?:\S+ ){0,8}?SRC=\S+ DST=\S+ LEN=\d+"
TIME = r"^\[[A-Z][a-z]{2} ([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\] "
"""`dmesg -T` writes a date; the seconds since the start that it writes else date nothing."""
ABOUT = "packets that iptables or nftables log"
REST = "LEN=60 TOS=0x00 PREC=0x00 TTL=54 ID=1 DF PROTO=TCP SPT=40001 DPT=22 WINDOW=1 RES=0x00 SYN URGP=0"
MAC = "MAC=02:00:00:00:00:01:02:00:00:00:00:02:08:00"
SAMPLES = (
    Sample(f"[Fri Jan  2 03:04:05 2026] [UFW BLOCK] IN=eth0 OUT= {MAC} SRC=192.0.2.7 DST=198.51.100.1 {REST}",
           {"timestamp": "2026-01-02T03:04:05Z", "client": "192.0.2.7", "payload_bytes": 60}),
    Sample("[Fri Jan 12 13:04:06 2026] drop: IN=eth0 OUT=eth1 SRC=2001:db8::7 DST=2001:db8::1 LEN=80 TC=0 HOPLIMIT=5",
           {"timestamp": "2026-01-12T13:04:06Z", "client": "2001:db8::7", "payload_bytes": 80}),
    Sample(f"[12345.678901] [UFW AUDIT] IN= OUT=lo SRC=127.0.0.1 DST=127.0.0.1 {REST}",
           {"timestamp": None, "client": "127.0.0.1", "payload_bytes": 60}),
    Sample(f"Shorewall:net2fw:DROP:IN=eth0 OUT= {MAC} SRC=192.0.2.8 DST=198.51.100.1 {REST}",
           {"timestamp": None, "client": "192.0.2.8"}),
    Sample("IN=br0 OUT= PHYSIN=veth1 SRC=192.0.2.9 DST=224.0.0.1 LEN=32 TOS=0x00 PROTO=2",
           {"timestamp": None, "client": "192.0.2.9", "payload_bytes": 32}),
)  # fmt: skip
SOURCE, LENGTH = LINE.str.find(" SRC=", literal=True), LINE.str.find(" LEN=", literal=True)
FORMAT = Format(
    "netfilter", ABOUT, SAMPLES,
    {"matched": LINE.str.contains(r"(?:^|[^A-Za-z0-9_])IN=[^ ]* OUT=") & (SOURCE < LENGTH),
     "time": LINE.str.extract(TIME), "client": Span(SOURCE.cast(int) + 5, until=" "),
     "payload_bytes": Span(LENGTH.cast(int) + 5), "message": LINE},
    ("%b %d %H:%M:%S %Y",), hint=HINT, priority=10,
)  # fmt: skip
