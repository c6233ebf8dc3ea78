"""The part of a desktop that shows notifications: org.freedesktop.Notifications on a session bus, which writes them down."""

import json
import pathlib
import sys

from . import processes


class Notifications:
    """Runs on a bus that is there already."""

    def __init__(self, folder, address):
        folder.mkdir(parents=True)
        self.address, self.shown_in, self.log = address, folder / "shown", folder / "notifications.log"

    def start(self):
        argv = [sys.executable, "-B", "-m", "harness.notifications", self.address, str(self.shown_in)]
        folder = pathlib.Path(__file__).resolve().parent.parent
        self.daemon = processes.start("notifications", argv, self.log, cwd=folder)
        processes.wait_until(self.shown_in.exists, self.daemon, 10)

    def stop(self):
        processes.stop(self.daemon)

    def shown(self):
        """Application, title and text of each."""
        return [tuple(json.loads(line)) for line in self.shown_in.read_text().splitlines()]


def serve(address, file):
    from jeepney import HeaderFields, new_error, new_method_return
    from jeepney.bus_messages import message_bus
    from jeepney.io.blocking import open_dbus_connection

    connection = open_dbus_connection(address)
    reply = connection.send_and_get_reply(message_bus.RequestName("org.freedesktop.Notifications"))
    assert reply.body == (1,), reply.body
    pathlib.Path(file).touch()
    count = 0
    while True:
        message = connection.receive()
        member = message.header.fields.get(HeaderFields.member)
        if message.header.message_type.name != "method_call":
            continue
        if member == "Notify":
            application, _, _, title, text = message.body[:5]
            with open(file, "a") as shown:
                shown.write(json.dumps([application, title, text]) + "\n")
            count += 1
            answer = new_method_return(message, "u", (count,))
        elif member == "GetServerInformation":
            answer = new_method_return(message, "ssss", ("tests", "mai", "1", "1.2"))
        elif member == "GetCapabilities":
            answer = new_method_return(message, "as", (["body"],))
        else:
            answer = new_error(message, "org.freedesktop.DBus.Error.UnknownMethod")
        connection.send(answer)


if __name__ == "__main__":
    serve(*sys.argv[1:])
