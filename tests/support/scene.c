#include "scene.h"

#include <errno.h>

#include "world.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static struct address pick(struct chance *chance, const char *const *names, uint32_t count)
{
    return world_address(names[chance_below(chance, count)]);
}

static bool is_server(const struct sock *sock)
{
    return sock->state == SOCK_LISTEN || sock->state == SOCK_BOUND_INACTIVE || sock->state == SOCK_CLOSE;
}

static void choose_state(struct chance *chance, struct sock *sock)
{
    do
        sock->state = (enum sock_state)chance_below(chance, SOCK_STATE_COUNT);
    while (!sock_state_exists(sock->protocol, sock->state) ||
           (sock->protocol == PROTOCOL_TCP && sock->state == SOCK_CLOSE));
    /* More of what outlives a server. */
    if (sock->protocol == PROTOCOL_TCP && chance_once_in(chance, 3))
        sock->state = SOCK_TIME_WAIT;
    sock->minisocket = sock->state == SOCK_TIME_WAIT || (sock->state == SOCK_FIN_WAIT2 && chance_once_in(chance, 2));
    sock->remaining_ms = sock->minisocket ? chance_below(chance, 60001) : 0;
    sock->inode = sock->minisocket || chance_once_in(chance, 2) ? 0 : 7;
}

static struct bindrule_socket random_socket(struct chance *chance, enum protocol protocol)
{
    static const char *const any[] = {"0.0.0.0", "::", "::ffff:0.0.0.0"};
    static const char *const one[] = {"127.0.0.1", "127.0.0.2", "127.0.0.6", "::ffff:127.0.0.1", "::1", "2001:db8::1"};
    struct bindrule_socket socket = {.shown = {.protocol = protocol, .v6only = V6ONLY_NO},
                                     .reuseaddr = chance_once_in(chance, 2)};
    struct sock *shown = &socket.shown;
    choose_state(chance, shown);
    shown->local = is_server(shown) && chance_once_in(chance, 2) ? pick(chance, any, COUNT_OF(any))
                                                                 : pick(chance, one, COUNT_OF(one));
    shown->family = shown->local.family;
    socket.unbound = shown->state == SOCK_SYN_RECV && shown->inode == 0 && chance_once_in(chance, 2);
    if (address_unmapped(&shown->local).family == FAMILY_IPV4)
        return socket;
    shown->v6only = V6ONLY_UNKNOWN;
    socket.v6only = chance_once_in(chance, 2);
    if (is_server(shown)) {
        socket.v6only = !address_is_wildcard(&shown->local) || chance_once_in(chance, 2);
        shown->v6only = socket.v6only ? V6ONLY_YES : V6ONLY_NO;
    }
    return socket;
}

struct scene scene_random(struct chance *chance)
{
    static const char *const names[] = {"0.0.0.0", "::", "127.0.0.1", "127.0.0.2", "127.0.0.6", "::1"};
    struct scene scene = {
        .count = chance_below(chance, SCENE_SOCKETS_MAX + 1),
        .endpoint = {.protocol = chance_once_in(chance, 5) ? PROTOCOL_UDP : PROTOCOL_TCP, .port = 80},
        .asks_himself = chance_once_in(chance, 2),
        .shows_bound = !chance_once_in(chance, 4),
    };
    bool udp_is_taken = scene.endpoint.protocol == PROTOCOL_UDP && scene.count > 0;
    scene.probed = !udp_is_taken && !chance_once_in(chance, 4);
    scene.has_rights = !scene.probed || !chance_once_in(chance, 6);
    scene.endpoint.any_address = chance_once_in(chance, 2);
    scene.endpoint.address = pick(chance, names, COUNT_OF(names));
    scene.address_count = endpoint_addresses(&scene.endpoint, scene.addresses);
    for (size_t i = 0; i < scene.count; i++) {
        scene.sockets[i] = random_socket(chance, scene.endpoint.protocol);
        scene.sockets[i].shown.cookie = i + 1;
        scene.gone_ms[i] = scene.sockets[i].shown.remaining_ms + chance_below(chance, SCENE_SLACK_MS + 1);
    }
    return scene;
}

bool scene_hides(const struct scene *scene, size_t i)
{
    return !scene->shows_bound && scene->sockets[i].shown.state == SOCK_BOUND_INACTIVE;
}

bool scene_hides_some(const struct scene *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        if (scene_hides(scene, i))
            return true;
    return false;
}

bool scene_is_blind(const struct scene *scene)
{
    for (size_t i = 0; i < scene->count; i++)
        if (scene_hides(scene, i) && scene->sockets[i].reuseaddr)
            return true;
    return false;
}

bool scene_blocks_at(const struct scene *scene, size_t i, const struct address *address, bool reuseaddr)
{
    return bindrule_conflicts(&scene->sockets[i], address, reuseaddr);
}

bool scene_blocks(const struct scene *scene, size_t i, bool reuseaddr)
{
    for (size_t a = 0; a < scene->address_count; a++)
        if (scene_blocks_at(scene, i, &scene->addresses[a], reuseaddr))
            return true;
    return false;
}

static int bind_really(const struct scene *scene, const struct address *address, bool reuseaddr)
{
    if (!scene->has_rights)
        return EACCES;
    for (size_t i = 0; i < scene->count; i++)
        if (scene_blocks_at(scene, i, address, reuseaddr))
            return EADDRINUSE;
    return 0;
}

bool scene_works(const struct scene *scene, bool reuseaddr)
{
    for (size_t i = 0; i < scene->count; i++)
        if (scene_blocks(scene, i, reuseaddr))
            return false;
    return scene->has_rights || !scene->asks_himself;
}

size_t scene_binds(const struct scene *scene, struct bind_result *ret_binds)
{
    bool udp = scene->endpoint.protocol == PROTOCOL_UDP;
    bool kinds[] = {udp || scene->asks_himself, !udp};
    size_t count = 0;
    for (size_t a = 0; scene->probed && a < scene->address_count; a++) {
        for (size_t reuseaddr = 0; reuseaddr < 2; reuseaddr++) {
            if (!kinds[reuseaddr])
                continue;
            struct bind_result *bind = &ret_binds[count++];
            *bind =
                (struct bind_result){.address = scene->addresses[a], .reuseaddr = reuseaddr == 1, .performed = true};
            bind->error = bind_really(scene, &bind->address, bind->reuseaddr);
        }
    }
    return count;
}

uint32_t scene_works_after_ms(const struct scene *scene, bool reuseaddr)
{
    uint32_t last_ms = 0;
    for (size_t i = 0; i < scene->count; i++) {
        if (!scene_blocks(scene, i, reuseaddr))
            continue;
        if (!scene->sockets[i].shown.minisocket)
            return SCENE_NEVER_MS;
        last_ms = scene->gone_ms[i] > last_ms ? scene->gone_ms[i] : last_ms;
    }
    return scene->has_rights || !scene->asks_himself ? last_ms : SCENE_NEVER_MS;
}
