/* The two wildcards of an endpoint without an address, when their binds do not agree. */
#pragma once

#include "model/verdict.h"

struct text_why_split {
    bool differs; /* false: there is one address, or both are alike, or of one it is not known */
    struct address worse;
    struct address better;
    enum verdict_kind better_kind;
};

struct text_why_split text_why_split_of(const struct verdict *verdict);
