/*
 * From one datagram of the kernel's answer to calls of visit. Pure but for that, and safe for any bytes at all, at any
 * alignment, as sockdiag_decode.h is.
 */
#pragma once

#include "sockdiag.h"

/* What the datagrams of an answer are read for. */
struct sockdiag_answer {
    enum protocol protocol;
    uint32_t sequence; /* of the request that it answers */
    sockets_visit *visit;
    void *context;
    uint32_t read_after_ms; /* of the sockets in the datagram */
};

/*
 * Reads all messages of one datagram. ret_done: this was the end of the dump, and it was whole.
 * Returns 0; -EBADMSG for malformed bytes; -EINTR for a dump that the kernel calls inconsistent; -ENOBUFS for one that
 * lost messages; the errno that the kernel answered instead of sockets; or what visit returned.
 */
must_use int sockdiag_answer_read(const struct sockdiag_answer *answer, const void *datagram, size_t length,
                                  bool *ret_done, struct error *error);
