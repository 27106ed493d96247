"""What a pod asks for beyond the level `restricted` of Kubernetes' Pod Security Standards (pods on Linux)."""

_HOST = ("hostNetwork", "hostPID", "hostIPC")
_VOLUMES = {"name", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected",
            "secret"}
_SECCOMP = {"RuntimeDefault", "Localhost"}
_APPARMOR = {None, "RuntimeDefault", "Localhost"}
_SYSCTLS = {"kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
            "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
            "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
            "net.ipv4.tcp_keepalive_probes"}
_SELINUX = {None, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}


def beyond_restricted(pod, annotations=None):
    """Names of the controls that a pod's spec does not meet; empty: it passes."""
    asked = {name for name in _HOST if pod.get(name)}
    asked |= {"volumes" for volume in pod.get("volumes", []) if not set(volume) <= _VOLUMES}
    shared = pod.get("securityContext", {})
    asked |= {"sysctls" for each in shared.get("sysctls", []) if each["name"] not in _SYSCTLS}
    asked |= {"appArmor" for name, value in (annotations or {}).items()
              if name.startswith("container.apparmor.security.beta.kubernetes.io/") and value == "unconfined"}
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for container in pod.get(kind, []):
            # What the container says goes before what the pod says.
            asked |= _of_container({**shared, **container.get("securityContext", {})}, bool(pod.get("hostNetwork")),
                                   container.get("ports", []))
    return asked


def _of_container(context, on_host, ports):
    capabilities = context.get("capabilities", {})
    added = set(capabilities.get("add", []))
    selinux = context.get("seLinuxOptions", {})
    failed = {
        "privileged": context.get("privileged", False),
        "hostPorts": any(port.get("hostPort") or on_host for port in ports),
        "capabilities": "ALL" not in capabilities.get("drop", []) or added - {"NET_BIND_SERVICE"},
        "allowPrivilegeEscalation": context.get("allowPrivilegeEscalation", True),
        "runAsNonRoot": not context.get("runAsNonRoot", False),
        "runAsUser": context.get("runAsUser") == 0,
        "seccompProfile": context.get("seccompProfile", {}).get("type") not in _SECCOMP,
        "appArmor": context.get("appArmorProfile", {}).get("type") not in _APPARMOR,
        "procMount": context.get("procMount", "Default") != "Default",
        "seLinux": selinux.get("type") not in _SELINUX or "user" in selinux or "role" in selinux,
    }
    return {name for name, is_asked in failed.items() if is_asked}
