/* t.h - what every test file starts with: cmocka, and where the data is. */
#ifndef TESTS_T_H
#define TESTS_T_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Compares views as text and shows both on failure. */
#define assert_str(view, literal) t_assert_str((view), (literal), __FILE__, __LINE__)
void t_assert_str(struct str got, const char *want, const char *file, int line);
/* Fails with the error's text when the call did not return 0. */
#define assert_ok(call, e) t_assert_ok((call), (e), #call, __FILE__, __LINE__)
void t_assert_ok(int result, const struct err *e, const char *what, const char *file, int line);
/* The file's bytes in the arena; p == NULL when it cannot be read. */
struct str t_file(struct arena *a, const char *path);
/* A path below the shared test data, or NULL where that data is not present (the test then calls skip()). */
const char *t_shared(struct arena *a, const char *relative);
/* Ends the program with 77 (skipped, by name) when that data is not present: first in main, where every test wants it. */
void t_need_shared(const char *relative);
/* A path below the source root. */
const char *t_source(struct arena *a, const char *relative);

#endif
