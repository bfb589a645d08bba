/* peek.c - names of the three kinds, walking what is kept, choosing lines, cursors. */
#include "mocks/cloud/peek.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/near.h"
#include "base/utf8.h"
#include "mocks/cloud/decode.h"

enum { MOST_LINES = 1000, VALUE_BYTES = 64 << 10, SETTLED_MS = 100, MOST_OUT_BYTES = 64 << 20 };

static const struct kind {
    const char *name, *service; /* service NULL: the cloud's own topics */
} kinds[] = { [PEEK_TOPIC] = { "topic", NULL }, [PEEK_STREAM] = { "stream", "kinesis" }, [PEEK_BUCKET] = { "bucket", "s3" } };
enum { N_KINDS = sizeof kinds / sizeof *kinds };

enum peek_kind peek_kind_of(struct str word)
{
    for (size_t i = PEEK_TOPIC; i < N_KINDS; i++)
        if (str_is(word, kinds[i].name))
            return (enum peek_kind)i;
    return PEEK_NONE;
}

const char *peek_kind_name(enum peek_kind kind) { return kinds[kind].name; }

/* ---- topics ---- */

struct walking {
    const char *topic;
    unsigned partition;
    void (*fn)(void *arg, const struct peek_record *r);
    void *arg;
};

static bool show_topic_record(void *arg, const struct plog_record *r)
{
    const struct walking *w = arg;
    char place[300], where[16];
    snprintf(where, sizeof where, "%u", w->partition);
    snprintf(place, sizeof place, "%s-%u-%lld", w->topic, w->partition, (long long)r->offset);
    const struct peek_record found = { .where = where, .partition = w->partition, .position = r->offset, .place = str_of(place),
                                       .time_ms = r->time_ms, .key = r->key, .value = r->value };
    w->fn(w->arg, &found);
    return true;
}

static bool each_of_topic(struct cloud *c, struct str name, void (*fn)(void *arg, const struct peek_record *r), void *arg)
{
    struct plog *log = plog_set_find(cloud_topics(c), name);
    struct walking w = { .topic = log ? plog_name(log) : NULL, .fn = fn, .arg = arg };
    for (unsigned p = 0; log && p < plog_partitions(log); p++) {
        w.partition = p;
        plog_read(log, p, 0, show_topic_record, &w);
    }
    return log != NULL;
}

/* ---- names ---- */

struct naming {
    const char *wanted, *best;
    size_t least;
    char kept[256];
};

static void try_name(void *arg, struct str name)
{
    struct naming *n = arg;
    char text[256];
    const char *best = NULL;
    snprintf(text, sizeof text, STR_F, STR_A(name));
    near_try(n->wanted, text, &best, &n->least);
    if (best) {
        memcpy(n->kept, text, sizeof text);
        n->best = n->kept;
    }
}

static int no_such_name(struct cloud *c, enum peek_kind kind, struct str name, struct err *e)
{
    char wanted[256];
    struct naming n = { .wanted = wanted, .least = NEAR_NONE };
    snprintf(wanted, sizeof wanted, STR_F, STR_A(name));
    if (kind == PEEK_TOPIC) {
        size_t count;
        struct plog **logs = plog_set_list(cloud_topics(c), &count);
        for (size_t i = 0; i < count; i++)
            try_name(&n, str_of(plog_name(logs[i])));
        free(logs);
    } else {
        const struct service *s = cloud_service(c, kinds[kind].service);
        if (s && s->names)
            s->names(cloud_state(c, s->name), try_name, &n);
    }
    return err_set(e, 404, "NO_SUCH_NAME", "there is no %s '%s'%s", kinds[kind].name, wanted, near_say(n.best).text);
}

int peek_each(struct cloud *c, enum peek_kind kind, struct str name, void (*fn)(void *arg, const struct peek_record *r), void *arg, struct err *e)
{
    const struct service *s = kinds[kind].service ? cloud_service(c, kinds[kind].service) : NULL;
    bool found = kind == PEEK_TOPIC ? each_of_topic(c, name, fn, arg) : s && s->look && s->look(cloud_state(c, s->name), name, fn, arg);
    return found ? 0 : no_such_name(c, kind, name, e);
}

