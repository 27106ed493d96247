#include "processes.h"

#include "model/ownership.h"

_Static_assert(OWNERSHIP_PROCESSES_MAX <= UINT16_MAX, "a number fits a claim");

void processes_done(struct processes *processes)
{
    free(processes->items);
    *processes = (struct processes){0};
}

/* A process that executes another program is, to whoever reads its name, another one. */
static bool is_same(const struct owner *left, const struct owner *right)
{
    return left->pid == right->pid && left->start_ticks == right->start_ticks &&
           strcmp(left->process, right->process) == 0;
}

static bool grow(struct processes *processes)
{
    if (processes->count < processes->capacity)
        return true;
    if (processes->count == OWNERSHIP_PROCESSES_MAX)
        return false;
    size_t capacity = processes->capacity > 0 ? processes->capacity * 2 : 1;
    struct process *items = reallocarray(processes->items, capacity, sizeof(*items));
    if (items == NULL)
        return false;
    processes->items = items;
    processes->capacity = capacity;
    return true;
}

static bool find(struct processes *processes, const struct owner *owner, size_t *ret_number)
{
    size_t vacant = processes->count;
    for (size_t i = 0; i < processes->count; i++) {
        if (!processes->items[i].vacant && is_same(&processes->items[i].owner, owner)) {
            *ret_number = i;
            return true;
        }
        if (processes->items[i].vacant && vacant == processes->count)
            vacant = i;
    }
    if (vacant == processes->count) {
        if (!grow(processes))
            return false;
        processes->count++;
    }
    processes->items[vacant] = (struct process){.owner = *owner};
    *ret_number = vacant;
    return true;
}

void processes_take(struct processes *processes, const struct owner *owners, size_t count, struct claim *claim)
{
    for (size_t i = 0; i < count && claim->count < CLAIM_PROCESSES_MAX; i++) {
        size_t number;
        if (!find(processes, &owners[i], &number))
            return;
        processes->items[number].uses++;
        claim->processes[claim->count++] = (uint16_t)number;
    }
}

void processes_drop(struct processes *processes, struct claim *claim)
{
    for (size_t i = 0; i < claim->count; i++)
        processes->items[claim->processes[i]].uses--;
    claim->count = 0;
}

void processes_settle(struct processes *processes)
{
    for (size_t i = 0; i < processes->count; i++)
        processes->items[i].vacant = processes->items[i].uses == 0;
}

bool processes_live(const struct processes *processes, const struct claim *claim)
{
    for (size_t i = 0; i < claim->count; i++)
        if (processes->items[claim->processes[i]].owner.alive)
            return true;
    return false;
}
