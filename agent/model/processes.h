/* Processes that something else refers to by a number, each once. */
#pragma once

#include "model/holder.h"

struct process {
    struct owner owner;
    size_t uses;
    bool vacant; /* nothing has used it since the last processes_settle() */
};

/* Zero-initialised is empty. */
struct processes {
    struct process *items; /* owned */
    size_t count;
    size_t capacity;
};

void processes_done(struct processes *processes);

/* Fills the claim with the processes, as many as there is room for; each is used once more. */
void processes_take(struct processes *processes, const struct owner *owners, size_t count, struct claim *claim);
/* Empties the claim, and gives up those uses. */
void processes_drop(struct processes *processes, struct claim *claim);

/* Makes the places of those without a use free for others. */
void processes_settle(struct processes *processes);

/* True when one of the claim's processes was alive when it was looked at last. */
bool processes_live(const struct processes *processes, const struct claim *claim);
