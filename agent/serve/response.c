#include "response.h"

static void release_page(void *page)
{
    board_page_unref(page);
}

/* NULL when memory lacks: the body is still the answer's then. */
static struct MHD_Response *response_of(struct answer *answer)
{
    const struct board_page *page = answer->page;
    struct MHD_Response *response = NULL;
    if (page == NULL) {
        response = MHD_create_response_from_buffer(answer->length, answer->text, MHD_RESPMEM_MUST_FREE);
        if (response != NULL)
            (void)steal_ptr(&answer->text);
        return response;
    }
    /* The library asks for void pointers, but only reads the bytes. */
    response = MHD_create_response_from_buffer_with_free_callback_cls(page->length, (void *)(uintptr_t)page->bytes,
                                                                      release_page, (void *)(uintptr_t)page);
    if (response != NULL)
        (void)steal_ptr(&answer->page);
    return response;
}

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

enum MHD_Result response_queue(struct MHD_Connection *connection, struct answer *answer, bool last)
{
    struct MHD_Response *response = response_of(answer);
    if (response == NULL)
        return MHD_NO;
    bool complete = add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type) &&
                    add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") &&
                    add_header(response, "X-Content-Type-Options", "nosniff");
    if (complete && answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        complete = add_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (complete && last)
        complete = add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result = complete ? MHD_queue_response(connection, answer->status, response) : MHD_NO;
    MHD_destroy_response(response);
    return result;
}
