/* What a process is written in. Private to collect. */
#pragma once

#include "model/holder.h"

/* From the executable of the process whose /proc/PID directory this is; RUNTIME_UNKNOWN when it cannot be read. */
enum runtime runtime_of(int proc_pid_fd);
