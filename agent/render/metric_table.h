/* Every metric: name, type, help. The renderer, the catalogue and the checks of the dashboards use this one list. */
#pragma once

/* X(ID, name, type, help), in the order in which they are rendered; help without backslash, newline and quote. */
#define METRIC_TABLE(X)                                                                                                \
    /* The namespace as a whole. */                                                                                    \
    X(SOCKETS, "tidewait_sockets", gauge,                                                                              \
      "Sockets by protocol, address family and state. A state that this kernel cannot show is absent.")                \
    X(LISTEN_QUEUE_LENGTH, "tidewait_listen_queue_length", gauge,                                                      \
      "Connections that wait for accept(); with several sockets on one address and port, of the fullest.")             \
    X(LISTEN_QUEUE_LIMIT, "tidewait_listen_queue_limit", gauge,                                                        \
      "Limit of the accept queue: the backlog of listen(), at most somaxconn. The queue is full when its length is "   \
      "greater.")                                                                                                      \
    X(LISTENER_RESTART_SAFE, "tidewait_listener_restart_safe", gauge,                                                  \
      "0: one of the sockets that listen here has neither SO_REUSEADDR nor SO_REUSEPORT, so that its server fails to " \
      "start again for up to a minute when it ends with connections open; 1: each has one. Absent when unknown.")      \
    X(LISTENER_INFO, "tidewait_listener_info", info,                                                                   \
      "Always 1: the process that listens, where its owner is known; unit and container_id are empty when it has "     \
      "none.")                                                                                                         \
    X(EPHEMERAL_PORTS, "tidewait_ephemeral_ports", gauge, "Size of ip_local_port_range, reserved ports included.")     \
    X(EPHEMERAL_PORTS_RESERVED, "tidewait_ephemeral_ports_reserved", gauge,                                            \
      "Ports of ip_local_port_range that ip_local_reserved_ports keeps from outgoing connections.")                    \
    X(EPHEMERAL_PORTS_USED, "tidewait_ephemeral_ports_used", gauge,                                                    \
      "Distinct local ports of ip_local_port_range that have a socket.")                                               \
    X(TIME_WAIT_LIMIT, "tidewait_time_wait_limit", gauge,                                                              \
      "tcp_max_tw_buckets: beyond so many TIME_WAIT sockets the kernel ends connections without one.")                 \
    X(TIME_WAIT_OVERFLOW_TOTAL, "tidewait_time_wait_overflow_total", counter,                                          \
      "Connections that ended without a TIME_WAIT because tcp_max_tw_buckets was reached, since the namespace was "    \
      "made.")                                                                                                         \
    X(TIME_WAIT_RECYCLED_TOTAL, "tidewait_time_wait_recycled_total", counter,                                          \
      "TIME_WAIT sockets that made way for a new outgoing connection, since the namespace was made.")                  \
    X(LISTEN_OVERFLOWS_TOTAL, "tidewait_listen_overflows_total", counter,                                              \
      "Handshakes dropped because an accept queue was full, since the namespace was made; a client tries again.")      \
    X(LISTEN_DROPS_TOTAL, "tidewait_listen_drops_total", counter,                                                      \
      "Handshakes that listeners dropped for any reason, a full accept queue included, since the namespace was made.") \
    X(TCP_TW_REUSE, "tidewait_tcp_tw_reuse", gauge,                                                                    \
      "tcp_tw_reuse: whether outgoing connections may take over a TIME_WAIT: 0 no, 1 yes, 2 on loopback only.")        \
    X(TCP_FIN_TIMEOUT_SECONDS, "tidewait_tcp_fin_timeout_seconds", gauge,                                              \
      "tcp_fin_timeout: how long an orphaned FIN_WAIT2 is kept.")                                                      \
    X(SOMAXCONN, "tidewait_somaxconn", gauge, "somaxconn: the largest accept queue that listen() grants.")             \
    X(UNPRIVILEGED_PORT_START, "tidewait_unprivileged_port_start", gauge,                                              \
      "ip_unprivileged_port_start: binding a port below it takes CAP_NET_BIND_SERVICE.")                               \
    X(SOCKET_SOURCE, "tidewait_socket_source", gauge,                                                                  \
      "1 for where the sockets are read from: netlink, or procfs where netlink is refused: it tells neither bound "    \
      "sockets, nor limits of accept queues, nor which ports bind() chose.")                                           \
    /* Each port. */                                                                                                   \
    X(PORT_SOCKETS, "tidewait_port_sockets", gauge,                                                                    \
      "Sockets by protocol, local port and state. Ports that are not tracked add up in the ports ephemeral (inside "   \
      "ip_local_port_range) and other, so that the sum over ports is the total.")                                      \
    X(PORT_TIME_WAIT_LONGEST_REMAINING_SECONDS, "tidewait_port_time_wait_longest_remaining_seconds", gauge,            \
      "Time until the last of the port's present TIME_WAIT sockets is due to end. 0: it has none.")                    \
    X(PORT_BINDABLE, "tidewait_port_bindable", gauge,                                                                  \
      "1: a server could bind the endpoint now, without or with SO_REUSEADDR; 0: it could not, which is normal while " \
      "a healthy listener has the port. Address * is the worse of 0.0.0.0 and dual-stack [::]. Absent when unknown.")  \
    X(PORT_BLOCKED, "tidewait_port_blocked", gauge,                                                                    \
      "1 for the cause why a bind without SO_REUSEADDR fails, 0 for each other cause; all 0 when the endpoint is "     \
      "free. Absent when unknown.")                                                                                    \
    X(PORT_FREES_IN_SECONDS, "tidewait_port_frees_in_seconds", gauge,                                                  \
      "Time until a bind works, without or with SO_REUSEADDR, if nothing else happens. 0: it works now. Absent when "  \
      "waiting will not help, or when it is not known.")                                                               \
    X(PORT_EXPECTED, "tidewait_port_expected", gauge,                                                                  \
      "Always 1: what the configuration expects of the endpoint, listening or free.")                                  \
    X(PORT_IN_EPHEMERAL_RANGE, "tidewait_port_in_ephemeral_range", gauge,                                              \
      "1: an outgoing connection can take this tracked port, which lies in ip_local_port_range and is not reserved; "  \
      "0: none can.")                                                                                                  \
    /* What several rounds tell: TIME_WAIT, and where ephemeral ports lead. */                                         \
    X(PORT_TIME_WAIT_ENTERED_TOTAL, "tidewait_port_time_wait_entered_total", counter,                                  \
      "Sockets that entered TIME_WAIT since the agent started, each counted once, by the local port or the "           \
      "sum that they belonged to when they were first seen.")                                                          \
    X(TIME_WAIT_MISSED_TOTAL, "tidewait_time_wait_missed_total", counter,                                              \
      "TIME_WAIT sockets that came and went between two rounds, estimated from TcpExt; never too many. They "          \
      "are in no other counter.")                                                                                      \
    X(TIME_WAIT_LEDGER_EXACT, "tidewait_time_wait_ledger_exact", gauge,                                                \
      "1: every TIME_WAIT of the last round was counted by its identity; 0: there were too many, and some "            \
      "were counted by their time of entry, or the source tells addresses and ports only.")                            \
    X(DESTINATION_PORTS_USED, "tidewait_destination_ports_used", gauge,                                                \
      "Ephemeral ports taken towards a destination, by live connections and by TIME_WAITs. Only "                      \
      "destinations above 5 % of what is usable, the 20 fullest at the most.")                                         \
    X(DESTINATION_PORTS_USABLE, "tidewait_destination_ports_usable", gauge,                                            \
      "Ephemeral ports that connect() can use towards the destination in all; it fails when as many are "              \
      "used.")                                                                                                         \
    X(DESTINATION_TIME_WAIT_ENTERED_TOTAL, "tidewait_destination_time_wait_entered_total", counter,                    \
      "Sockets that entered TIME_WAIT towards the destination, since it was first seen.")                              \
    X(DESTINATION_PORTS_USED_MAX_RATIO, "tidewait_destination_ports_used_max_ratio", gauge,                            \
      "Of the fullest destination: ports used over ports usable. 1: connect() fails there.")                           \
    X(DESTINATION_UNCOUNTED_SOCKETS, "tidewait_destination_uncounted_sockets", gauge,                                  \
      "Sockets on ephemeral ports whose destination could not be told apart, because there were too many "             \
      "destinations. 0 is normal.")                                                                                    \
    /* The agent. */                                                                                                   \
    X(ROUNDS_TOTAL, "tidewait_rounds_total", counter, "Rounds begun: a look at all sockets, then the verdicts.")       \
    X(ROUND_FAILURES_TOTAL, "tidewait_round_failures_total", counter,                                                  \
      "Rounds that failed, by the stage that failed. After a failure nothing of the sockets is shown until a round "   \
      "succeeds.")                                                                                                     \
    X(ROUND_DURATION_SECONDS, "tidewait_round_duration_seconds", histogram, "Time that a round took.")                 \
    X(ROUND_SOCKETS, "tidewait_round_sockets", gauge, "Sockets seen by the last round that succeeded.")                \
    X(INTERVAL_SECONDS, "tidewait_interval_seconds", gauge,                                                            \
      "Time between two rounds in effect: --interval, or more where the CPU budget asks for it.")                      \
    X(LAST_ROUND_SUCCESS_TIMESTAMP_SECONDS, "tidewait_last_round_success_timestamp_seconds", gauge,                    \
      "When the last round succeeded, since 1970; what is shown was measured then. Absent before the first.")          \
    X(NETNS, "tidewait_netns", gauge,                                                                                  \
      "Network namespaces: watched, those whose sockets the last round saw; unreachable, those that it was to see, "   \
      "too, and could not: the report says why.")                                                                      \
    X(NETNS_HIDDEN_PROCESSES, "tidewait_netns_hidden_processes", gauge,                                                \
      "Processes whose network namespace may not be read, for lack of CAP_SYS_PTRACE: it may be one that is not "      \
      "watched.")                                                                                                      \
    X(PROBES_TOTAL, "tidewait_probes_total", counter, "Test-binds made.")                                              \
    X(PROBE_FAILURES_TOTAL, "tidewait_probe_failures_total", counter,                                                  \
      "Test-binds that could not be made, for lack of a descriptor or memory. A refused bind is an answer, not a "     \
      "failure.")                                                                                                      \
    X(HTTP_REQUESTS_TOTAL, "tidewait_http_requests_total", counter,                                                    \
      "HTTP requests answered, by path and status code.")                                                              \
    X(HTTP_REJECTED_TOTAL, "tidewait_http_rejected_total", counter,                                                    \
      "HTTP requests and connections refused: host and method are requests; deadline: a request or its answer took "   \
      "too long; connections: one that asked for nothing made way for a new one; per_address: too many from one.")     \
    X(CONFIG_LAST_RELOAD_SUCCESSFUL, "tidewait_config_last_reload_successful", gauge,                                  \
      "1: the configuration was right when it was read last; 0: it was wrong, and the former one stays in force. "     \
      "Absent without a configuration file.")                                                                          \
    X(CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP_SECONDS, "tidewait_config_last_reload_success_timestamp_seconds", gauge,    \
      "When the configuration was last read without a fault, since 1970. Absent without a configuration file.")        \
    X(BUILD_INFO, "tidewait_build_info", info, "Always 1: what is running, and what it was built with.")               \
    X(PROCESS_CPU_SECONDS_TOTAL, "process_cpu_seconds_total", counter,                                                 \
      "CPU time that the agent has used, user and system.")                                                            \
    X(PROCESS_RESIDENT_MEMORY_BYTES, "process_resident_memory_bytes", gauge, "Resident memory of the agent.")          \
    X(PROCESS_OPEN_FDS, "process_open_fds", gauge, "File descriptors that the agent has open.")                        \
    X(PROCESS_MAX_FDS, "process_max_fds", gauge, "File descriptors that the agent may have open.")                     \
    X(PROCESS_START_TIME_SECONDS, "process_start_time_seconds", gauge, "When the agent started, since 1970.")

#define METRIC_TABLE_ID(id, name, type, help) METRIC_##id,
enum metric { METRIC_TABLE(METRIC_TABLE_ID) METRIC_COUNT };
#undef METRIC_TABLE_ID

struct metric_table_row {
    const char *name; /* of the family, with its prefix */
    const char *type; /* "gauge", "counter", "histogram" or "info" (a gauge in the Prometheus format) */
    const char *help;
};

extern const struct metric_table_row metric_table[METRIC_COUNT];
