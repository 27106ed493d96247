#include <time.h>

#include "base/clock.h"
#include "render/text.h"
#include "terminal.h"

void text_event(int64_t at_ns, const char *text, struct buf *buf)
{
    time_t seconds = (time_t)(at_ns / CLOCK_NS_PER_S);
    struct tm local = {0};
    char at[CLOCK_TEXT_MAX];
    (void)localtime_r(&seconds, &local);
    (void)strftime(at, sizeof(at), "%Y-%m-%d %H:%M:%S", &local);
    buf_printf(buf, "%s  ", at);
    terminal_add(buf, text);
    buf_add_char(buf, '\n');
}
