/* What happened so far, as answers: the events, and the history of a port. */
#pragma once

#include "answer.h"
#include "request.h"

must_use int past_events(struct board *board, const struct request *request, struct answer *answer);
/* port: of the path. */
must_use int past_history(struct board *board, const struct request *request, const char *port, struct answer *answer);