int peek_purge(struct cloud *c, enum peek_kind kind, struct str name, struct err *e)
{
    const struct service *s = kinds[kind].service ? cloud_service(c, kinds[kind].service) : NULL;
    struct plog *log = kind == PEEK_TOPIC ? plog_set_find(cloud_topics(c), name) : NULL;
    for (unsigned p = 0; log && p < plog_partitions(log); p++)
        plog_trim(log, p, plog_end(log, p));
    bool found = log || (s && s->purge && s->purge(cloud_state(c, s->name), name));
    return found ? 0 : no_such_name(c, kind, name, e);
}

/* ---- choosing ---- */

struct kept {
    int64_t order_ms; /* the latest time seen so far in its partition: clocks of senders may go back */
    unsigned partition;
    int64_t position, time_ms;
    char *where, *place, *key, *value;
    size_t n_key, n_value, all_value;
    bool has_key, has_value;
};

struct choosing {
    const struct peek_options *o;
    bool newest;        /* the last ones are wanted, not the first */
    int64_t from;       /* positions before are not wanted; of objects so many are skipped */
    int64_t until_ms;   /* what is younger may still get neighbours; INT64_MAX = take all */
    int64_t *next, *latest_ms, *end; /* by partition; end: behind the newest there is */
    size_t n_partitions;
    struct str after_key;  /* objects: of the cursor */
    int64_t after_ms;
    struct kept *kept;
    size_t n, most;
    bool full;          /* kept[most - 1] is the worst that is still wanted */
};

static int compare(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    if (x->order_ms != y->order_ms)
        return x->order_ms < y->order_ms ? -1 : 1;
    if (x->partition != y->partition)
        return x->partition < y->partition ? -1 : 1;
    if (x->position != y->position)
        return x->position < y->position ? -1 : 1;
    return strcmp(x->place, y->place);
}

static void drop(struct kept *k) { free(k->where), free(k->place), free(k->key), free(k->value); }

/* Cuts to those that are wanted. */
static void settle(struct choosing *c)
{
    qsort(c->kept, c->n, sizeof *c->kept, compare);
    if (c->n <= c->most)
        return;
    size_t surplus = c->n - c->most, from = c->newest ? 0 : c->most;
    for (size_t i = from; i < from + surplus; i++)
        drop(&c->kept[i]);
    if (c->newest)
        memmove(c->kept, c->kept + surplus, c->most * sizeof *c->kept);
    c->n = c->most;
    c->full = true;
}

static void make_partition(struct choosing *c, unsigned partition)
{
    if (partition < c->n_partitions)
        return;
    size_t n = partition + 1;
    c->next = mem_grow(c->next, n * sizeof *c->next);
    c->latest_ms = mem_grow(c->latest_ms, n * sizeof *c->latest_ms);
    c->end = mem_grow(c->end, n * sizeof *c->end);
    for (size_t i = c->n_partitions; i < n; i++)
        c->next[i] = c->from, c->end[i] = 0, c->latest_ms[i] = INT64_MIN;
    c->n_partitions = n;
}

static bool is_wanted(struct choosing *c, const struct peek_record *r)
{
    if (r->position >= 0)
        return r->position >= c->next[r->partition] && r->position >= c->from;
    int order = r->time_ms < c->after_ms ? -1 : r->time_ms > c->after_ms ? 1 : str_cmp(r->place, c->after_key);
    return r->time_ms <= c->until_ms && (!c->o->after.p || order > 0);
}

