#include <errno.h>

#include "json_traffic.h"
#include "json_verdict.h"
#include "render/json.h"

static bool add_openers(cJSON *object, const struct exhaustion *exhaustion)
{
    cJSON *array = json_add_array(object, "openers");
    for (size_t i = 0; i < exhaustion->opener_count; i++) {
        cJSON *row = json_verdict_add_owner(array, &exhaustion->openers[i].owner);
        if (!json_add_number(row, "sockets", exhaustion->openers[i].sockets))
            return false;
    }
    return array != NULL;
}

/* What the range leaves to the destination; adds up. */
static bool add_account(cJSON *object, const struct exhaustion_account *account)
{
    cJSON *json = json_add_object(object, "ports");
    return json_add_number(json, "range", account->size) && json_add_number(json, "reserved", account->reserved) &&
           json_add_number(json, "bound", account->bound) && json_add_number(json, "live", account->live) &&
           json_add_number(json, "time_wait", account->time_wait) &&
           json_add_number(json, "reusable", account->reusable) && json_add_number(json, "left", account->left);
}

int json_exhaustion(const struct exhaustion *exhaustion, const char *netns, struct buf *buf)
{
    cleanup(json_add_freep) cJSON *root = cJSON_CreateObject();
    if (!json_traffic_add_destination(root, &exhaustion->destination) || !json_add_text(root, "netns", netns) ||
        !json_add_bool(root, "exhausted", exhaustion->kind == EXHAUSTION_FULL) ||
        !add_account(root, &exhaustion->account) || !add_openers(root, exhaustion) ||
        !json_verdict_add_advice(root, exhaustion->explanation, exhaustion->remedies, exhaustion->remedy_count))
        return -ENOMEM;
    return json_add_to_buf(root, buf);
}
