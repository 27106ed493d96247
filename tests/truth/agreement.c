#include "agreement.h"

#include <errno.h>

const char *agreement_result(int result)
{
    return result == 0 ? "ok" : strerrorname_np(result);
}

static const struct bind_result *find_bind(const struct verdict *verdict, const struct address *address, bool reuseaddr)
{
    for (size_t i = 0; i < verdict->bind_count; i++)
        if (verdict->binds[i].reuseaddr == reuseaddr && address_equal(&verdict->binds[i].address, address))
            return &verdict->binds[i];
    return NULL;
}

/* One that is not refused for a reason other than who holds the port. */
static bool is_about_holders(int result)
{
    return result == 0 || result == EADDRINUSE;
}

static bool is_right(const struct bind_result *said, int truth, const struct agreement_terms *terms)
{
    return said->error == truth || (terms->table_only && !said->performed && !is_about_holders(truth));
}

/* The one blind cell of the interface: a hidden SO_REUSEADDR socket does not hinder the bind that was made. */
static bool is_blind(const struct verdict *verdict, const struct bind_result *said, int truth,
                     const struct agreement_terms *terms)
{
    const struct bind_result *reuseaddr = find_bind(verdict, &said->address, true);
    return terms->hidden_bound && !said->reuseaddr && !said->performed && said->error == 0 && truth == EADDRINUSE &&
           reuseaddr != NULL && reuseaddr->performed && reuseaddr->error == 0;
}

static int check_cell(const struct verdict *verdict, const struct address *address, bool reuseaddr, int truth,
                      const struct agreement_terms *terms, struct agreement_tally *tally, struct error *error)
{
    char where[ADDRESS_TEXT_MAX];
    address_format(address, where);
    const char *option = reuseaddr ? " with SO_REUSEADDR" : "";
    const struct bind_result *said = find_bind(verdict, address, reuseaddr);
    tally->cells++;
    if (said == NULL && terms->complete)
        return error_set(error, -EBADE, "bind(%s)%s is left out; it is %s", where, option, agreement_result(truth));
    if (said == NULL)
        return 0;
    tally->known++;
    if (is_right(said, truth, terms))
        return 0;
    if (is_blind(verdict, said, truth, terms)) {
        tally->blind++;
        return 0;
    }
    return error_set(error, -EBADE, "bind(%s)%s is said to be %s (%s); it is %s", where, option,
                     agreement_result(said->error), said->performed ? "performed" : "inferred",
                     agreement_result(truth));
}

static int check_cells(const struct verdict *verdict, const struct direct *truth, const struct agreement_terms *terms,
                       struct agreement_tally *tally, struct error *error)
{
    bool tcp = verdict->endpoint.protocol == PROTOCOL_TCP;
    int r = 0;
    for (size_t i = 0; r == 0 && i < truth->count; i++) {
        const struct direct_cell *cell = &truth->cells[i];
        r = check_cell(verdict, &cell->address, false, cell->plain, terms, tally, error);
        if (r == 0 && tcp)
            r = check_cell(verdict, &cell->address, true, cell->reuseaddr, terms, tally, error);
    }
    if (r == 0 && verdict->bind_count > truth->count * (tcp ? 2 : 1))
        r = error_set(error, -EBADE, "%zu binds are listed; there are not so many", verdict->bind_count);
    return r;
}

static bool truth_is_about_holders(const struct direct *truth)
{
    for (size_t i = 0; i < truth->count; i++)
        if (!is_about_holders(truth->cells[i].plain) || !is_about_holders(truth->cells[i].reuseaddr))
            return false;
    return true;
}

static int check_kind(const struct verdict *verdict, const struct direct *truth, const struct agreement_terms *terms,
                      const struct agreement_tally *tally, struct error *error)
{
    if (verdict->kind == VERDICT_UNKNOWN && !terms->complete)
        return 0;
    bool excused = tally->blind > 0 && verdict->kind == VERDICT_FREE && truth->kind == VERDICT_REUSABLE;
    if (verdict->kind != truth->kind && !excused && (!terms->table_only || truth_is_about_holders(truth)))
        return error_set(error, -EBADE, "the verdict is %s; it must be %s", verdict_kind_name(verdict->kind),
                         verdict_kind_name(truth->kind));
    if ((verdict->kind == VERDICT_FREE) != (verdict->cause == CAUSE_NONE))
        return error_set(error, -EBADE, "the verdict %s has the cause %s", verdict_kind_name(verdict->kind),
                         cause_name(verdict->cause));
    if (!terms->hidden_bound && (verdict->contradiction || verdict->cause == CAUSE_UNSEEN))
        return error_set(error, -EBADE, "%s: the table shows no reason", cause_name(verdict->cause));
    return 0;
}

static bool is_now(struct frees frees)
{
    return frees.kind == FREES_AFTER && frees.seconds <= 0;
}

static int check_frees(const struct verdict *verdict, struct error *error)
{
    if (verdict->kind == VERDICT_UNKNOWN)
        return 0;
    if (is_now(verdict->plain) != (verdict->kind == VERDICT_FREE))
        return error_set(error, -EBADE, "the verdict is %s, and the time to free says otherwise",
                         verdict_kind_name(verdict->kind));
    bool works = verdict->kind == VERDICT_FREE || verdict->kind == VERDICT_REUSABLE;
    if (verdict->endpoint.protocol == PROTOCOL_TCP && is_now(verdict->reuseaddr) != works)
        return error_set(error, -EBADE, "the verdict is %s, and the time to free with SO_REUSEADDR says otherwise",
                         verdict_kind_name(verdict->kind));
    return 0;
}

int agreement_check(const struct verdict *verdict, const struct direct *truth, const struct agreement_terms *terms,
                    struct agreement_tally *tally, struct error *error)
{
    struct agreement_tally now = {0};
    int r = check_cells(verdict, truth, terms, &now, error);
    if (r == 0)
        r = check_kind(verdict, truth, terms, &now, error);
    if (r == 0)
        r = check_frees(verdict, error);
    tally->known += now.known;
    tally->cells += now.cells;
    tally->blind += now.blind;
    return r;
}
