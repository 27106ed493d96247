"""A kernel of a Debian package, booted in QEMU with a file system in memory: it runs some commands, and is gone."""

import collections
import lzma
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile

INIT = pathlib.Path(__file__).parent / "init"
BUSYBOX = "/bin/busybox"
TOOLS = ("qemu-system-x86_64", "cpio", "dpkg-deb")
# In the order in which they must come. They make netlink tell of sockets; veth is another device than lo.
MODULES = ("inet_diag", "tcp_diag", "udp_diag", "veth")
MEMORY = "512M"
# The second serial line is the kernel's; a kernel that panics is not to wait.
KERNEL_ARGUMENTS = "console=ttyS1 panic=-1 mitigations=off rdinit=/init"

Outcome = collections.namedtuple("Outcome", "status output seconds")

# As init says it.
_RUN = re.compile(r"^@@ begin (.+)\n((?:.*\n)*?)\n?@@ end \1 (\d+) ([\d.]+) ([\d.]+)\n", re.MULTILINE)


def missing_tools():
    """What must be installed before boot() can work."""
    return [tool for tool in TOOLS if shutil.which(tool) is None] + [BUSYBOX] * (not pathlib.Path(BUSYBOX).exists())


def boot(package, programs, commands, seconds):
    """Runs the commands, a dictionary of names and shell commands, in this order; the programs are in their PATH.

    Returns an Outcome for each that came to an end, by name, and what the kernel had to say.
    """
    with tempfile.TemporaryDirectory() as folder:
        room = pathlib.Path(folder)
        kernel = room / "vmlinuz"
        image = _build(package, programs, commands, room / "root", kernel)
        said, log = room / "said", room / "log"
        command = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "qemu64", "-m", MEMORY, "-nodefaults",
                   "-no-user-config", "-display", "none", "-no-reboot", "-serial", f"file:{said}",
                   "-serial", f"file:{log}", "-kernel", kernel, "-initrd", image, "-append", KERNEL_ARGUMENTS]
        try:
            subprocess.run(command, stdin=subprocess.DEVNULL, check=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            pass
        return _read(said.read_text(errors="replace")), log.read_text(errors="replace")


def _read(said):
    """The outcomes, by name."""
    return {name: Outcome(int(status), output, float(ended) - float(began))
            for name, output, status, began, ended in _RUN.findall(said.replace("\r", ""))}


def _build(package, programs, commands, root, kernel):
    """Writes the kernel; returns the archive that it unpacks as its file system."""
    for folder in ("bin", "dev", "modules", "proc", "sys", "tmp"):
        (root / folder).mkdir(parents=True)
    shutil.copy(INIT, root / "init")
    for path in (BUSYBOX, *programs):
        _add(path, root / "bin", root)
    for applet in subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if not (root / "bin" / applet).exists():
            (root / "bin" / applet).symlink_to("busybox")
    lines = [f"{name}\t{command}\n" for name, command in commands.items()]
    (root / "commands").write_text("".join(lines), encoding="utf-8")
    _unpack(package, kernel, root / "modules")
    archive = root.with_suffix(".cpio")
    names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
    with open(archive, "wb") as file:
        subprocess.run(["cpio", "--create", "--format=newc", "--owner=0:0", "--quiet"], cwd=root, input=names.encode(),
                       stdout=file, check=True)
    return archive


def _add(program, folder, root):
    """With every library that it needs, in its place."""
    shutil.copy(program, folder)
    needed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    for library in re.findall(r"(/\S+) \(0x", needed):
        place = root / library.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, place)


def _unpack(package, kernel, modules):
    """The kernel and the modules out of the package."""
    stream = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE)
    with stream, tarfile.open(fileobj=stream.stdout, mode="r|") as archive:
        for member in archive:
            name, _, packed = pathlib.PurePath(member.name).name.partition(".ko")
            if member.name.startswith("./boot/vmlinuz-"):
                kernel.write_bytes(archive.extractfile(member).read())
            elif name in MODULES and member.isfile():
                content = archive.extractfile(member).read()
                (modules / f"{name}.ko").write_bytes(lzma.decompress(content) if packed == ".xz" else content)
    (modules / "order").write_text("".join(f"/modules/{name}.ko\n" for name in MODULES), encoding="ascii")
