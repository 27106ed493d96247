/*
 * One line an event on standard error, as logfmt or JSON. Only `app` and `serve` log, and only where an error
 * stops travelling.
 */
#pragma once

#include <stddef.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

/* Where and how to log; shared by the threads, any of which may change level and format. */
struct log {
    int fd;
    _Atomic enum log_level level; /* events below it are dropped */
    _Atomic enum log_format format;
};

struct log_field {
    const char *key;   /* snake_case, a constant of the program */
    const char *value; /* any bytes: quoted and escaped as the format wants, bad UTF-8 repaired,
                          control characters never raw, cut after 4 KiB */
};

/* Writes the line with one write(); a line that cannot be written is lost. */
void log_write(const struct log *log, enum log_level level, const char *message, const struct log_field *fields,
               size_t field_count);

/* log_event(log, LOG_LEVEL_INFO, "listening", {"address", text}, {"url", url}); */
#define log_event(log, level, message, ...)                                                                            \
    log_write((log), (level), (message), (const struct log_field[]){__VA_ARGS__},                                      \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
