/* Any bytes as connector.properties: parsed, checked, and read once more as pattern, zone, instant and JSON value. */
#include <stdlib.h>

#include "base/json.h"
#include "mocks/connect/connect_config.h"
#include "mocks/connect/java_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* A configuration is either refused with at least one mistake, or has what the sink works by. */
static void check_config(struct str text)
{
    struct arena a = ARENA_INIT;
    struct properties given;
    struct err e = { 0 };
    struct config_mistakes m = { .arena = &a };
    if (properties_parse(text, &a, &given, &e) == 0) {
        struct connect_config *c = connect_config_open(&given, true, &m);
        require(!c == (m.n > 0));
        require(!c || (c->flush_size >= 1 && c->bucket.n && c->tasks_max >= 1 && (c->n_topics || c->topics_regex)));
        (void)connect_config_summary(&m, &a);
        connect_config_close(c);
    } else {
        require(e.message[0] != 0);
    }
    arena_release(&a);
}

static void check_pieces(struct str text)
{
    struct buf out = BUF_INIT;
    struct err e = { 0 };
    int64_t v;
    if (!joda_pattern_fault(text))
        joda_print(&out, text, 1598586767000, 0);
    (void)joda_zone(text, &v);
    (void)joda_instant(text, &v);
    buf_reset(&out);
    bool printed = java_map_put(&out, text, &e) == 0;
    require(printed == json_valid(text) && (!printed || json_valid(buf_str(&out))));
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    check_config(text);
    check_pieces(text);
    return 0;
}
