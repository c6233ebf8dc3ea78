"""The certificate authority, and the nginx through which every counted request goes."""

import pathlib
import subprocess
import time

from . import processes

HERE = pathlib.Path(__file__).resolve().parent.parent
PORTS = (
    "SIMPLESAMLPHP_PORT",
    "KEYCLOAK_PORT",
    "KEYCLOAK_BACKEND",
    "LEMONLDAP_PORT",
    "DJANGO_PORT",
    "DJANGO_BACKEND",
    "NANOIDP_PORT",
    "NANOIDP_BACKEND",
    "SATOSA_PORT",
    "SATOSA_BACKEND",
    "STS_PORT",
    "STS_BACKEND",
    "MOTO_PORT",
    "MOTO_BACKEND",
)


def fill(template, target, values):
    """Copies a template with every `@NAME@` replaced."""
    text = template.read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    target.write_text(text)


class Authority:
    """An own certificate authority with one server certificate for loopback."""

    def __init__(self, folder):
        folder.mkdir(parents=True)
        self.folder = folder
        self.certificate = folder / "ca.pem"
        self._openssl(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.pem -subj /CN=interop-ca "
            "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign"
        )
        self._openssl("req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost")
        (folder / "server.ext").write_text(
            "subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n"
        )
        self._openssl(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.crt"
        )

    def _openssl(self, words):
        subprocess.run(["openssl", *words.split()], cwd=self.folder, check=True, capture_output=True)


class Web:
    """nginx: TLS for the login servers, and one access log for each server behind it."""

    def __init__(self, folder, authority):
        self.folder, self.authority = folder, authority
        self.port = dict(zip(PORTS, processes.free_ports(len(PORTS))))
        folder.mkdir(parents=True)
        for name in ("server.crt", "server.key"):
            (folder / name).write_bytes((authority.folder / name).read_bytes())

    def start(self, php_socket, perl_socket):
        values = {"DIR": self.folder, "PHP_SOCKET": php_socket, "PERL_SOCKET": perl_socket, **self.port}
        fill(HERE / "nginx.conf", self.folder / "nginx.conf", values)
        argv = ["nginx", "-p", self.folder, "-e", self.folder / "error.log", "-c", self.folder / "nginx.conf"]
        child = processes.start("nginx", argv, self.folder / "nginx.out")
        url = f"https://localhost:{self.port['SIMPLESAMLPHP_PORT']}/"
        processes.wait_until(lambda: processes.answers(url, self.authority.certificate), child, 15)

    def counter(self, server):
        """Counts the requests of one server from now on."""
        return Counter(self.folder / f"{server}.log")


class Counter:
    """The requests that one server answered since this was made."""

    def __init__(self, log):
        self.log = log
        self.start = self._settled()

    def _settled(self):
        size = -1
        while True:
            now = self.log.stat().st_size if self.log.exists() else 0
            if now == size:
                return now
            size = now
            time.sleep(0.05)

    def requests(self):
        """`METHOD path status` of each, in order of their ends."""
        self._settled()
        with open(self.log) as log:
            log.seek(self.start)
            return [" ".join(line.rstrip("\n").split("|")[1:]) for line in log]

    def posts(self, part=""):
        return [each for each in self.requests() if each.startswith("POST ") and part in each]
