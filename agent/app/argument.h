/* Flags of the commands, as GNU programs take them. */
#pragma once

#include <stdbool.h>

/*
 * True when argv[*at] is this flag with a value, "--flag VALUE" or "--flag=VALUE"; moves *at on to a value that stands
 * apart. ret_value is NULL when it is the last argument and has none.
 */
bool argument_has_value(char **argv, int *at, const char *flag, const char **ret_value);
