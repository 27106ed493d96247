/* How a server sets SO_REUSEADDR, in the language that it is written in. Private to the judge. */
#pragma once

#include "model/holder.h"

struct reuse_code {
    const char *lines;  /* to paste */
    const char *remark; /* NULL: none */
};

/* For C where the runtime is not known. A constant. */
const struct reuse_code *reuse_code_for(enum runtime runtime);
