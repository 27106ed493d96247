/* Hands an answer over to libmicrohttpd. */
#pragma once

#include <microhttpd.h>
#include <stdbool.h>

#include "answer.h"

/*
 * Queues the answer with the headers that belong to it; the body is taken over. last: tells the client that the
 * connection ends with it. Returns MHD_NO when memory lacks, as the callbacks of the library want it.
 */
must_use enum MHD_Result response_queue(struct MHD_Connection *connection, struct answer *answer, bool last);
