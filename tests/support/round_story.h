/* One round after the other, and what changes_look() makes of each. Include after <cmocka.h>. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge/changes.h"
#include "report_sample.h"

#define ROUND_STORY_EVENTS_MAX 16

/* The rounds so far, and the events of the last one. */
struct round_story {
    struct changes changes;
    struct event events[ROUND_STORY_EVENTS_MAX];
    size_t count;
    int64_t seconds;
};

static inline void round_story_done(struct round_story *story)
{
    changes_done(&story->changes);
}

static inline void round_story_keep(void *context, const struct event *event)
{
    struct round_story *story = context;
    assert_true(story->count < ROUND_STORY_EVENTS_MAX);
    story->events[story->count++] = *event;
}

/* The next round, five seconds later; takes the report over. */
static inline void round_story_look(struct round_story *story, struct report *report)
{
    story->seconds += 5;
    report->taken_at.monotonic_ns = story->seconds * CLOCK_NS_PER_S;
    report->taken_at.realtime_ns = REPORT_SAMPLE_TAKEN_NS + story->seconds * CLOCK_NS_PER_S;
    story->count = 0;
    assert_int_equal(changes_look(&story->changes, report, round_story_keep, story), 0);
    for (size_t i = 0; i < story->count; i++) {
        assert_int_equal(story->events[i].at_ns, report->taken_at.realtime_ns);
        assert_int_equal(story->events[i].id, 0);
    }
    report_unref(report);
}

static inline void round_story_assert_event(const struct round_story *story, size_t index, enum event_kind kind,
                                            const char *text)
{
    assert_true(index < story->count);
    assert_string_equal(story->events[index].text, text);
    assert_int_equal(story->events[index].kind, kind);
    assert_string_equal(story->events[index].netns, strstr(text, " in web: ") != NULL ? "web" : "self");
}

static inline struct report *round_story_free(void)
{
    struct report *report = report_sample_new();
    report_sample_port(report, "8080", VERDICT_FREE, CAUSE_NONE);
    return report;
}

/* 8080/tcp with a listener of the process; pid 0: its owner is not known. */
static inline struct report *round_story_listening(const char *process, int32_t pid)
{
    struct report *report = report_sample_new();
    struct report_port *port = report_sample_port(report, "8080", VERDICT_HELD, CAUSE_LISTENER);
    struct holder *holder = report_sample_holder(port, SOCK_LISTEN, "0.0.0.0", 1);
    struct report_listener *listener = report_sample_listener(report, "0.0.0.0", 8080);
    holder->queue_limit = 128;
    if (pid > 0) {
        listener->owner = *report_sample_owner(holder, process, pid);
        listener->owner_known = true;
    }
    return report;
}

/* The round also saw the namespace "web", which looks like the agent's own in the other one. */
static inline struct report *round_story_with_web(struct report *report, struct report *web)
{
    report->others = calloc(1, sizeof(*report->others));
    assert_non_null(report->others);
    report->other_count = 1;
    report->others[0] = web->netns;
    web->netns = (struct report_netns){0};
    report_unref(web);
    (void)snprintf(report->others[0].name, sizeof(report->others[0].name), "web");
    return report;
}
