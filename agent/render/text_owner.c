#include "text_owner.h"

#include <inttypes.h>
#include <string.h>

#include "terminal.h"

#define SHARERS_NAMED_MAX 3

/*
 * Holders stand in the order in which they decide: the first one whose owner is known. Who left sockets behind does not
 * stand for a process that is there and cannot be seen.
 */
static const struct holder *deciding(const struct verdict *verdict)
{
    bool hidden = false;
    for (size_t i = 0; i < verdict->holder_count; i++) {
        const struct holder *holder = &verdict->holders[i];
        bool left_behind = holder->inode_count == 0;
        if (holder->owner_count > 0 && !(hidden && left_behind))
            return holder;
        hidden = hidden || !left_behind;
    }
    return NULL;
}

static bool owns_earlier(const struct holder *first, const struct holder *holder, size_t index)
{
    int32_t pid = holder->owners[index].pid;
    for (const struct holder *earlier = first; earlier <= holder; earlier++) {
        size_t end = earlier == holder ? index : earlier->owner_count;
        for (size_t i = 0; earlier->state == first->state && i < end; i++)
            if (earlier->owners[i].pid == pid)
                return true;
    }
    return false;
}

/* Distinct processes of the groups that are in the state of the first. */
static size_t count_processes(const struct verdict *verdict, const struct holder *first)
{
    const struct holder *end = verdict->holders + verdict->holder_count;
    size_t count = 0;
    for (const struct holder *holder = first; holder < end; holder++)
        for (size_t i = 0; holder->state == first->state && i < holder->owner_count; i++)
            if (!owns_earlier(first, holder, i))
                count++;
    return count;
}

static void add_place(const struct owner *owner, struct buf *buf)
{
    if (owner->container[0] != '\0') {
        char label[OWNER_CONTAINER_NAME_MAX];
        holder_container_label(owner, label);
        buf_add_text(buf, ", container ");
        terminal_add(buf, label);
    } else if (owner->unit[0] != '\0') {
        buf_add_text(buf, ", ");
        terminal_add(buf, owner->unit);
    }
}

static void add_process(const struct owner *owner, struct buf *buf)
{
    terminal_add(buf, owner->process);
    buf_printf(buf, " (%" PRId32 "%s)", owner->pid, owner->alive ? "" : ", exited");
}

void text_owner_add(const struct verdict *verdict, struct buf *buf)
{
    const struct holder *first = deciding(verdict);
    if (first == NULL) {
        buf_add_char(buf, '-');
        return;
    }
    add_process(&first->owners[0], buf);
    size_t processes = count_processes(verdict, first);
    if (processes > 1)
        buf_printf(buf, " and %zu more", processes - 1);
    add_place(&first->owners[0], buf);
}

void text_owner_add_one(const struct owner *owner, bool others, struct buf *buf)
{
    add_process(owner, buf);
    buf_add_text(buf, others ? " and others" : "");
    add_place(owner, buf);
}

static bool same_place(const struct owner *left, const struct owner *right)
{
    return strcmp(left->container, right->container) == 0 &&
           (left->container[0] != '\0' || strcmp(left->unit, right->unit) == 0);
}

void text_owner_add_sharers(const struct holder *holder, struct buf *buf)
{
    size_t count = holder->owner_count;
    if (count == 0) {
        buf_add_char(buf, '-');
        return;
    }
    size_t named = count <= SHARERS_NAMED_MAX ? count : 1;
    for (size_t i = 0; i < named; i++) {
        const struct owner *owner = &holder->owners[i];
        bool joined = i > 0 && same_place(owner - 1, owner);
        buf_add_text(buf, i == 0 ? "" : joined ? ", " : "; ");
        add_process(owner, buf);
        if (named < count)
            buf_printf(buf, " and %zu more", count - named);
        if (i + 1 == named || !same_place(owner, owner + 1))
            add_place(owner, buf);
    }
}
