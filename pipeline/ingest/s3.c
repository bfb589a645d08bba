/* s3.c - list, fetch, split into lines; a second round for records whose place nobody was told of. */
#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/json.h"
#include "base/xml.h"
#include "pipeline/ingest/reader.h"

/* One object of the listing: {dir}/{id}.pin/partition=0/{id}.pin+0+0000000007.json */
struct object {
    struct str key;
    unsigned table;
    uint32_t partition;
    int64_t offset; /* of its first record */
    struct str keys; /* the .keys.json sibling, once fetched */
    bool keys_wanted;
};

/* A record whose place no acknowledgement named. */
struct unclaimed {
    size_t object;
    int64_t line; /* in the object, from 0 */
    struct str bytes;
};

struct s3_reader {
    const struct ingest_options *options;
    struct ingest *in;
    struct client *client;
    struct object *objects;
    size_t n_objects, cap_objects;
    struct unclaimed *unclaimed;
    size_t n_unclaimed, cap_unclaimed;
    struct arena names;
    struct buf url, number;
    struct err *err;
    bool failed;
};

/* ---- listing ---- */

/* Reads table, partition and offset out of the key; false for objects that are not the sink's records. */
static bool parse_key(const struct s3_reader *r, struct object *o)
{
    struct str file = o->key;
    for (size_t slash; (slash = str_chr(file, '/')) != STR_NONE;)
        file = str_from(file, slash + 1);
    if (!str_ends(file, S(".json")) || str_ends(file, S(".keys.json")) || str_ends(file, S(".headers.json")))
        return false;
    file.n -= 5;
    struct str rest = file;
    struct str topic = str_cut(&rest, '+');
    struct str partition = str_cut(&rest, '+');
    int64_t p;
    if (!rest.p || !str_to_i64(partition, &p) || p < 0 || p > UINT16_MAX || !str_to_i64(rest, &o->offset))
        return false;
    o->partition = (uint32_t)p;
    if (r->options->name)
        return str_is(topic, r->options->name);
    struct str user = str_of(r->options->user_id);
    if (!str_starts(topic, user) || topic.n <= user.n + 1 || topic.p[user.n] != '.')
        return false;
    for (o->table = 0; o->table < LEDGER_TABLES; o->table++)
        if (str_is(str_from(topic, user.n + 1), ledger_table_names[o->table]))
            return true;
    return false;
}

static void add_object(struct s3_reader *r, struct str key)
{
    struct object o = { .key = key };
    if (!parse_key(r, &o))
        return;
    o.key = arena_dup(&r->names, key);
    if (r->n_objects == r->cap_objects) {
        r->cap_objects = r->cap_objects ? r->cap_objects * 2 : 1024;
        r->objects = mem_grow(r->objects, r->cap_objects * sizeof *r->objects);
    }
    r->objects[r->n_objects++] = o;
}

static void list_url(struct s3_reader *r, struct str token)
{
    const struct ingest_options *o = r->options;
    buf_reset(&r->url);
    buf_f(&r->url, "%s/%s?", o->endpoint, o->bucket);
    if (token.n) {
        buf_z(&r->url, "continuation-token=");
        codec_percent(&r->url, token, "");
        buf_c(&r->url, '&');
    }
    buf_z(&r->url, "list-type=2&max-keys=1000&prefix=");
    codec_percent(&r->url, str_of(o->topics_dir ? o->topics_dir : "topics"), "");
    buf_z(&r->url, "%2F");
    codec_percent(&r->url, str_of(o->name ? o->name : o->user_id), "");
    buf_z(&r->url, o->name ? "%2F" : ".");
}

static int refused(struct s3_reader *r, const char *what, struct str key, const struct client_response *got)
{
    struct str code = xml_find(got->body, "Error", "Code", &r->names), message = xml_find(got->body, "Error", "Message", &r->names);
    const char *next = str_is(code, "NoSuchBucket") ? "; create it, or name the sink's bucket" :
                       got->status == 403           ? "; check the access key and its secret" : "";
    return err_set(r->err, got->status, code.n ? arena_z(&r->names, code) : "S3_REFUSED",
                   "%s s3://%s/" STR_F " at %s: %d " STR_F ": " STR_F "%s", what, r->options->bucket, STR_A(key), r->options->endpoint,
                   got->status, STR_A(code), STR_A(message), next);
}

