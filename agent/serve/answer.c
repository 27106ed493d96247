#include "answer.h"

#include <stdarg.h>
#include <stdio.h>

#include "render/json.h"

void answer_done(struct answer *answer)
{
    board_page_unref(answer->page);
    free(answer->text);
    *answer = (struct answer){0};
}

void answer_page(struct answer *answer, const char *content_type, const struct board_page *page)
{
    *answer = (struct answer){.status = 200, .content_type = content_type, .page = page};
}

int answer_bytes(struct answer *answer, unsigned status, const char *content_type, struct buf *buf)
{
    char *text = NULL;
    size_t length = 0;
    int error = buf_steal(buf, &text, &length);
    if (error != 0)
        return error;
    *answer = (struct answer){.status = status, .content_type = content_type, .text = text, .length = length};
    return 0;
}

int answer_line(struct answer *answer, unsigned status, const char *line)
{
    cleanup(buf_done) struct buf buf;
    buf_init(&buf, ANSWER_BYTES_MAX);
    buf_add_text(&buf, line);
    buf_add_char(&buf, '\n');
    return answer_bytes(answer, status, ANSWER_TEXT, &buf);
}

int answer_error(struct answer *answer, unsigned status, const char *code, const char *format, ...)
{
    char message[2 * ERROR_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);

    cleanup(buf_done) struct buf buf;
    buf_init(&buf, ANSWER_BYTES_MAX);
    int error = json_error(code, message, &buf);
    return error != 0 ? error : answer_bytes(answer, status, ANSWER_JSON, &buf);
}
