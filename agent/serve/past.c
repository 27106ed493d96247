#include "past.h"

#include <errno.h>

#include "base/parse.h"
#include "render/json.h"

int past_events(struct board *board, const struct request *request, struct answer *answer)
{
    const char *text = request_argument(request, "since");
    uint64_t since = 0;
    if (text[0] != '\0' && parse_uint(text, UINT64_MAX, &since) < 0)
        return answer_error(answer, 400, "bad_request",
                            "\"%.64s\" is not the id of an event: use since=ID, the id of the last one that is known",
                            text);
    cleanup(events_page_done) struct events_page page = {0};
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, ANSWER_BYTES_MAX);
    int error = board_events(board, since, &page);
    if (error == 0)
        error = json_events(&page, &buf);
    return error != 0 ? error : answer_bytes(answer, 200, ANSWER_JSON, &buf);
}

int past_history(struct board *board, const struct request *request, const char *port, struct answer *answer)
{
    struct endpoint endpoint = {0};
    struct error reason;
    if (request_endpoint(request, port, &endpoint, &reason) != 0)
        return answer_error(answer, 400, "bad_request", "%s", reason.text);
    const char *asked = request_argument(request, "netns");
    cleanup(report_unrefp) struct report *report = board_report(board);
    /* A round that failed knows only its own namespace; samples of the others are there all the same. */
    const struct report_netns *netns = report != NULL ? report_netns_find(report, asked) : NULL;
    const char *name = netns != NULL ? netns->name : asked[0] != '\0' ? asked : "self";

    cleanup(cleanup_free) struct history_sample *samples = NULL;
    size_t count = 0;
    int64_t step_ns = 0;
    int error = board_history(board, name, &endpoint, &step_ns, &samples, &count);
    if (error == -ENODATA)
        return answer_error(answer, 404, "no_history", "the agent keeps no history: start it with --history 1h");
    if (error == -ENOENT && netns == NULL && asked[0] != '\0')
        return answer_not_watched(answer, asked);
    if (error == -ENOENT)
        return answer_not_tracked(answer, &endpoint, name);
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, ANSWER_BYTES_MAX);
    if (error == 0)
        error = json_history(endpoint.protocol, step_ns, samples, count, &buf);
    return error != 0 ? error : answer_bytes(answer, 200, ANSWER_JSON, &buf);
}