/* Contents/Key of each object, and the token of the next page (n == 0: this is the last). */
static bool read_page(struct s3_reader *r, struct str listing, struct str *token, struct arena *page)
{
    struct xml x;
    struct str name;
    *token = S("");
    xml_open(&x, listing, "ListBucketResult");
    while (xml_child(&x, &name)) {
        if (str_is(name, "Contents"))
            while (xml_child(&x, &name))
                if (str_is(name, "Key"))
                    add_object(r, xml_text(&x, page));
                else
                    xml_skip(&x);
        else if (str_is(name, "NextContinuationToken"))
            *token = xml_text(&x, &r->names);
        else
            xml_skip(&x);
    }
    return xml_close(&x);
}

static int list_page(struct s3_reader *r, struct str *token, struct arena *page)
{
    list_url(r, *token);
    struct client_request q = { .method = "GET", .url = buf_str(&r->url), .sign = true, .service = S("s3") };
    struct client_response got;
    if (client_do(r->client, &q, page, &got, r->err))
        return -1;
    if (got.status != 200)
        return refused(r, "listing", S(""), &got);
    r->in->pages++;
    if (read_page(r, got.body, token, page))
        return 0;
    return err_set(r->err, 0, "S3_ANSWER_MALFORMED", "listing s3://%s at %s: the answer is no ListBucketResult", r->options->bucket, r->options->endpoint);
}

static int list_all(struct s3_reader *r)
{
    struct str token = S("");
    int result;
    do {
        struct arena page = ARENA_INIT;
        result = list_page(r, &token, &page);
        arena_release(&page);
    } while (result == 0 && token.n);
    return result;
}

/* ---- fetching ---- */

struct fetch {
    struct s3_reader *reader;
    size_t object;
    bool keys;
};

static void set_unclaimed(struct s3_reader *r, size_t object, int64_t line, struct str bytes)
{
    if (r->n_unclaimed == r->cap_unclaimed) {
        r->cap_unclaimed = r->cap_unclaimed ? r->cap_unclaimed * 2 : 64;
        r->unclaimed = mem_grow(r->unclaimed, r->cap_unclaimed * sizeof *r->unclaimed);
    }
    r->unclaimed[r->n_unclaimed++] = (struct unclaimed){ object, line, bytes };
    r->objects[object].keys_wanted = true;
}

static bool hand_on(struct s3_reader *r, const struct object *o, int64_t line, struct str bytes, struct str id, bool last)
{
    buf_reset(&r->number);
    buf_i64(&r->number, o->offset + line);
    struct ingest_record record = { .table = o->table, .place = { o->partition, buf_str(&r->number) }, .bytes = bytes };
    if (r->options->ledger)
        ledger_stored(r->options->ledger, o->table, record.place);
    return ingest_record(r->options, r->in, &record, id, last);
}

static void split(struct s3_reader *r, size_t object, struct str lines)
{
    for (int64_t line = 0; lines.n; line++) {
        struct str bytes = str_cut(&lines, '\n');
        if (!hand_on(r, &r->objects[object], line, bytes, (struct str){ 0 }, false))
            set_unclaimed(r, object, line, bytes);
    }
}

static void fetch_failed(struct s3_reader *r, struct str key, const struct client_response *got)
{
    if (r->failed)
        return; /* the first cause is the one to tell */
    r->failed = true;
    if (got->status)
        refused(r, "fetching", key, got);
    else
        err_set(r->err, 0, "NO_ANSWER", "fetching s3://%s/" STR_F " at %s: %s after %d attempts; is S3 running there?",
                r->options->bucket, STR_A(key), r->options->endpoint, got->error ? got->error : "no answer", got->attempts);
}

