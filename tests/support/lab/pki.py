"""Certificates, made by openssl; and hashes of passwords."""

import pathlib
import subprocess
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt

_EXTENSIONS = {
    "ca": ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"),
    "server": ("subjectAltName=DNS:localhost,IP:127.0.0.1", "extendedKeyUsage=serverAuth"),
    "client": ("extendedKeyUsage=clientAuth",),
}


class Certificate:
    """NAME.pem and NAME.key in a directory, signed by another one or by itself; kind: ca, server or client."""

    def __init__(self, directory, name, kind, issuer=None):
        self.certificate = pathlib.Path(directory, f"{name}.pem")
        self.key = pathlib.Path(directory, f"{name}.key")
        extensions = [argument for extension in _EXTENSIONS[kind] for argument in ("-addext", extension)]
        signer = ("-CA", issuer.certificate, "-CAkey", issuer.key) if issuer else ()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", f"/CN={name}", "-keyout", self.key, "-out", self.certificate,
                        *extensions, *signer],
                       check=True, capture_output=True)


def bcrypt(password, cost=4):
    """As htpasswd -B makes it."""
    return crypt.crypt(password, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=1 << cost))
