/* Private to render: the fullest destinations in JSON. */
#pragma once

#include "json_add.h"
#include "model/report.h"

/* Adds "destinations", and what goes with them. Returns false when memory lacks. */
must_use bool json_traffic_add(cJSON *object, const struct report_traffic *traffic);
/* Adds the keys of one destination; one without a port, or without a source, has null there. */
must_use bool json_traffic_add_destination(cJSON *object, const struct report_destination *row);
