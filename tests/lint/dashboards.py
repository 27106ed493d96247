"""The sources of dashboards, alerts and rules are as jsonnetfmt writes them, and what is made of them is committed."""

import pathlib
import subprocess
import tempfile

from sources import find, finish, need, run_all

PLACE = pathlib.Path("dashboards")

need("jsonnet")
need("jsonnetfmt")


def is_committed(made, path):
    """Says so when not."""
    committed = PLACE / path
    if committed.is_file() and committed.read_bytes() == made.read_bytes():
        return True
    print(f"{committed} is not what dashboards/generate makes")
    return False


sources = find(PLACE, suffixes={".libsonnet"})
failed = run_all(["jsonnetfmt", "--test", str(path)] for path in sources)
with tempfile.TemporaryDirectory() as room:
    subprocess.run([PLACE / "generate", room], check=True)
    made = find(room, suffixes={".json", ".yml"})
    failed += sum(not is_committed(path, path.relative_to(room)) for path in made)
# A dashboard that nothing makes any more.
left = set(PLACE.glob("grafana/*.json")) - {PLACE / path.relative_to(room) for path in made}
for path in sorted(left):
    print(f"{path} is made by nothing")
finish(failed + len(left), len(sources) + len(made))
