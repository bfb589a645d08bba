/* cmocka.h - weirbox in CMocka tests.
 *
 *     static void rows_survive_throttling(void **state)
 *     {
 *         weirbox_assert_faults(*state, "[{\"service\":\"kinesis\",\"throttle\":true,\"times\":5}]");
 *         weirbox_assert_run(*state);
 *         weirbox_assert_goldens(*state, "golden");
 *     }
 *     … cmocka_unit_test_setup_teardown(rows_survive_throttling, weirbox_setup, weirbox_teardown) …
 *
 * weirbox_setup opens a cloud of its own for each test; options are those of the test's initial state, if it has one
 * (cmocka_unit_test_prestate_setup_teardown with a struct weirbox_options).
 */
#ifndef WEIRBOX_CMOCKA_H
#define WEIRBOX_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <weirbox/weirbox.h>

static inline int weirbox_setup(void **state)
{
    struct weirbox_error e;
    struct weirbox *w = weirbox_open((const struct weirbox_options *)*state, &e);
    if (!w)
        print_error("%s: %s\n", e.code, e.message);
    *state = w;
    return w ? 0 : -1;
}

static inline int weirbox_teardown(void **state)
{
    weirbox_close((struct weirbox *)*state);
    return 0;
}

#define weirbox_assert_(call) \
    do { \
        struct weirbox_error e_; \
        if (call) \
            fail_msg("%s: %s", e_.code, e_.message); \
    } while (0)

/* The pipeline runs to its end, and nothing is lost or doubled. */
#define weirbox_assert_run(w) weirbox_assert_(weirbox_run((struct weirbox *)(w), &e_))
/* Rows and answers are those of the baseline. */
#define weirbox_assert_goldens(w, dir) weirbox_assert_(weirbox_check((struct weirbox *)(w), (dir), &e_))
#define weirbox_assert_faults(w, json) weirbox_assert_(weirbox_faults((struct weirbox *)(w), (json), &e_))

#endif
