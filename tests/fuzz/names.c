/* Any table of host names, any host: looking up ends, stays inside, and finds what its own row says. The same bytes as PEM: the
 * trust store made of them is never longer than they account for. Input: host, port, then the table, by lines. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/codec.h"
#include "cli/truststore.h"
#include "net/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_INIT;
    struct buf store = BUF_INIT;
    struct str all = { (const char *)data, size }, rest = all;
    const char *host = arena_z(&a, str_cut(&rest, '\n'));
    int64_t port = 443;
    if (rest.p)
        str_to_i64(str_cut(&rest, '\n'), &port);
    const char *table = arena_z(&a, rest.p ? rest : S("*.a.com:80=1,*=2"));
    char pattern[NAMES_MAX_HOST + 1];
    uint16_t target = 0, again = 0;
    int row = names_find(table, host, (unsigned)(port & 0xffff), 0, &target);
    require(row < NAMES_MAX_ROWS && (row < 0) == (target == 0));
    if (row >= 0) {
        require(names_pattern(table, row, pattern) && strlen(pattern) <= NAMES_MAX_HOST);
        require(names_find(table, host, (unsigned)(port & 0xffff), row, &again) == row && again == target);
        names_port(table, row, (unsigned)(port & 0xffff), &again);
    }
    size_t n = truststore_put(&store, all);
    require(store.n >= 32 && store.n <= 32 + size + n * 64);
    buf_release(&store);
    arena_release(&a);
    return 0;
}
