"""Notices that are never lost and never sent twice under a new id.

incidents -> decisions -> outbox -> receivers
facts.py     policy.py    outbox.py  dispatch.py, channels/

notice.py    what is said, and the closed lists of states and reasons; wording.py: in words
policy.py    which notices are spoken, and why (pure); lives.py: what it remembers; rules.py: what it is told
memory.py    `speak`: decides and puts into the outbox, in one transaction of the caller; silences
routing.py   who is told
outbox.py    the durable queue, one row for each notice and receiver; retrying.py: when again
dispatch.py  a thread for each receiver; transport.py: HTTP with checked addresses and a deadline
settings.py  the tables of the settings; receiver.py, secrets.py
"""