static void fetched(void *arg, const struct client_response *got)
{
    struct fetch *f = arg;
    struct s3_reader *r = f->reader;
    struct object *o = &r->objects[f->object];
    bool no_keys = f->keys && got->status == 404; /* the sink runs without store.kafka.keys */
    r->in->retries += (uint64_t)(got->attempts - 1);
    if (got->status != 200 && !no_keys) {
        fetch_failed(r, o->key, got);
    } else if (f->keys) {
        r->in->keys_fetched++;
        o->keys = no_keys ? S("") : arena_dup(&r->names, got->body);
    } else {
        r->in->objects++;
        split(r, f->object, arena_dup(&r->in->bytes, got->body));
    }
}

static void start_fetch(struct s3_reader *r, struct fetch *f)
{
    const struct object *o = &r->objects[f->object];
    buf_reset(&r->url);
    buf_z(&r->url, r->options->endpoint);
    buf_c(&r->url, '/');
    buf_z(&r->url, r->options->bucket);
    buf_c(&r->url, '/');
    codec_percent(&r->url, f->keys ? str_head(o->key, o->key.n - 5) : o->key, "/");
    if (f->keys)
        buf_z(&r->url, ".keys.json");
    struct client_request q = {
        .method = "GET", .url = buf_str(&r->url), .sign = true, .service = S("s3"), .done = fetched, .arg = f,
    };
    client_start(r->client, &q);
}

/* Fetches all objects, or the key siblings of those that want them. */
static int fetch_all(struct s3_reader *r, bool keys)
{
    struct fetch *fetches = mem_alloc(r->n_objects * sizeof *fetches);
    size_t window = (size_t)(r->options->in_flight ? r->options->in_flight : 48);
    for (size_t i = 0; i < r->n_objects && !r->failed; i++) {
        if (keys && !r->objects[i].keys_wanted)
            continue;
        fetches[i] = (struct fetch){ r, i, keys };
        start_fetch(r, &fetches[i]);
        if (client_pending(r->client) > window * 2)
            client_run(r->client, window);
    }
    client_run(r->client, 0);
    free(fetches);
    return r->failed ? -1 : 0;
}

/* ---- the second round ---- */

/* The id in line `line` of a .keys.json object: a JSON string as the StringConverter writes it. */
static struct str id_of(struct str keys, int64_t line, struct arena *a)
{
    struct str text = { 0 };
    for (int64_t i = 0; i <= line && keys.p; i++)
        text = str_cut(&keys, '\n');
    struct json value;
    struct json_reader reader;
    for (int depth = 0; depth < 2; depth++) { /* a JSON key through the StringConverter is quoted twice */
        json_open(&reader, text);
        if (json_read(&reader, &value) || value.type != JSON_STRING)
            break;
        text = json_text(value, a);
    }
    return text;
}

static int claim_the_rest(struct s3_reader *r)
{
    if (r->n_unclaimed && r->options->ledger && fetch_all(r, true))
        return -1;
    for (size_t i = 0; i < r->n_unclaimed; i++) {
        struct arena scratch = ARENA_INIT;
        const struct unclaimed *u = &r->unclaimed[i];
        const struct object *o = &r->objects[u->object];
        hand_on(r, o, u->line, u->bytes, o->keys.n ? id_of(o->keys, u->line, &scratch) : (struct str){ 0 }, true);
        arena_release(&scratch);
    }
    return 0;
}

int ingest_s3(const struct ingest_options *o, struct ingest *in, struct err *e)
{
    struct s3_reader r = { .options = o, .in = in, .err = e };
    r.client = ingest_client(o, e);
    int result = r.client ? 0 : -1;
    if (result == 0)
        result = list_all(&r);
    if (result == 0)
        result = fetch_all(&r, false);
    if (result == 0)
        result = claim_the_rest(&r);
    if (result == 0 && o->progress)
        o->progress(o->progress_arg, in->records);
    if (r.client)
        client_close(r.client);
    free(r.objects);
    free(r.unclaimed);
    buf_release(&r.url);
    buf_release(&r.number);
    arena_release(&r.names);
    return result;
}
