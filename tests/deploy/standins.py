"""Images that cannot be pulled here, made of the programs of this machine under the names that they have in the world.

busybox and prom/prometheus are the real programs as Debian packages them. grafana/grafana is none: it is a web server
that hands out the files which were mounted into it: it shows that they are there, not that Grafana takes them.
"""

import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

BUSYBOX = "docker.io/library/busybox:1.35"
PROMETHEUS = "docker.io/prom/prometheus:v2.42.0"
GRAFANA = "docker.io/grafana/grafana:13.2.3"

_BUSYBOX = """\
FROM scratch
COPY . /
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN ["/bin/mkdir", "/home"]
"""
_PROMETHEUS = """\
FROM scratch
COPY . /
USER 65534
WORKDIR /prometheus
ENTRYPOINT ["/bin/prometheus"]
CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/tmp/data"]
"""
_GRAFANA = f"""\
FROM {BUSYBOX}
USER 472
CMD ["httpd", "-f", "-p", "3000", "-h", "/var/lib/grafana"]
"""


def _libraries(program):
    """What the dynamic linker loads for it; none for a program that is linked statically."""
    said = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    return re.findall(r"(/\S+) \(0x", said)


def _make(engine, name, dockerfile, program=None):
    if engine.has_image(name):
        return
    with tempfile.TemporaryDirectory() as room:
        root = pathlib.Path(room, "root")
        (root / "bin").mkdir(parents=True)
        (root / "tmp").mkdir()
        (root / "tmp").chmod(0o1777)
        if program:
            path = shutil.which(program)
            if path is None:
                raise unittest.SkipTest(f"{program} is not installed, and {name} is made of it")
            shutil.copy(path, root / "bin")
            for library in _libraries(path):
                place = root / library[1:]
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(library, place)
        written = pathlib.Path(room, "Dockerfile")
        written.write_text(dockerfile, encoding="ascii")
        engine.build(name, root, f"--file={written}")


def need_busybox(engine):
    """A small service: busybox's httpd."""
    _make(engine, BUSYBOX, _BUSYBOX, "busybox")


def need_prometheus(engine):
    """Debian's Prometheus."""
    _make(engine, PROMETHEUS, _PROMETHEUS, "prometheus")


def need_grafana(engine):
    """No Grafana: see above."""
    need_busybox(engine)
    _make(engine, GRAFANA, _GRAFANA)
