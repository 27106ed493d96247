/* Any bytes as the value of a label: in both formats it reads back as its repaired self. The first byte chooses. */
#undef NDEBUG
#include <assert.h>

#include "base/utf8.h"
#include "exposition.h"
#include "fuzz.h"
#include "scrape.h"

#define PAGE_MAX ((size_t)1 << 20)

static void check_repaired(const char *shown, const char *value)
{
    cleanup(buf_done) struct buf repaired;
    buf_init(&repaired, PAGE_MAX);
    utf8_repair(&repaired, value, strlen(value));
    assert(strcmp(shown, repaired.length > 0 ? repaired.data : "") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum metrics_format format = data[0] & 1 ? METRICS_OPENMETRICS : METRICS_PROMETHEUS;
    cleanup(cleanup_free) char *value = strndup((const char *)data + 1, size - 1);
    assert(value != NULL);

    cleanup(buf_done) struct buf page;
    buf_init(&page, PAGE_MAX);
    cleanup(exposition_done) struct exposition out;
    exposition_init(&out, format, PAGE_MAX);
    exposition_integer(&out, METRIC_LISTENER_INFO, LABELS({"process", value}, {"unit", "after it"}), 1);
    exposition_end(&out, &page);
    assert(page.failure == 0);

    cleanup(scrape_done) struct scrape scrape;
    scrape_read(page.data, format, &scrape);
    assert(scrape.problem[0] == '\0');
    assert(scrape.sample_count == 1 && scrape.samples[0].label_count == 2 && scrape.samples[0].value == 1);
    check_repaired(scrape_label(&scrape.samples[0], "process"), value);
    assert(strcmp(scrape_label(&scrape.samples[0], "unit"), "after it") == 0);
    return 0;
}
