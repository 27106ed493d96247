#include "argument.h"

#include <string.h>

bool argument_has_value(char **argv, int *at, const char *flag, const char **ret_value)
{
    size_t length = strlen(flag);
    const char *argument = argv[*at];
    if (strncmp(argument, flag, length) != 0 || (argument[length] != '=' && argument[length] != '\0'))
        return false;
    *ret_value = argument[length] == '=' ? argument + length + 1 : argv[++*at];
    return true;
}
