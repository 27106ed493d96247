/* The parts of metrics_render(). */
#pragma once

#include "exposition.h"
#include "model/report.h"

/* metrics_netns.c: the namespace as a whole. */
void metrics_netns(struct exposition *out, const struct report_netns *netns);
/* metrics_port.c: each port. */
void metrics_port(struct exposition *out, const struct report_netns *netns);
/* metrics_traffic.c: what several rounds tell. */
void metrics_traffic(struct exposition *out, const struct report_traffic *traffic);
/* metrics_agent.c: the agent, its process and its build. */
void metrics_agent(struct exposition *out, const struct report_agent *agent);
