/* Reads the head of an HTTP answer: bytes in, a value out. Private to the folder. RFC 9112. */
#pragma once

#include <stddef.h>

#include "base/cleanup.h"

struct httphead {
    unsigned status;
    size_t length;      /* of the head, the empty line included: where the body begins */
    size_t body_length; /* as Content-Length says */
};

/*
 * Returns 0; -EAGAIN when the head has not ended yet; -EPROTO when it is none, or when the length of its body is not
 * told, told twice, or above body_max.
 */
must_use int httphead_read(const char *bytes, size_t length, size_t body_max, struct httphead *ret_head);
