#include "model/summary.h"

const char *summary_level_name(enum summary_level level)
{
    switch (level) {
    case SUMMARY_FINE:
        return "fine";
    case SUMMARY_WARNING:
        return "warning";
    case SUMMARY_PROBLEM:
        return "problem";
    }
    return "unknown";
}
