/* The verdict in words. Pure. */
#pragma once

#include "base/error.h"
#include "model/verdict.h"

/*
 * Sets verdict->explanation: one or two sentences, why, for exactly this case; after the owners of its holders are
 * known. Returns 0 or -ENOMEM.
 */
must_use int explain(struct verdict *verdict);
