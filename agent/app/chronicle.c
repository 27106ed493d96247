#include "chronicle.h"

#include "base/clock.h"
#include "base/version.h"

int chronicle_open(struct board *board, int64_t history_ns, int64_t interval_ns, struct chronicle *ret_chronicle)
{
    struct history *history = NULL;
    int r = history_ns > 0 ? history_new(history_ns, interval_ns, &history) : 0;
    if (r < 0)
        return r;
    board_keep(board, history);
    *ret_chronicle = (struct chronicle){.board = board};
    chronicle_tell(ret_chronicle, EVENT_AGENT_STARTED, "the agent has started, tidewait " TIDEWAIT_VERSION);
    return 0;
}

void chronicle_done(struct chronicle *chronicle)
{
    changes_done(&chronicle->changes);
}

static void tell_board(void *board, const struct event *event)
{
    board_tell(board, event);
}

int chronicle_add(struct chronicle *chronicle, struct report *report)
{
    int r = changes_look(&chronicle->changes, report, tell_board, chronicle->board);
    int sampled = board_sample(chronicle->board, report);
    return r < 0 ? r : sampled;
}

void chronicle_tell(struct chronicle *chronicle, enum event_kind kind, const char *sentence)
{
    struct event event = {.at_ns = clock_now().realtime_ns, .kind = kind, .netns = "self"};
    event_say(&event, "%s", sentence);
    board_tell(chronicle->board, &event);
}