static void choose(void *arg, const struct peek_record *r)
{
    struct choosing *c = arg;
    make_partition(c, r->partition);
    int64_t *latest = &c->latest_ms[r->partition];
    c->end[r->partition] = r->position + 1;
    int64_t order_ms = r->position < 0 ? r->time_ms : (*latest = r->time_ms > *latest ? r->time_ms : *latest);
    if (!is_wanted(c, r) || (c->full && !c->newest && order_ms > c->kept[c->most - 1].order_ms))
        return;
    size_t n_value = utf8_head(r->value, VALUE_BYTES).n;
    c->kept[c->n++] = (struct kept){
        .order_ms = order_ms, .partition = r->partition, .position = r->position, .time_ms = r->time_ms, .where = mem_dup(str_of(r->where)),
        .place = mem_dup(r->place), .key = mem_dup(r->key), .n_key = r->key.n, .has_key = r->key.p, .value = mem_dup(str_head(r->value, n_value)),
        .n_value = n_value, .all_value = r->value.n, .has_value = r->value.p,
    };
    if (c->n == 2 * c->most)
        settle(c);
}

/* ---- the cursor: "3,0,17", the next position of each partition; of objects "ms:key" ---- */

static int read_cursor(struct choosing *c, struct str text, struct err *e)
{
    if (c->o->kind == PEEK_BUCKET) {
        struct str key = text, ms = str_cut(&key, ':');
        c->after_key = key;
        if (key.p && str_to_i64(ms, &c->after_ms))
            return 0;
        return err_set(e, 400, "BAD_CURSOR", "after: '" STR_F "' is no cursor of a bucket", STR_A(str_head(text, 64)));
    }
    for (struct str rest = text; rest.p;) {
        int64_t next;
        if (!str_to_i64(str_cut(&rest, ','), &next) || next < 0 || c->n_partitions > 10000)
            return err_set(e, 400, "BAD_CURSOR", "after: '" STR_F "' is no cursor", STR_A(str_head(text, 64)));
        make_partition(c, (unsigned)c->n_partitions);
        c->next[c->n_partitions - 1] = next;
    }
    return 0;
}

static void write_cursor(const struct choosing *c, struct buf *out)
{
    struct buf text = BUF_INIT;
    if (c->o->kind == PEEK_BUCKET) {
        const struct kept *last = c->n ? &c->kept[c->n - 1] : NULL;
        if (last)
            buf_f(&text, "%lld:%s", (long long)last->time_ms, last->place);
        else if (c->o->after.p)
            buf_str_add(&text, c->o->after);
        else
            buf_z(&text, "-1:");
    }
    for (size_t p = 0; c->o->kind != PEEK_BUCKET && p < c->n_partitions; p++)
        buf_f(&text, "%s%lld", p ? "," : "", (long long)c->next[p]);
    codec_percent(out, buf_str(&text), ",:/");
    buf_release(&text);
}

/* ---- lines ---- */

void peek_put_bytes(struct buf *out, const char *name, struct str s)
{
    if (utf8_valid(s)) {
        buf_f(out, ",\"%s\":", name);
        json_put_text(out, s);
        return;
    }
    buf_f(out, ",\"%s_base64\":\"", name);
    codec_base64(out, s);
    buf_c(out, '"');
}

static void put_decoded(struct buf *out, struct str value, struct arena *a)
{
    struct decode d;
    decode_bytes(value, a, &d);
    if (d.inner.p != value.p && d.is_json) {
        buf_z(out, ",\"decoded\":");
        json_compact(out, d.inner);
    } else if (d.inner.p != value.p) {
        peek_put_bytes(out, "decoded", d.inner);
    }
    for (size_t i = 0; i < d.n_hints; i++) {
        buf_z(out, i ? "," : ",\"hints\":[");
        json_put_text(out, str_of(d.hints[i]));
    }
    if (d.n_hints)
        buf_c(out, ']');
}

static void put_line(const struct choosing *c, const struct kept *k, struct arena *a, struct buf *out)
{
    char iso[CLOCK_TEXT];
    struct str value = { k->value, k->n_value };
    buf_z(out, "{\"place\":");
    json_put_text(out, str_of(k->place));
    if (c->o->kind == PEEK_TOPIC)
        buf_f(out, ",\"partition\":%u,\"offset\":%lld", k->partition, (long long)k->position);
    else if (c->o->kind == PEEK_STREAM)
        buf_f(out, ",\"shard\":\"%s\",\"sequence\":\"%s\"", k->where, strchr(k->place, ':') ? strchr(k->place, ':') + 1 : "");
    buf_f(out, ",\"time\":\"%s\"", clock_iso(k->time_ms, iso));
    if (k->has_key)
        peek_put_bytes(out, "key", (struct str){ k->key, k->n_key });
    buf_f(out, ",\"bytes\":%zu", k->all_value);
    if (!k->has_value)
        buf_z(out, ",\"value\":null");
    else
        peek_put_bytes(out, "value", value);
    if (k->all_value > k->n_value)
        buf_f(out, ",\"cut\":true,\"hints\":[\"only the first %zu bytes are shown\"]", k->n_value);
    else
        put_decoded(out, k->has_value ? value : (struct str){ 0 }, a);
    buf_z(out, "}\n");
}

