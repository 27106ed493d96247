/*
 * What the web configuration demands of each connection and each request; may change while they go on, except whether
 * there is TLS at all. One thread changes it, any may ask.
 */
#pragma once

#include "auth.h"
#include "tls.h"

struct security;

/* web: NULL: neither TLS nor passwords. Returns 0, or a negative errno with the reason. */
must_use int security_new(const struct web_config *web, struct security **ret_security, struct error *error);
void security_free(struct security *security);

/* From now on as web says. Returns 0, or a negative errno with the reason: then nothing has changed. */
must_use int security_change(struct security *security, const struct web_config *web, struct error *error);

bool security_has_tls(const struct security *security);
/* The latest, with a reference of the caller's; NULL: no TLS. */
struct tls *security_tls(struct security *security);
struct auth *security_auth(struct security *security);
