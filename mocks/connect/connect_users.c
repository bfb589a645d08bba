/* connect_users.c - with the setting connect.each_user: for every user whose topics come up, the connector and the bucket
 * that this user would have set up; the connector of the settings takes the topics that are nobody's.
 *
 *     topic 0a9b5b8a2ae5.pin  ->  connector user-0a9b5b8a2ae5, topics.regex=0a9b5b8a2ae5\..*, s3.bucket.name=user-0a9b5b8a2ae5-bucket
 */
#include <stdlib.h>

#include "mocks/connect/connect.h"
#include "mocks/connect/worker.h"

enum { MAX_ID = 48 }; /* a bucket's name has at most 63 characters */

/* "ID" of ID.pin, ID.geo, ID.user when a bucket can be named after it; else nothing. */
static struct str user_of(const char *topic)
{
    struct str table = str_of(topic), id = str_cut(&table, '.');
    if (!str_is(table, "pin") && !str_is(table, "geo") && !str_is(table, "user"))
        return S("");
    for (size_t i = 0; i < id.n; i++)
        if (!((id.p[i] >= 'a' && id.p[i] <= 'z') || (id.p[i] >= '0' && id.p[i] <= '9') || (id.p[i] == '-' && i > 0)))
            return S("");
    return id.n <= MAX_ID ? id : S("");
}

static bool is_known(struct worker *w, struct str name)
{
    pthread_mutex_lock(&w->lock);
    bool known = worker_find(w, name);
    pthread_mutex_unlock(&w->lock);
    return known;
}

static void make_bucket(struct worker *w, struct str bucket, struct arena *a)
{
    struct http_request request = { .method = S("PUT") };
    struct http_reply reply = { 0 };
    struct err ignored;
    http_request_target(&request, arena_f(a, "/" STR_F, STR_A(bucket)));
    if (cloud_invoke_wait(w->cloud, "s3", &request, &reply, a, &ignored) == 0)
        http_reply_release(&reply); /* there already, or the sink will say what is wrong */
}

static void add_connector(struct worker *w, struct str id, struct str name, struct arena *a)
{
    struct properties given;
    struct config_mistakes m = { .arena = a };
    struct err ignored;
    bool is_new;
    struct str bucket = arena_f(a, "user-" STR_F "-bucket", STR_A(id)), regex = arena_f(a, STR_F "\\..*", STR_A(id));
    if (properties_parse(str_of(cloud_setting(w->cloud, "connect.properties")), a, &given, &ignored))
        return;
    for (size_t i = 0; i < given.n; i++) {
        struct property *p = &given.at[i];
        p->value = str_is(p->key, "s3.bucket.name") ? bucket : str_is(p->key, "topics.regex") ? regex : p->value;
    }
    struct connect_config *config = worker_read_config(&given, name, w->java_order, &m);
    if (config) {
        make_bucket(w, bucket, a);
        worker_add(w, config, true, &is_new, &ignored); /* refused when there are too many: then it stays with the others */
    }
}

static struct str name_of(struct str id, struct arena *a) { return arena_f(a, "user-" STR_F, STR_A(id)); }

void connect_users_see(struct worker *w, const char *topic)
{
    struct str id = w->each_user ? user_of(topic) : S("");
    if (!id.n)
        return;
    struct arena a = ARENA_INIT;
    struct str name = name_of(id, &a);
    if (!is_known(w, name))
        add_connector(w, id, name, &a);
    arena_release(&a);
}

void connect_users_look(struct worker *w)
{
    size_t n;
    if (!w->each_user)
        return;
    struct plog **logs = plog_set_list(cloud_topics(w->cloud), &n);
    for (size_t i = 0; i < n; i++)
        connect_users_see(w, plog_name(logs[i]));
    free(logs);
}

bool connect_users_own(const struct connector *c, const char *topic)
{
    struct worker *w = c->worker;
    struct str id = w->each_user ? user_of(topic) : S("");
    if (!id.n)
        return false;
    struct arena a = ARENA_INIT;
    struct str name = name_of(id, &a);
    bool own = !str_eq(c->config->name, name) && worker_find(w, name);
    arena_release(&a);
    return own;
}
