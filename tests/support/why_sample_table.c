#include <errno.h>

#include "why_sample.h"

#define IN_USE_EVERYWHERE                                                                                              \
    {                                                                                                                  \
        {"0.0.0.0", EADDRINUSE, EADDRINUSE, false},                                                                    \
        {                                                                                                              \
            "::", EADDRINUSE, EADDRINUSE, false                                                                        \
        }                                                                                                              \
    }
#define REUSABLE_EVERYWHERE                                                                                            \
    {                                                                                                                  \
        {"0.0.0.0", EADDRINUSE, 0, true},                                                                              \
        {                                                                                                              \
            "::", EADDRINUSE, 0, true                                                                                  \
        }                                                                                                              \
    }
#define IN_USE_ON_IPV6                                                                                                 \
    {                                                                                                                  \
        {"0.0.0.0", 0, 0, true},                                                                                       \
        {                                                                                                              \
            "::", EADDRINUSE, EADDRINUSE, false                                                                        \
        }                                                                                                              \
    }

const struct why_sample why_samples[] = {
    {
        .name = "time_wait",
        .endpoint = "8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_TIME_WAIT,
        .coloured = true,
        .plain_seconds = 43.7,
        .binds = IN_USE_EVERYWHERE,
        .holders = {{SOCK_TIME_WAIT, 3, "::ffff:127.0.0.1", "::ffff:127.0.0.1", 51644, 41700,
                     .direction = DIRECTION_INBOUND, .process = "python3", .first_pid = 4127, .unit = "app.service",
                     .exited = true}},
        .explanation = "Only TIME_WAIT sockets are left, and the server that closed these connections had not set "
                       "SO_REUSEADDR. On Linux the old and the new socket must both have it, so setting it now does "
                       "not help until these are gone.",
        .remedies = {{REMEDY_WAIT, "comes back when it is free", "tidewait wait 8080"},
                     {REMEDY_RELEASE, "needs CAP_NET_ADMIN; a deliberate act, see RFC 1337",
                      "tidewait release 8080 --time-wait"},
                     {REMEDY_CODE, "set SO_REUSEADDR in the server before bind():",
                      "sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)"}},
    },
    {
        .name = "time_wait_without_owner",
        .endpoint = "127.0.0.1:5432",
        .kind = VERDICT_HELD,
        .cause = CAUSE_TIME_WAIT,
        .plain_seconds = 0.05,
        .binds = {{"127.0.0.1", EADDRINUSE, EADDRINUSE, true}},
        .holders = {{SOCK_TIME_WAIT, 1, "127.0.0.1", "127.0.0.1", 51644, 1}},
        .explanation = "Only TIME_WAIT sockets are left, and the socket that left them had not set SO_REUSEADDR.",
        .remedies = {{REMEDY_CODE, "set SO_REUSEADDR in the server before bind():",
                      "int on = 1;\nsetsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));"}},
    },
    {
        .name = "time_wait_ipv6",
        .endpoint = "8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_TIME_WAIT,
        .plain_seconds = 43.7,
        .binds = IN_USE_ON_IPV6,
        .holders = {{SOCK_TIME_WAIT, 12345, "2001:db8:1234:5678:9abc:def0:1234:5678",
                     "2001:db8:1234:5678:9abc:def0:8765:4321", 51644, 41700}},
        .explanation = "Only TIME_WAIT sockets are left, and the socket that left them had not set SO_REUSEADDR.",
        .remedies = {{REMEDY_WAIT, "", "tidewait wait 8080"}},
    },
    {
        .name = "time_wait_reusable",
        .endpoint = "8080",
        .kind = VERDICT_REUSABLE,
        .cause = CAUSE_TIME_WAIT,
        .coloured = true,
        .plain_seconds = 43.7,
        .binds = REUSABLE_EVERYWHERE,
        .holders = {{SOCK_TIME_WAIT, 3, "127.0.0.1", "127.0.0.1", 51644, 41700}},
        .explanation = "Only TIME_WAIT sockets are left, of connections whose socket had set SO_REUSEADDR: a bind "
                       "that sets it, too, works now, a plain one when they are gone.",
        .remedies = {{REMEDY_WAIT, "comes back when it is free", "tidewait wait 8080"}},
    },
    {
        .name = "time_wait_asked_reuseaddr",
        .endpoint = "8080",
        .kind = VERDICT_REUSABLE,
        .cause = CAUSE_TIME_WAIT,
        .coloured = true,
        .asks_reuseaddr = true,
        .plain_seconds = 43.7,
        .binds = REUSABLE_EVERYWHERE,
        .holders = {{SOCK_TIME_WAIT, 3, "127.0.0.1", "127.0.0.1", 51644, 41700}},
    },
    {
        .name = "time_wait_not_tested",
        .endpoint = "8080",
        .kind = VERDICT_UNKNOWN,
        .cause = CAUSE_TIME_WAIT,
        .coloured = true,
        .plain_seconds = 43.7,
        .binds = {{"0.0.0.0", EADDRINUSE, WHY_SAMPLE_NOT_KNOWN, false},
                  {"::", EADDRINUSE, WHY_SAMPLE_NOT_KNOWN, false}},
        .holders = {{SOCK_TIME_WAIT, 3, "127.0.0.1", "127.0.0.1", 51644, 41700}},
        .explanation = "TIME_WAIT sockets are left on the port: a plain bind works when they are gone. Whether one "
                       "with SO_REUSEADDR works now was not tested.",
    },
    {
        .name = "listener",
        .endpoint = "8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_LISTENER,
        .coloured = true,
        .binds = IN_USE_EVERYWHERE,
        .holders = {{SOCK_LISTEN, 1, "0.0.0.0", .process = "nginx", .first_pid = 812, .unit = "nginx.service"}},
        .explanation = "A server is listening on 0.0.0.0:8080/tcp. A listening socket keeps every other bind away, "
                       "with SO_REUSEADDR or without; waiting does not help while it lives.",
        .remedies = {{REMEDY_STOP, "ends the server that listens", "systemctl stop nginx.service"}},
    },
    {
        .name = "listener_dual_stack",
        .endpoint = "127.0.0.1:8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_LISTENER,
        .binds = {{"127.0.0.1", EADDRINUSE, EADDRINUSE, false}},
        .holders = {{SOCK_LISTEN, 1, "::", .process = "node", .first_pid = 77, .unit = "container.scope",
                     .container = "0123456789abcdef0123456789abcdef"}},
        .explanation = "A server is listening on [::]:8080/tcp. It is an IPv6 socket that serves IPv4 as well, so a "
                       "look at IPv4 sockets alone does not show it.",
    },
    {
        .name = "listener_ipv6_only",
        .endpoint = "8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_LISTENER,
        .binds = IN_USE_ON_IPV6,
        .holders = {{SOCK_LISTEN, 1, "::", .process = "node", .first_pid = 77}},
        .explanation = "A server is listening on [::]:8080/tcp.",
    },
    {
        .name = "listener_shared",
        .endpoint = "8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_LISTENER,
        .binds = IN_USE_EVERYWHERE,
        .holders = {{SOCK_LISTEN, 1, "0.0.0.0", .process = "nginx", .first_pid = 812, .sharers = 2,
                     .unit = "nginx.service"},
                    {SOCK_LISTEN, 4, "127.0.0.1", .process = "nginx", .first_pid = 812, .sharers = 8,
                     .unit = "nginx.service"},
                    {SOCK_ESTABLISHED, 2, "10.0.0.1", "10.0.0.9", 51644, .process = "nginx", .first_pid = 814,
                     .unit = "nginx.service"}},
        .explanation = "A server is listening on 0.0.0.0:8080/tcp.",
    },
    {
        .name = "listener_hidden_owner",
        .endpoint = "8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_LISTENER,
        .binds = IN_USE_EVERYWHERE,
        .holders = {{SOCK_LISTEN, 1, "0.0.0.0"},
                    {SOCK_ESTABLISHED, 1, "10.0.0.1", "10.0.0.9", 51644, .process = "worker", .first_pid = 9}},
        .missing = "Some owners are hidden: CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH show them, as root has.",
        .explanation = "A server is listening on 0.0.0.0:8080/tcp.",
        .remedies = {{REMEDY_LOOK, "shows which process it is, to who may see it", "sudo tidewait why 8080"}},
    },
    {
        .name = "bound",
        .endpoint = "8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_BOUND,
        .binds = IN_USE_EVERYWHERE,
        .holders = {{SOCK_BOUND_INACTIVE, 1, "0.0.0.0", .process = "python3", .first_pid = 4127}},
        .explanation = "A socket is bound to the port and does not listen: a server that is starting, or one that "
                       "forgot to.",
        .remedies = {{REMEDY_STOP, "ends the process that has it bound", "kill 4127"}},
    },
    {
        .name = "bound_reusable",
        .endpoint = "8080",
        .kind = VERDICT_REUSABLE,
        .cause = CAUSE_BOUND,
        .binds = REUSABLE_EVERYWHERE,
        .holders = {{SOCK_BOUND_INACTIVE, 1, "0.0.0.0", .process = "python3", .first_pid = 4127}},
        .explanation = "It has set SO_REUSEADDR, so a bind that sets it, too, works now.",
    },
    {
        .name = "bound_reusable_ipv6_only",
        .endpoint = "8080",
        .kind = VERDICT_REUSABLE,
        .cause = CAUSE_BOUND,
        .binds = {{"0.0.0.0", 0, 0, true}, {"::", EADDRINUSE, 0, true}},
        .holders = {{SOCK_BOUND_INACTIVE, 1, "::"}},
        .explanation = "It has set SO_REUSEADDR, so a bind that sets it, too, works now.",
    },
    {
        .name = "bound_udp",
        .endpoint = "udp:53",
        .kind = VERDICT_HELD,
        .cause = CAUSE_BOUND,
        .binds = {{"0.0.0.0", EADDRINUSE, WHY_SAMPLE_NOT_KNOWN, true}, {"::", EADDRINUSE, WHY_SAMPLE_NOT_KNOWN, true}},
        .holders = {{SOCK_CLOSE, 1, "0.0.0.0", .process = "dnsmasq", .first_pid = 640},
                    {SOCK_ESTABLISHED, 2, "127.0.0.1", "127.0.0.53", 53, .process = "dnsmasq", .first_pid = 640}},
        .explanation = "A UDP socket is bound to the port. UDP has no states that end by themselves: the port is free "
                       "when the socket is closed.",
        .remedies = {{REMEDY_STOP, "ends the process that has it bound", "kill 640"}},
    },
    {
        .name = "outgoing",
        .endpoint = "33333",
        .kind = VERDICT_HELD,
        .cause = CAUSE_OUTGOING,
        .binds = IN_USE_EVERYWHERE,
        .holders = {{SOCK_ESTABLISHED, 1, "10.0.0.1", "10.0.0.5", 5432, .direction = DIRECTION_OUTBOUND,
                     .process = "java", .first_pid = 2210, .unit = "billing.service"}},
        .explanation = "An outgoing connection to 10.0.0.5:5432 uses the port as its source port.",
        .remedies = {{REMEDY_STOP, "ends the process that is connected", "systemctl stop billing.service"},
                     {REMEDY_RESERVE, "keeps outgoing connections away from the port; lasting in /etc/sysctl.d",
                      "sysctl -w net.ipv4.ip_local_reserved_ports=8080,33333"}},
    },
    {
        .name = "outgoing_without_owner",
        .endpoint = "33333",
        .kind = VERDICT_REUSABLE,
        .cause = CAUSE_OUTGOING,
        .binds = REUSABLE_EVERYWHERE,
        .holders = {{SOCK_SYN_SENT, 2, "10.0.0.1", "10.0.0.5", 5432, .direction = DIRECTION_OUTBOUND}},
        .explanation = "An outgoing connection to 10.0.0.5:5432 uses the port as its source port.",
    },
    {
        .name = "connected",
        .endpoint = "8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_CONNECTED,
        .binds = IN_USE_EVERYWHERE,
        .holders = {{SOCK_ESTABLISHED, 2, "10.0.0.1", "10.0.0.9", 51644, .direction = DIRECTION_INBOUND,
                     .process = "python3", .first_pid = 4127, .unit = "app.service"},
                    {SOCK_CLOSE_WAIT, 1, "10.0.0.1", "10.0.0.8", 40000, .direction = DIRECTION_INBOUND,
                     .process = "python3", .first_pid = 4127, .unit = "app.service"}},
        .explanation = "No server listens here any more, but 3 connections on the port are still open.",
        .remedies = {{REMEDY_STOP, "ends the process that still has the connections", "systemctl stop app.service"}},
    },
    {
        .name = "connected_reusable",
        .endpoint = "8080",
        .kind = VERDICT_REUSABLE,
        .cause = CAUSE_CONNECTED,
        .binds = REUSABLE_EVERYWHERE,
        .holders = {{SOCK_ESTABLISHED, 1, "::1", "::1", 51644, .direction = DIRECTION_INBOUND}},
        .explanation = "No server listens here any more, but one connection on the port is still open.",
    },
    {
        .name = "closing",
        .endpoint = "8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_CLOSING,
        .may_extend = true,
        .plain_seconds = 40.3,
        .binds = IN_USE_EVERYWHERE,
        .holders = {{SOCK_FIN_WAIT2, 3, "127.0.0.1", "127.0.0.1", 51644, 38250},
                    {SOCK_TIME_WAIT, 1, "127.0.0.1", "127.0.0.1", 51700, 12000}},
        .explanation = "Connections on the port are half closed: our side is done, the last word of the peer is "
                       "missing. A timer ends them, but a late FIN turns each into a TIME_WAIT, which starts anew.",
        .remedies = {{REMEDY_WAIT, "comes back when it is free", "tidewait wait 8080"}},
    },
    {
        .name = "closing_without_timer",
        .endpoint = "8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_CLOSING,
        .binds = IN_USE_EVERYWHERE,
        .holders = {{SOCK_LAST_ACK, 1, "127.0.0.1", "127.0.0.1", 51644}},
        .explanation = "Connections on the port are half closed.",
    },
    {
        .name = "denied",
        .endpoint = "8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_DENIED,
        .binds = {{"0.0.0.0", EPERM, EPERM, false}, {"::", EPERM, EPERM, false}},
        .explanation = "A policy of this system (cgroup BPF or a security module) refuses the bind, whoever holds the "
                       "port.",
        .remedies = {{REMEDY_LOOK, "shows the BPF programs that may refuse a bind", "bpftool cgroup tree"}},
    },
    {
        .name = "address",
        .endpoint = "192.0.2.1:8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_ADDRESS,
        .binds = {{"192.0.2.1", EADDRNOTAVAIL, EADDRNOTAVAIL, true}},
        .explanation = "The address does not belong to this network namespace, so nothing can bind it here.",
        .remedies = {{REMEDY_ADDRESS, "shows the addresses that can be bound here; 0.0.0.0 and [::] always can",
                      "ip -brief address"}},
    },
    {
        .name = "privileged",
        .endpoint = "127.0.0.1:80",
        .kind = VERDICT_HELD,
        .cause = CAUSE_PRIVILEGED,
        .binds = {{"127.0.0.1", EACCES, EACCES, true}},
        .explanation = "The port is below ip_unprivileged_port_start, and who asked lacks CAP_NET_BIND_SERVICE. The "
                       "socket table shows nobody on it.",
        .remedies = {{REMEDY_PRIVILEGE,
                      "in a systemd unit, for this server alone: AmbientCapabilities=CAP_NET_BIND_SERVICE", NULL},
                     {REMEDY_PRIVILEGE, "lets every user bind it and those above",
                      "sysctl -w net.ipv4.ip_unprivileged_port_start=80"}},
    },
    {
        .name = "privileged_not_known",
        .endpoint = "80",
        .kind = VERDICT_UNKNOWN,
        .cause = CAUSE_PRIVILEGED,
        .binds = {{"0.0.0.0", EACCES, EACCES, false}, {"::", EACCES, EACCES, false}},
        .explanation = "The port is below ip_unprivileged_port_start, and who asked lacks CAP_NET_BIND_SERVICE. The "
                       "socket table shows nobody on it.",
    },
    {
        .name = "unseen",
        .endpoint = "8080",
        .kind = VERDICT_HELD,
        .cause = CAUSE_UNSEEN,
        .binds = IN_USE_EVERYWHERE,
        .explanation = "The kernel refuses the bind, and its socket table shows no socket that could be why: before "
                       "Linux 6.8 a socket that is bound and does not listen is hidden.",
        .remedies = {{REMEDY_LOOK, "a Linux of 6.8 or later shows sockets that are bound and do not listen", NULL}},
    },
    {
        .name = "free",
        .endpoint = "8080",
        .kind = VERDICT_FREE,
        .cause = CAUSE_NONE,
        .coloured = true,
        .binds = {{"0.0.0.0", 0, 0, true}, {"::", 0, 0, true}},
        .explanation = "Nothing holds the port: a plain bind works.",
    },
    {
        .name = "free_ephemeral_udp",
        .endpoint = "udp:[::1]:40000",
        .kind = VERDICT_FREE,
        .cause = CAUSE_NONE,
        .binds = {{"::1", 0, WHY_SAMPLE_NOT_KNOWN, false}},
        .explanation = "Nothing holds the port: a plain bind works.",
        .remedies = {{REMEDY_RESERVE,
                      "the port lies in ip_local_port_range: until it is bound or reserved, an outgoing connection "
                      "can take it",
                      "sysctl -w net.ipv4.ip_local_reserved_ports=40000"}},
    },
    {
        .name = "unknown",
        .endpoint = "8080",
        .kind = VERDICT_UNKNOWN,
        .cause = CAUSE_UNKNOWN,
        .coloured = true,
        .binds = {{"0.0.0.0", 0, 0, false}, {"::", WHY_SAMPLE_NOT_KNOWN, 0, false}},
        .explanation = "The socket table alone does not decide it, and no test-bind did.",
    },
    {
        .name = "unknown_udp",
        .endpoint = "udp:53",
        .kind = VERDICT_UNKNOWN,
        .cause = CAUSE_UNKNOWN,
        .binds = {{"0.0.0.0", 0, WHY_SAMPLE_NOT_KNOWN, false},
                  {"::", WHY_SAMPLE_NOT_KNOWN, WHY_SAMPLE_NOT_KNOWN, false}},
        .explanation = "The socket table alone does not decide it, and no test-bind did.",
    },
};
const size_t why_sample_count = sizeof(why_samples) / sizeof(why_samples[0]);
