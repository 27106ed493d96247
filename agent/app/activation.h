/* Listening sockets that a service manager has opened for us: sd_listen_fds(3). */
#pragma once

#include "listening.h"

/*
 * Takes the sockets that LISTEN_PID and LISTEN_FDS pass to this process, and these variables out of the environment:
 * before any thread starts. Returns 0, ret_listening owned by the caller and empty when there are none; -EINVAL with
 * what is wrong with which one; -ENOMEM.
 */
must_use int activation_take(struct listening *ret_listening, struct error *error);
