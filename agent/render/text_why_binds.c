#include <stdio.h>
#include <string.h>

#include "text_why_parts.h"
#include "view.h"

#define CELL_MAX (ADDRESS_TEXT_MAX + 32)
#define COLUMN_GAP 4

static const char *const labels[] = {"bind()", "bind() with SO_REUSEADDR"};

static const struct bind_result *find(const struct verdict *verdict, const struct address *address, bool reuseaddr)
{
    for (size_t i = 0; i < verdict->bind_count; i++) {
        const struct bind_result *bind = &verdict->binds[i];
        if (bind->reuseaddr == reuseaddr && address_equal(&bind->address, address))
            return bind;
    }
    return NULL;
}

/* A family that the kernel lacks leaves no trace; nor does an address of which nothing is known, and that must be said.
 */
static size_t addresses_of(const struct verdict *verdict, struct address ret_addresses[static ENDPOINT_ADDRESSES_MAX])
{
    struct address all[ENDPOINT_ADDRESSES_MAX];
    size_t all_count = endpoint_addresses(&verdict->endpoint, all);
    size_t count = 0;
    for (size_t i = 0; i < all_count; i++)
        if (verdict->kind == VERDICT_UNKNOWN || find(verdict, &all[i], false) != NULL ||
            find(verdict, &all[i], true) != NULL)
            ret_addresses[count++] = all[i];
    return count;
}

/* "0.0.0.0 ok", "[::] EADDRINUSE*"; returns its width. */
static int make_cell(const struct verdict *verdict, const struct address *address, bool reuseaddr,
                     char ret_cell[static CELL_MAX])
{
    const struct bind_result *bind = find(verdict, address, reuseaddr);
    char text[ADDRESS_TEXT_MAX];
    address_format(address, text);
    return snprintf(ret_cell, CELL_MAX, address->family == FAMILY_IPV6 ? "[%s] %s%s" : "%s %s%s", text,
                    bind != NULL ? view_bind_error(bind->error) : "not known",
                    bind != NULL && !bind->performed ? "*" : "");
}

static void add_row(const struct verdict *verdict, const struct address *addresses, size_t count, bool reuseaddr,
                    struct buf *buf)
{
    bool tcp = verdict->endpoint.protocol == PROTOCOL_TCP;
    buf_printf(buf, "  %-*s", tcp ? (int)strlen(labels[true]) : (int)strlen(labels[false]), labels[reuseaddr]);
    int gap = 2;
    for (size_t i = 0; i < count; i++) {
        char cell[CELL_MAX];
        char other[CELL_MAX];
        int width = make_cell(verdict, &addresses[i], reuseaddr, cell);
        int other_width = tcp ? make_cell(verdict, &addresses[i], !reuseaddr, other) : 0;
        buf_printf(buf, "%*s%s", gap, "", cell);
        gap = COLUMN_GAP + (other_width > width ? other_width - width : 0);
    }
    buf_add_char(buf, '\n');
}

void text_why_binds(const struct verdict *verdict, struct buf *buf)
{
    struct address addresses[ENDPOINT_ADDRESSES_MAX];
    size_t count = addresses_of(verdict, addresses);
    if (count == 0)
        return;
    buf_add_char(buf, '\n');
    add_row(verdict, addresses, count, false, buf);
    if (verdict->endpoint.protocol == PROTOCOL_TCP)
        add_row(verdict, addresses, count, true, buf);
    bool inferred = false;
    for (size_t i = 0; i < verdict->bind_count; i++)
        inferred = inferred || !verdict->binds[i].performed;
    if (inferred)
        buf_add_text(buf, "  * inferred from the socket table or another bind, not tried\n");
}
