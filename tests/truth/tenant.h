/* One socket that is to hold a port: what it is bound to, its options, and what it has come to. A plain description. */
#pragma once

#include "model/sock.h"
#include "spot.h"

enum role {
    ROLE_SERVER,    /* bound to the port; or accepted by a listener on it */
    ROLE_CLIENT,    /* bound to the port, and connected from there */
    ROLE_AUTOBIND,  /* connect() picked the port */
    ROLE_BIND_ZERO, /* bind() to port 0 picked it, then connected */
    ROLE_NO_PORT,   /* the same with IP_BIND_ADDRESS_NO_PORT: connect() picked it, for the address given to bind() */
};
#define ROLE_COUNT 5

enum device { DEVICE_NONE, DEVICE_LO, DEVICE_SANDBOX };
#define DEVICE_COUNT 3

/* SO_REUSEADDR of a connection, set after it was made. */
enum afterthought { AFTERTHOUGHT_NONE, AFTERTHOUGHT_SET, AFTERTHOUGHT_CLEAR };
#define AFTERTHOUGHT_COUNT 3

struct tenant {
    enum protocol protocol;
    enum role role;
    /*
     * TCP: any state. BOUND_INACTIVE of a client: its connection was reset, and bind() still holds. UDP: CLOSE (bound)
     * or ESTABLISHED (connected).
     */
    enum sock_state state;
    bool orphan; /* its process has closed it; ESTABLISHED, CLOSE_WAIT: not yet accepted */
    enum spot spot;
    bool ipv6; /* the peer of a dual-stack socket uses IPv6 */
    bool reuseaddr;
    bool reuseport;
    enum afterthought afterthought;
    bool foreign; /* made by another user */
    bool mptcp;
    bool listener_stays; /* the listener that accepted it is not closed */
    enum device device;
};

#define TENANT_TEXT_MAX 160
/* "tcp server time_wait [::] RA, peer IPv6, closed" */
void tenant_format(const struct tenant *tenant, char ret_text[static TENANT_TEXT_MAX]);

/* A socket with the options of the tenant, not yet bound: a descriptor or a negative errno. */
must_use int tenant_socket(const struct tenant *tenant);

/* True when only a timer keeps it. */
bool tenant_is_minisocket(const struct tenant *tenant);
