#include "response.h"

#include <stdio.h>

#include "attempts.h"

static void release_page(void *page)
{
    board_page_unref(page);
}

/* NULL when memory lacks: the body is still the answer's then. */
static struct MHD_Response *response_of(struct answer *answer)
{
    const struct board_page *page = answer->page;
    struct MHD_Response *response = NULL;
    if (answer->asset.bytes != NULL)
        return MHD_create_response_from_buffer(answer->asset.length, (void *)(uintptr_t)answer->asset.bytes,
                                               MHD_RESPMEM_PERSISTENT);
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

/* Nothing of an answer is to be guessed, run, framed, or read by the page of another site. */
static bool add_security(struct MHD_Response *response, const char *policy)
{
    const char *nothing = "default-src 'none'; frame-ancestors 'none'";
    return add_header(response, "X-Content-Type-Options", "nosniff") &&
           add_header(response, "Content-Security-Policy", policy != NULL ? policy : nothing) &&
           add_header(response, "X-Frame-Options", "DENY") && add_header(response, "Referrer-Policy", "no-referrer") &&
           add_header(response, "Cross-Origin-Resource-Policy", "same-origin");
}

static const char *vary(enum board_form form)
{
    switch (form) {
    case BOARD_METRICS:
    case BOARD_OPENMETRICS:
        return MHD_HTTP_HEADER_ACCEPT ", " MHD_HTTP_HEADER_ACCEPT_ENCODING;
    case BOARD_REPORT:
    case BOARD_PORTS:
    case BOARD_PAGE:
        return MHD_HTTP_HEADER_ACCEPT_ENCODING;
    }
    return "*";
}

/* What a client may keep, and how to ask for it again. */
struct kept {
    const char *tag; /* NULL: nothing */
    const char *vary;
    enum board_coding coding;
};

static struct kept kept_of(const struct answer *answer)
{
    const struct board_page *page = answer->page;
    if (answer->asset.bytes != NULL)
        return (struct kept){answer->asset.tag, MHD_HTTP_HEADER_ACCEPT_ENCODING, answer->asset.coding};
    return page != NULL ? (struct kept){page->tag, vary(page->form), page->coding} : (struct kept){0};
}

static bool add_content(struct MHD_Response *response, const struct answer *answer, const struct kept *kept)
{
    if (answer->status == MHD_HTTP_NOT_MODIFIED)
        return true;
    return add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type) &&
           (kept->coding != BOARD_GZIP || add_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip"));
}

/* What may be kept is asked for again each time. */
static bool add_caching(struct MHD_Response *response, const struct kept *kept)
{
    if (kept->tag == NULL)
        return add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    return add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache") &&
           add_header(response, MHD_HTTP_HEADER_ETAG, kept->tag) &&
           add_header(response, MHD_HTTP_HEADER_VARY, kept->vary);
}

/* What a client needs to ask again and be answered. */
static bool add_remedy(struct MHD_Response *response, unsigned status)
{
    char seconds[16];
    (void)snprintf(seconds, sizeof(seconds), "%d", ATTEMPTS_ADDRESS_QUIET_SECONDS);
    if (status == MHD_HTTP_UNAUTHORIZED)
        return add_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Basic realm=\"tidewait\", charset=\"UTF-8\"");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        return add_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (status == MHD_HTTP_TOO_MANY_REQUESTS)
        return add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
    return true;
}

enum MHD_Result response_queue(struct MHD_Connection *connection, struct answer *answer, bool last)
{
    /* The response keeps the page, of which this speaks, from the next line on. */
    struct kept kept = kept_of(answer);
    struct MHD_Response *response = response_of(answer);
    if (response == NULL)
        return MHD_NO;
    bool complete = add_content(response, answer, &kept) && add_caching(response, &kept) &&
                    add_security(response, answer->policy) && add_remedy(response, answer->status);
    if (complete && last)
        complete = add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result = complete ? MHD_queue_response(connection, answer->status, response) : MHD_NO;
    MHD_destroy_response(response);
    return result;
}
