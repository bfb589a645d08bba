/* Any bytes: reading by steps and reading at once judge alike, and what is valid survives compacting.
 * Built with -fsanitize=fuzzer, which brings main and calls the entry point below. */
#include <stdlib.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void walk(struct json_reader *r, struct arena *a)
{
    struct json v;
    struct str key;
    switch (json_peek(r)) {
    case JSON_OBJECT:
        for (json_enter(r, JSON_OBJECT); json_member(r, &key) == 1;)
            walk(r, a);
        return;
    case JSON_ARRAY:
        for (json_enter(r, JSON_ARRAY); json_element(r) == 1;)
            walk(r, a);
        return;
    default:
        if (json_read(r, &v) == 0)
            (void)json_text(v, a);
    }
}

/* Text that is written must read back as it was. */
static void check_round_trip(struct str text, struct arena *a)
{
    struct buf out = BUF_INIT;
    struct json_reader r;
    struct json v;
    json_put_text(&out, text);
    json_open(&r, buf_str(&out));
    require(json_read(&r, &v) == 0 && json_close(&r) == 0);
    require(str_eq(json_text(v, a), text));
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct arena a = ARENA_INIT;
    struct json_reader r;
    struct json v;
    bool valid = json_valid(text);
    json_open(&r, text);
    walk(&r, &a);
    require((json_close(&r) == 0) == valid);
    (void)json_where(&r, &a);
    (void)json_get(text, "index", &v);

    struct buf once = BUF_INIT, twice = BUF_INIT;
    require((json_compact(&once, text) == 0) == valid);
    if (valid) {
        require(json_compact(&twice, buf_str(&once)) == 0);
        require(str_eq(buf_str(&once), buf_str(&twice)));
    }
    buf_reset(&once);
    json_unescape(&once, text);
    require(once.n <= size);
    buf_release(&once);
    buf_release(&twice);
    check_round_trip(text, &a);
    arena_release(&a);
    return 0;
}
