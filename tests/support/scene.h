/*
 * A port with a few sockets at random, and everything about them: what the kernel's table shows and what it does not,
 * what each bind really does, and when it really works again. To hold verdicts against.
 */
#pragma once

#include "bindrule.h"
#include "chance.h"
#include "model/verdict.h"

#define SCENE_SOCKETS_MAX 5
#define SCENE_SLACK_MS 2052 /* of a timer of 60 s at 250 Hz */
#define SCENE_NEVER_MS UINT32_MAX

struct scene {
    struct bindrule_socket sockets[SCENE_SOCKETS_MAX];
    uint32_t gone_ms[SCENE_SOCKETS_MAX]; /* minisockets: when the timer really ends them */
    size_t count;
    struct endpoint endpoint; /* its port is a privileged one */
    struct address addresses[ENDPOINT_ADDRESSES_MAX];
    size_t address_count;
    bool asks_himself; /* `why`; else the agent, on behalf of a service that has every right */
    bool probed;       /* false: the table is all there is */
    bool has_rights;   /* to bind the port; without a bind nobody finds out */
    bool shows_bound;  /* false: a kernel before 6.8 */
};

struct scene scene_random(struct chance *chance);

/* The binds that tidewait makes: with SO_REUSEADDR; `why` plain ones as well; for UDP nothing but plain ones. */
size_t scene_binds(const struct scene *scene, struct bind_result *ret_binds);

/* Is the socket in the way of the bind of one address, of any? */
bool scene_blocks_at(const struct scene *scene, size_t i, const struct address *address, bool reuseaddr);
bool scene_blocks(const struct scene *scene, size_t i, bool reuseaddr);
/* Does the bind work for the one on whose behalf the question is asked? And when, by the timers alone? */
bool scene_works(const struct scene *scene, bool reuseaddr);
uint32_t scene_works_after_ms(const struct scene *scene, bool reuseaddr);

/* The table does not show this socket; any; one that lets a bind with SO_REUSEADDR pass: the one known blind cell. */
bool scene_hides(const struct scene *scene, size_t i);
bool scene_hides_some(const struct scene *scene);
bool scene_is_blind(const struct scene *scene);
