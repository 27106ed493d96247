/* Where the kernel's socket tables are read: through netlink; where that is refused, from /proc/net, which has less. */
#pragma once

enum source_kind {
    SOURCE_NETLINK, /* sock_diag(7) */
    SOURCE_PROCFS,  /* proc(5): no bound sockets, no cookies, no backlogs, nothing of who opened a connection */
};
#define SOURCE_COUNT 2

struct source {
    enum source_kind kind;
    int refusal; /* of SOURCE_PROCFS: the errno with which netlink is refused; else 0 */
};

/* "netlink", "procfs": the label of socket_source. */
const char *source_name(enum source_kind kind);

#define SOURCE_REASON_MAX 64
/* Why it is not netlink: "netlink is refused (EPROTONOSUPPORT)"; "" when it is. */
void source_reason(const struct source *source, char ret_text[static SOURCE_REASON_MAX]);
