/*
 * The kernel's socket table for tests, as one would tell it. A line is a socket, or N alike:
 *
 *   [udp] STATE ADDRESS [port P] [to ADDRESS P] [xN] [left MS] [read MS] [inode N] [cookie N] [dev N]
 *         [queue LENGTH LIMIT] [inbound|outbound] [dual|v6only|v6only?] [orphan]
 *
 * What is left out is as the kernel shows it: tcp, port 8080; listening and bound IPv6 sockets are dual-stack on ::,
 * v6only on any other address, and of those in another state the kernel does not tell; no inode; every socket a cookie
 * of its own; TIME_WAIT a minisocket, FIN_WAIT2 only when it is an orphan. N alike have consecutive peer ports, cookies
 * and inodes. A line that cannot be read ends the test.
 */
#pragma once

#include "model/census.h"
#include "model/verdict.h"

/* The lines of a table, of binds; a table without a socket is NULL. */
#define WORLD(...) ((const char *const[]){__VA_ARGS__, NULL})

#define WORLD_PORT 8080

struct address world_address(const char *text);
/* Of the commonest host: Linux 6.18 at 250 Hz, ip_local_port_range 32768–60999, nothing reserved, all else the
 * defaults. */
struct kernel_settings world_settings(void);

/* The sockets of a table, for one port; release with holders_done(). */
struct holders world_holders(const char *const *lines);
/* Folds the sockets of a table into a round that has begun. */
void world_enter(struct census *census, const char *const *lines);

/* Test-binds, performed: "0.0.0.0 plain EADDRINUSE", "127.0.0.1 reuseaddr ok". Returns how many. */
size_t world_binds(const char *const *lines, struct bind_result ret_binds[static VERDICT_BINDS_MAX]);
/* The same, and how: "0.0.0.0 plain EADDRINUSE inferred". */
#define WORLD_BIND_MAX (ADDRESS_TEXT_MAX + 40)
void world_bind_format(const struct bind_result *bind, char ret_text[static WORLD_BIND_MAX]);