static int read_from(struct choosing *c, struct err *e)
{
    struct str from = c->o->from;
    c->newest = !c->o->after.p && (!from.n || str_eq(from, S("end")));
    if (c->newest || str_eq(from, S("start")) || c->o->after.p)
        return 0;
    if (!str_to_i64(from, &c->from) || c->from < 0)
        return err_set(e, 400, "BAD_REQUEST", "from: '" STR_F "' is neither start, end nor the number of a record", STR_A(str_head(from, 64)));
    if (c->o->kind == PEEK_BUCKET && c->from > 1000000)
        return err_set(e, 400, "BAD_REQUEST", "from: of a bucket at most 1000000");
    return 0;
}

/* All lines that are wanted stand in c->kept, in their order; what a cursor needs in c->next. */
static size_t finish(struct choosing *c)
{
    settle(c);
    bool objects = c->o->kind == PEEK_BUCKET;
    for (size_t i = 0; !objects && i < c->n; i++)
        c->next[c->kept[i].partition] = c->kept[i].position + 1;
    for (size_t p = 0; c->newest && p < c->n_partitions; p++)
        c->next[p] = c->end[p]; /* what is older was not asked for */
    size_t skip = objects && c->from > 0 ? (size_t)c->from : 0;
    return skip < c->n ? skip : c->n;
}

static void drop_all(struct choosing *c)
{
    for (size_t i = 0; i < c->n; i++)
        drop(&c->kept[i]);
    c->n = 0;
    c->full = false;
}

/* A cursor beyond the end is of a topic or stream that was emptied or begun anew: then it counts from the beginning. */
static bool has_begun_anew(struct choosing *c)
{
    bool anew = false;
    for (size_t p = 0; c->o->after.p && c->o->kind != PEEK_BUCKET && p < c->n_partitions; p++)
        if (c->next[p] > c->end[p])
            c->next[p] = 0, anew = true;
    return anew;
}

static int walk(struct cloud *cloud, struct choosing *c, struct err *e)
{
    const struct peek_options *o = c->o;
    if (peek_each(cloud, o->kind, o->name, choose, c, e))
        return -1;
    if (!has_begun_anew(c))
        return 0;
    drop_all(c);
    return peek_each(cloud, o->kind, o->name, choose, c, e);
}

int peek_list(struct cloud *cloud, const struct peek_options *o, struct arena *a, struct buf *out, struct buf *ret_cursor, struct err *e)
{
    struct clock *clock = cloud_clock(cloud);
    struct choosing c = { .o = o, .until_ms = o->follow && !clock->is_virtual ? clock_now_ms(clock) - SETTLED_MS : INT64_MAX };
    size_t limit = o->limit < MOST_LINES ? o->limit : MOST_LINES;
    int result = -1;
    if (read_from(&c, e) || (o->after.p && read_cursor(&c, o->after, e)))
        goto out;
    c.most = (limit ? limit : 1) + (o->kind == PEEK_BUCKET ? (size_t)c.from : 0);
    c.kept = mem_zero(2 * c.most * sizeof *c.kept);
    if (walk(cloud, &c, e))
        goto out;
    for (size_t i = finish(&c); limit && i < c.n && out->n < MOST_OUT_BYTES; i++)
        put_line(&c, &c.kept[i], a, out);
    write_cursor(&c, ret_cursor);
    result = 0;
out:
    drop_all(&c);
    free(c.kept), free(c.next), free(c.latest_ms), free(c.end);
    return result;
}
