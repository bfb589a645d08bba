/* tagging.c - Get, Put and DeleteObjectTagging, and the x-amz-tagging header.
 *
 * Limits: 10 tags, keys of 1 to 128 and values of at most 256 characters, no key twice.
 * Source: "Categorizing your storage using tags", S3 user guide.
 */
#include "mocks/s3/tagging.h"

#include "base/codec.h"
#include "base/utf8.h"
#include "mocks/s3/actions.h"
#include "mocks/s3/objects.h"

enum { MOST_TAGS = 10, MOST_KEY = 128, MOST_VALUE = 256 };

struct tags {
    struct { struct str key, value; } at[MOST_TAGS];
    size_t n;
};

static int add_tag(struct call *c, struct tags *t, struct str key, struct str value)
{
    if (t->n == MOST_TAGS)
        return call_fail(c, 400, "BadRequest", "Object tags cannot be greater than %d", MOST_TAGS);
    bool bad_key = key.n == 0 || !utf8_valid(key) || utf8_count(key) > MOST_KEY;
    if (bad_key || !utf8_valid(value) || utf8_count(value) > MOST_VALUE) {
        s3call_detail(c, bad_key ? "TagKey" : "TagValue", bad_key ? key : value);
        return call_fail(c, 400, "InvalidTag", "The Tag%s you have provided is invalid", bad_key ? "Key" : "Value");
    }
    for (size_t i = 0; i < t->n; i++)
        if (str_eq(t->at[i].key, key)) {
            s3call_detail(c, "TagKey", key);
            return call_fail(c, 400, "InvalidTag", "Cannot provide multiple Tags with the same key");
        }
    t->at[t->n].key = key;
    t->at[t->n++].value = value;
    return 0;
}

static struct str pack(struct arena *a, const struct tags *t)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < t->n; i++) {
        if (i)
            buf_c(&out, '&');
        codec_percent(&out, t->at[i].key, "");
        buf_c(&out, '=');
        codec_percent(&out, t->at[i].value, "");
    }
    return arena_keep(a, &out);
}

int tagging_of_header(struct call *c, struct str *ret_tags)
{
    struct tags t = { .n = 0 };
    struct str header = s3call_header(c, "x-amz-tagging");
    for (struct str rest = header; rest.n;) {
        struct str value = str_cut(&rest, '&'), key = str_cut(&value, '=');
        if (add_tag(c, &t, codec_plain(c->arena, key, true), codec_plain(c->arena, value, true)))
            return -1;
    }
    *ret_tags = t.n ? pack(c->arena, &t) : S("");
    return 0;
}

/* <Tag><Key>k</Key><Value>v</Value></Tag> … within the TagSet just begun */
static int read_tag_set(struct call *c, struct xml *x, struct tags *t)
{
    struct str name;
    while (xml_child(x, &name)) {
        struct str key = S(""), value = S(""), field;
        if (!str_is(name, "Tag"))
            return s3call_malformed_xml(c);
        while (xml_child(x, &field))
            if (str_is(field, "Key"))
                key = xml_text(x, c->arena);
            else if (str_is(field, "Value"))
                value = xml_text(x, c->arena);
            else
                return s3call_malformed_xml(c);
        if (!x->bad && add_tag(c, t, key, value))
            return -1;
    }
    return 0;
}

static int change(struct call *c, struct str tags, int status)
{
    struct version *v = NULL;
    struct s3call *s = s3call_of(c);
    enum store_result result = store_object_tag(s->bucket, s->key, s3call_query(c, "versionId"), tags, &v);
    int answer = result == STORE_OK ? 0 : objects_absent(c, result, result == STORE_DISK ? NULL : v);
    if (answer == 0) {
        s3call_version_header(c, v, s->bucket);
        c->reply->status = status;
    }
    store_version_unref(v);
    return answer;
}

int tagging_put(struct call *c)
{
    struct xml x;
    struct tags t = { .n = 0 };
    struct str name;
    bool found = false;
    if (s3call_bucket(c))
        return -1;
    xml_open(&x, s3call_of(c)->body, "Tagging");
    while (xml_child(&x, &name)) {
        found = str_is(name, "TagSet");
        if (!found)
            xml_skip(&x);
        else if (read_tag_set(c, &x, &t))
            return -1;
    }
    if (!xml_close(&x) || !found)
        return s3call_malformed_xml(c);
    return change(c, t.n ? pack(c->arena, &t) : S(""), 200);
}

int tagging_delete(struct call *c) { return s3call_bucket(c) ? -1 : change(c, S(""), 204); }

int tagging_get(struct call *c)
{
    struct version *v = NULL;
    struct s3call *s = s3call_of(c);
    if (s3call_bucket(c))
        return -1;
    enum store_result result = store_object_get(s->bucket, s->key, s3call_query(c, "versionId"), &v);
    if (result != STORE_OK) {
        int answer = objects_absent(c, result, v);
        store_version_unref(v);
        return answer;
    }
    struct str tags = store_object_tags(s->bucket, v, c->arena);
    s3call_version_header(c, v, s->bucket);
    store_version_unref(v);
    struct buf *out = s3call_xml(c, "Tagging");
    buf_z(out, "<TagSet>");
    while (tags.n) {
        struct str value = str_cut(&tags, '&'), key = str_cut(&value, '=');
        buf_z(out, "<Tag>");
        xml_put(out, "Key", codec_plain(c->arena, key, true));
        xml_put(out, "Value", codec_plain(c->arena, value, true));
        buf_z(out, "</Tag>");
    }
    buf_z(out, "</TagSet></Tagging>");
    return 0;
}
