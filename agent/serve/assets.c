#include "assets.h"

#include <stdio.h>
#include <string.h>

#include "assets_table.h"

static struct asset asset_of(const struct assets_row *row, enum board_coding coding)
{
    bool gzip = coding == BOARD_GZIP;
    struct asset asset = {
        .content_type = row->content_type,
        .bytes = (const char *)(gzip ? row->gzip : row->plain),
        .length = gzip ? row->gzip_length : row->plain_length,
        .coding = coding,
    };
    (void)snprintf(asset.tag, sizeof(asset.tag), "\"%s-%u\"", row->digest, coding);
    return asset;
}

bool assets_find(const char *name, enum board_coding coding, struct asset *ret_asset)
{
    for (size_t i = 0; i < assets_table_count; i++)
        if (strcmp(assets_table[i].name, name) == 0) {
            *ret_asset = asset_of(&assets_table[i], coding);
            return true;
        }
    return false;
}
