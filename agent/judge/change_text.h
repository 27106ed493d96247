/* The words of an event, in the tone of `why`. Private to the judge. */
#pragma once

#include "model/event.h"
#include "model/report.h"

/* "held by TIME_WAIT, free in 43.7 s; before: a listener of python3 (4127)" */
void change_text_verdict(struct event *event, const struct verdict *before, const struct verdict *now);

/* What is in the way of a bind: "a listener of python3 (4127)"; or why none works. */
void change_text_obstacle(struct event *event, const struct verdict *verdict);
/* It is something that holds the port, not a reason. */
bool change_text_is_holder(const struct verdict *verdict);

/* " of python3 (4127) in app.service", " of nginx (12) and 3 more in container 0123456789ab"; nothing when not known.
 */
void change_text_owners(struct event *event, const char *preposition, const struct owner *owners, size_t count);

/* "10.0.0.5:5432" */
void change_text_peer(struct event *event, const struct holder *holder);
