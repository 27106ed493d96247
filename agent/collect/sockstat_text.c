#include "sockstat_text.h"

#include <errno.h>

#include "procfs.h"

static const char *line_of(const char *text, const char *name)
{
    size_t length = strlen(name);
    while (strncmp(text, name, length) != 0 || text[length] != ':') {
        text = strchr(text, '\n');
        if (text == NULL)
            return NULL;
        text++;
    }
    return text + length + 1;
}

int sockstat_text_value(const char *text, const char *line, const char *key, uint64_t *ret_value)
{
    const char *word = line_of(text, line);
    size_t length = strlen(key);
    while (word != NULL && *word == ' ') {
        word++;
        if (strncmp(word, key, length) == 0 && word[length] == ' ') {
            word += length + 1;
            return procfs_take_uint(&word, UINT64_MAX, ret_value) < 0 ? -EBADMSG : 0;
        }
        word += strcspn(word, " \n");
    }
    return -EBADMSG;
}
