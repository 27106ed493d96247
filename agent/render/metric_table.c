#include "metric_table.h"

#define ROW(id, name, type, help) [METRIC_##id] = {name, #type, help},
const struct metric_table_row metric_table[METRIC_COUNT] = {METRIC_TABLE(ROW)};
