/* The OWNER of a row of `tidewait ports`, and of one of `tidewait why`. */
#pragma once

#include "base/buf.h"
#include "model/verdict.h"

/*
 * "sshd (812), ssh.service", "python3 (4127, exited)", "nginx (12) and 3 more, nginx.service",
 * "redis (7), container web", by its id where its name is not known: "container 0123456789ab"; "-" when no owner is
 * known. Speaks of the sockets that decide.
 */
void text_owner_add(const struct verdict *verdict, struct buf *buf);

/* "java (2210), billing.service"; with others of its kind: "java (2210) and others, billing.service". */
void text_owner_add_one(const struct owner *owner, bool others, struct buf *buf);

/*
 * Of one group of sockets: up to three processes all named, of more the first and how many more; "-" when none is
 * known. "nginx (12), nginx (13), nginx.service"; where they live apart: "systemd (1), init.scope; app (77),
 * app.service".
 */
void text_owner_add_sharers(const struct holder *holder, struct buf *buf);
