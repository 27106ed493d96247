/* One connection, and one request from its head to its answer: what libmicrohttpd calls, with struct exchange as cls.
 */
#pragma once

#include <microhttpd.h>

#include "connections.h"
#include "security.h"
#include "tally.h"

/* What the requests of one listener share. Nothing of it is owned. */
struct exchange {
    const struct routes *routes;
    struct connections *connections;
    struct security *security;
    struct tally *tally;
    const char *const *allowed_hosts;
    size_t allowed_host_count;
    bool loopback; /* only this host can ask: then each path wants a Host that is ours */
    const atomic_bool *stopping;
};

/* MHD_AcceptPolicyCallback */
enum MHD_Result exchange_on_accept(void *cls, const struct sockaddr *address, socklen_t length);
/* MHD_NotifyConnectionCallback */
void exchange_on_connection(void *cls, struct MHD_Connection *connection, void **context,
                            enum MHD_ConnectionNotificationCode code);
/* MHD_OPTION_URI_LOG_CALLBACK, at the end of the request line */
void *exchange_on_target(void *cls, const char *target, struct MHD_Connection *connection);
/* MHD_AccessHandlerCallback */
enum MHD_Result exchange_on_request(void *cls, struct MHD_Connection *connection, const char *path, const char *method,
                                    const char *version, const char *upload, size_t *upload_length, void **seen);
/* MHD_RequestCompletedCallback */
void exchange_on_completed(void *cls, struct MHD_Connection *connection, void **seen,
                           enum MHD_RequestTerminationCode reason);
/* MHD_UnescapeCallback */
size_t exchange_decode(void *cls, struct MHD_Connection *connection, char *text);
