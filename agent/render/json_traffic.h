/* Private to render: the fullest destinations in JSON. */
#pragma once

#include "json_add.h"
#include "model/report.h"

/* Adds "destinations", and what goes with them. Returns false when memory lacks. */
must_use bool json_traffic_add(cJSON *object, const struct report_traffic *traffic);
