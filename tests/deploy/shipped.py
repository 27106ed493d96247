"""What we ship: its version, and the name of its image, as the build script gives it."""

import pathlib
import re

SOURCE = pathlib.Path(__file__).resolve().parents[2]
VERSION = re.search(r"project\(tidewait VERSION ([\d.]+)", (SOURCE / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
IMAGE = f"localhost/tidewait:{VERSION}"
