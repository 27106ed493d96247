/* What every fuzzer here is: libFuzzer, or replay.c, calls it with one input. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Returns 0; a broken promise ends in abort(), by assert() or by a sanitizer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
