/* foreign.c - backends that are not of this cloud: a few threads, each with an HTTP client of its own.
 *
 * Started by the first call that needs them. A call waits in line for a thread; what the thread gets back goes through
 * invoke_answer, and call_finish ends the call.
 */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "mocks/apigw/invoke.h"
#include "mocks/cloud/cloud.h"
#include "net/client.h"

enum { THREADS = 4, USUAL_LIMIT_MS = 29000 };

struct waiting {
    struct invocation *v;
    struct waiting *next;
};
struct foreign {
    struct cloud *cloud;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct waiting *head, **tail;
    pthread_t threads[THREADS];
    int started;
    bool closing;
};

struct foreign *foreign_open(struct cloud *cloud)
{
    struct foreign *f = mem_zero(sizeof(*f));
    f->cloud = cloud;
    f->tail = &f->head;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
    return f;
}

static struct invocation *take(struct foreign *f)
{
    struct invocation *v = NULL;
    pthread_mutex_lock(&f->lock);
    while (!f->head && !f->closing)
        pthread_cond_wait(&f->changed, &f->lock);
    if (f->head) {
        v = f->head->v;
        f->head = f->head->next;
        if (!f->head)
            f->tail = &f->head;
    }
    pthread_mutex_unlock(&f->lock);
    return v;
}

static void talk(struct client *client, struct invocation *v)
{
    struct call *c = v->call;
    struct client_response r = { 0 };
    struct err e = { 0 };
    const struct client_request q = {
        .method = arena_z(c->arena, v->out.method), .url = v->url, .headers = v->out.headers,
        .n_headers = v->out.n_headers, .body = v->out.body,
    };
    const char *error = NULL;
    int64_t started_us = clock_stopwatch_us(), limit_ms = invoke_limit_ms(v);
    if (!client || client_do(client, &q, c->arena, &r, &e) || !r.status) {
        v->late = clock_stopwatch_us() - started_us >= limit_ms * 1000;
        error = r.error ? r.error : e.message[0] ? arena_f(c->arena, "%s", e.message).p : "no answer";
    } else {
        v->back.status = r.status;
        for (size_t i = 0; i < r.n_headers; i++)
            http_reply_header(&v->back, c->arena, arena_z(c->arena, r.headers[i].name), r.headers[i].value);
        buf_str_add(&v->back.body, r.body);
    }
    call_finish(c, invoke_answer(v, error));
}

static struct client *open_client(const struct foreign *f, int64_t timeout_ms)
{
    struct err e;
    return client_open(&(struct client_options){ .clock = cloud_clock(f->cloud), .max_attempts = 1, .timeout_ms = timeout_ms }, &e);
}

/* An integration with a time limit of its own gets a client of its own. */
static void *work(void *arg)
{
    struct foreign *f = arg;
    struct client *client = open_client(f, USUAL_LIMIT_MS);
    for (struct invocation *v; (v = take(f));) {
        struct client *own = invoke_limit_ms(v) < USUAL_LIMIT_MS ? open_client(f, invoke_limit_ms(v)) : NULL;
        talk(own ? own : client, v);
        if (own)
            client_close(own);
    }
    if (client)
        client_close(client);
    return NULL;
}

int foreign_send(struct foreign *f, struct invocation *v)
{
    struct waiting *w = ARENA_NEW(v->call->arena, struct waiting);
    w->v = v;
    pthread_mutex_lock(&f->lock);
    *f->tail = w;
    f->tail = &w->next;
    if (f->started < THREADS && pthread_create(&f->threads[f->started], NULL, work, f) == 0)
        f->started++;
    pthread_cond_signal(&f->changed);
    pthread_mutex_unlock(&f->lock);
    return CALL_LATER;
}

void foreign_close(struct foreign *f)
{
    pthread_mutex_lock(&f->lock);
    f->closing = true;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    for (int i = 0; i < f->started; i++)
        pthread_join(f->threads[i], NULL);
    pthread_mutex_destroy(&f->lock);
    pthread_cond_destroy(&f->changed);
    free(f);
}
