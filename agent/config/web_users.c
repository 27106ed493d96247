#include <errno.h>

#include "web_reader.h"

/* "$2b$10$" and 53 letters of salt and hash: crypt(5). */
#define HASH_LENGTH 60
#define SALT_AT 7
#define COST_MIN 4
#define COST_MAX 14 /* about a second */

static bool is_bcrypt(const char *hash)
{
    static const char letters[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    bool known = strncmp(hash, "$2a$", 4) == 0 || strncmp(hash, "$2b$", 4) == 0 || strncmp(hash, "$2y$", 4) == 0;
    return known && strlen(hash) == HASH_LENGTH && strspn(hash + 4, "0123456789") >= 2 && hash[SALT_AT - 1] == '$' &&
           strspn(hash + SALT_AT, letters) == HASH_LENGTH - SALT_AT;
}

/* RFC 7617: a colon would end the name. */
static bool is_name(const char *name)
{
    for (const char *byte = name; *byte != '\0'; byte++)
        if ((unsigned char)*byte < ' ' || *byte == 0x7f || *byte == ':')
            return false;
    return true;
}

/* Never shows the hash. */
static int read_user(struct web_reader *reader, const struct node *value, struct web_user *user)
{
    const char *hash;
    if (!is_name(value->key))
        return document_refuse(&reader->document, value->key_at, reader->error,
                               "basic_auth_users: a name is without colons and control characters");
    int r = web_read_text(reader, value, &hash);
    if (r < 0)
        return r;
    if (!is_bcrypt(hash))
        return document_refuse(&reader->document, value->at, reader->error,
                               "%.40s: this is no bcrypt hash: make one by `htpasswd -nBC 10 \"\" | tr -d ':\\n'`",
                               value->key);
    int cost = (hash[4] - '0') * 10 + hash[5] - '0';
    if (cost < COST_MIN || cost > COST_MAX)
        return document_refuse(&reader->document, value->at, reader->error,
                               "%.40s: the cost of this hash is %d: make one of %d to %d, as 10", value->key, cost,
                               COST_MIN, COST_MAX);
    user->name = strdup(value->key);
    user->hash = strdup(hash);
    return user->name != NULL && user->hash != NULL ? 0 : -ENOMEM;
}

int web_read_users(struct web_reader *reader, const struct node *value)
{
    struct web_config *config = &reader->config;
    if (document_is_empty(value))
        return 0;
    if (value->kind != NODE_MAP)
        return document_refuse(&reader->document, value->at, reader->error,
                               "basic_auth_users: give names with hashes, as in prometheus: $2b$10$…");
    config->users = calloc(value->count + 1, sizeof(*config->users));
    if (config->users == NULL)
        return -ENOMEM;
    int r = 0;
    for (size_t i = 0; r == 0 && i < value->count; i++)
        r = read_user(reader, &value->items[i], &config->users[config->user_count++]);
    return r;
}
