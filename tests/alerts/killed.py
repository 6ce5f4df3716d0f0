"""A program that decides and sends until it is killed: python killed.py STATE URL COUNT."""

from __future__ import annotations

import sys
from threading import Event

from detector.alerts import outbox
from detector.alerts.channels.webhook import Webhook
from detector.alerts.dispatch import Dispatcher
from detector.alerts.memory import speak
from detector.alerts.rules import Rules
from detector.alerts.settings import AlertSettings
from tests.alerts.making import NOW, facts
from tests.alerts.servers import real_edge


def main(folder: str, url: str, count: int) -> None:
    """Speak of `count` incidents, one commit each, and send meanwhile."""
    team = Webhook(name="team", url=url, allow_http=True, allow_networks=("127.0.0.0/8",))
    settings, connection = AlertSettings(Rules(), (team,)), outbox.open_outbox(folder)
    dispatcher = Dispatcher(folder, settings.receivers, real_edge())
    assert dispatcher.start()
    for number in range(count):
        with connection:
            speak(connection, [facts(f"a{number}", service=f"s{number}")], NOW, settings)
        dispatcher.notify()
    while outbox.counts(connection)["waiting"]:
        Event().wait(0.02)
    dispatcher.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
