/* The OWNER of a row of `tidewait ports`. */
#pragma once

#include "base/buf.h"
#include "model/verdict.h"

/*
 * "sshd (812), ssh.service", "python3 (4127, exited)", "nginx (12) and 3 more, nginx.service",
 * "redis (7), container 0123456789ab"; "-" when no owner is known. Speaks of the sockets that decide.
 */
void text_owner_add(const struct verdict *verdict, struct buf *buf);
