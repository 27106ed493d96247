#include "inquiry.h"

#include <errno.h>

#include "collect/bindprobe.h"
#include "collect/kernel.h"
#include "judge/judge.h"
#include "round_report.h"

/* The world may change between the look and the bind: then both are taken again. */
#define ATTEMPTS 4

int inquiry_open(struct inquiry *ret_inquiry, struct error *error)
{
    cleanup(inquiry_done) struct inquiry inquiry = {0};
    error_set(error, 0, "out of memory");
    int r = sockets_open(&inquiry.sockets, error);
    if (r == 0)
        r = kernel_read_settings(&inquiry.settings, error);
    if (r == 0)
        r = container_names_new("", &inquiry.container_names);
    if (r == 0)
        r = owners_new(&inquiry.owners);
    if (r < 0)
        return r;
    owners_name_containers(inquiry.owners, container_names_find, inquiry.container_names);
    *ret_inquiry = inquiry;
    inquiry = (struct inquiry){0};
    return 0;
}

void inquiry_done(struct inquiry *inquiry)
{
    sockets_close(inquiry->sockets);
    owners_free(inquiry->owners);
    container_names_free(inquiry->container_names);
}

static int add_socket(void *context, const struct sock *sock)
{
    return holders_add(context, sock);
}

static const struct bind_result *find_made(const struct inquiry_question *question, const struct address *address,
                                           bool reuseaddr)
{
    for (size_t i = 0; i < question->made_count; i++)
        if (question->made[i].reuseaddr == reuseaddr && address_equal(&question->made[i].address, address))
            return &question->made[i];
    return NULL;
}

static int make_bind(const struct inquiry_question *question, const struct address *address, bool reuseaddr,
                     struct bind_result *ret_result)
{
    const struct bind_result *made = find_made(question, address, reuseaddr);
    if (made == NULL)
        return bindprobe_try(question->endpoint->protocol, address, question->endpoint->port, reuseaddr, ret_result);
    *ret_result = *made;
    return 0;
}

/* The binds of one address; what cannot be tried is left out. Returns how many there are. */
static size_t bind_address(const struct inquiry *inquiry, const struct inquiry_question *question,
                           const struct address *address, struct bind_result *results)
{
    size_t count = 0;
    if (question->binds == INQUIRY_NO_BIND ||
        !bindprobe_is_harmless(&inquiry->settings, address, question->endpoint->port))
        return 0;
    if (question->endpoint->protocol == PROTOCOL_TCP && make_bind(question, address, true, &results[count]) == 0)
        count++;
    if (question->binds == INQUIRY_ALL && make_bind(question, address, false, &results[count]) == 0)
        count++;
    return count;
}

static int ask_once(struct inquiry *inquiry, const struct inquiry_question *question, struct verdict *ret_verdict,
                    struct error *error)
{
    cleanup(holders_done) struct holders holders = {0};
    const struct sockets_query query = {
        .protocol = question->endpoint->protocol,
        .port = question->endpoint->port,
        .directions = true,
        .as_of_ns = question->now_ns,
    };
    int r = sockets_walk(inquiry->sockets, &query, add_socket, &holders, error);
    if (r < 0)
        return r;
    struct address addresses[ENDPOINT_ADDRESSES_MAX];
    struct bind_result results[VERDICT_BINDS_MAX];
    size_t address_count = endpoint_addresses(question->endpoint, addresses);
    size_t result_count = 0;
    for (size_t i = 0; i < address_count; i++)
        result_count += bind_address(inquiry, question, &addresses[i], &results[result_count]);
    struct judge_evidence evidence = {
        .endpoint = *question->endpoint,
        .asker = JUDGE_FOR_WHY,
        .holders = &holders,
        .table_shows_bound = sockets_shows_bound(inquiry->sockets),
        .source = sockets_source(inquiry->sockets),
        .settings = &inquiry->settings,
        .performed = results,
        .performed_count = result_count,
    };
    return judge(&evidence, ret_verdict);
}

int inquiry_ask(struct inquiry *inquiry, const struct inquiry_question *question, struct verdict *ret_verdict,
                struct error *error)
{
    struct inquiry_question again = *question;
    error_set(error, 0, "out of memory");
    for (int attempt = 1;; attempt++) {
        cleanup(verdict_done) struct verdict verdict = {0};
        int r = ask_once(inquiry, &again, &verdict, error);
        if (r < 0 && (r == -ENOMEM || attempt == ATTEMPTS))
            return r;
        if (r == 0 && (!verdict.contradiction || attempt == ATTEMPTS)) {
            *ret_verdict = verdict;
            verdict = (struct verdict){0};
            return 0;
        }
        again.made_count = 0;
    }
}

int inquiry_explain(struct inquiry *inquiry, int64_t now_ns, const char *netns, struct verdict *verdict)
{
    cleanup(cleanup_free) uint32_t *inodes = calloc(verdict->holder_count * HOLDER_INODES_MAX + 1, sizeof(*inodes));
    if (inodes == NULL)
        return -ENOMEM;
    size_t count = 0;
    for (size_t i = 0; i < verdict->holder_count; i++)
        for (size_t n = 0; n < verdict->holders[i].inode_count; n++)
            inodes[count++] = verdict->holders[i].inodes[n];
    int r = owners_update(inquiry->owners, inodes, count, now_ns, NULL);
    if (r == -ENOMEM)
        return r;
    return round_report_finish(verdict, inquiry->owners, NULL, &inquiry->settings, netns);
}

const char *inquiry_why_missing(const struct inquiry *inquiry)
{
    return owners_incomplete(inquiry->owners)
               ? "Some owners are hidden: CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH show them, as root has."
               : "Some owners are not among the processes that can be seen from here: another PID namespace has them.";
}

const char *inquiry_missing(const struct inquiry *inquiry, const struct verdict *verdict)
{
    bool nameless = false;
    for (size_t i = 0; i < verdict->holder_count; i++)
        nameless = nameless || (verdict->holders[i].inode_count > 0 && verdict->holders[i].owner_count == 0);
    return nameless ? inquiry_why_missing(inquiry) : NULL;
}
