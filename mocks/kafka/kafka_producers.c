/* kafka_producers.c - idempotent producers: InitProducerId, and batches that are numbered so that a repeat enters once.
 *
 * For each producer and partition the last five batches are known (Kafka's limit of requests in flight). A batch that is one of
 * them gets its first answer again; one that is neither that nor the next is refused (45); an older epoch is fenced (47).
 */
#include <stdlib.h>

#include "mocks/kafka/kafka_batch.h"
#include "mocks/kafka/kafka_broker.h"

enum { KEPT = 5, STRIPES = 16 };

struct numbered {
    int32_t first, last; /* sequence numbers */
    int64_t offset;
};
struct producer {
    const struct plog *log; /* a topic may have been created anew under its name */
    int16_t epoch;
    unsigned n; /* batches seen, of which the last KEPT are in `batches` */
    struct numbered batches[KEPT];
};
struct stripe {
    pthread_mutex_t lock;
    struct map producers; /* "id/partition/topic" -> struct producer */
};
struct kafka_producers {
    _Atomic int64_t last_id;
    struct stripe stripes[STRIPES];
};

struct kafka_producers *kafka_producers_open(void)
{
    struct kafka_producers *p = mem_zero(sizeof *p);
    for (int i = 0; i < STRIPES; i++)
        pthread_mutex_init(&p->stripes[i].lock, NULL);
    return p;
}

void kafka_producers_reset(struct kafka_producers *p)
{
    for (int i = 0; i < STRIPES; i++) {
        struct stripe *s = &p->stripes[i];
        size_t at = 0;
        pthread_mutex_lock(&s->lock);
        for (struct map_entry *m; (m = map_next(&s->producers, &at));)
            free(m->value);
        map_release(&s->producers);
        s->producers = MAP_INIT;
        pthread_mutex_unlock(&s->lock);
    }
}

void kafka_producers_close(struct kafka_producers *p)
{
    kafka_producers_reset(p);
    for (int i = 0; i < STRIPES; i++)
        pthread_mutex_destroy(&p->stripes[i].lock);
    free(p);
}

/* ---- batches ---- */

/* Numbers go round after the largest. */
static int32_t add(int32_t sequence, int64_t n) { return (int32_t)((uint32_t)((uint64_t)sequence + (uint64_t)n) & INT32_MAX); }

static const struct numbered *find_repeat(const struct producer *p, int32_t first, int32_t last)
{
    for (unsigned i = 0; i < KEPT && i < p->n; i++)
        if (p->batches[i].first == first && p->batches[i].last == last)
            return &p->batches[i];
    return NULL;
}

/* NONE when the batch is the next. */
static int check_next(struct producer *p, int16_t epoch, int32_t first)
{
    if (p->n && epoch < p->epoch)
        return KAFKA_INVALID_PRODUCER_EPOCH;
    if (p->n && epoch > p->epoch)
        return first == 0 ? KAFKA_NONE : KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER;
    if (p->n && first != add(p->batches[(p->n - 1) % KEPT].last, 1))
        return KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER;
    return KAFKA_NONE;
}

static int append(struct producer *p, struct plog *log, unsigned partition, const struct kafka_batch *b, int64_t *ret_offset)
{
    int32_t last = add(b->sequence, (int64_t)b->n - 1);
    const struct numbered *repeat = p->epoch == b->producer_epoch ? find_repeat(p, b->sequence, last) : NULL;
    if (repeat) {
        *ret_offset = repeat->offset;
        return KAFKA_NONE;
    }
    int error = b->sequence < 0 ? KAFKA_OUT_OF_ORDER_SEQUENCE_NUMBER : check_next(p, b->producer_epoch, b->sequence);
    if (error)
        return error;
    if (p->epoch != b->producer_epoch)
        p->n = 0;
    *ret_offset = plog_append_many(log, partition, b->records, b->n);
    p->epoch = b->producer_epoch;
    p->batches[p->n++ % KEPT] = (struct numbered){ b->sequence, last, *ret_offset };
    return KAFKA_NONE;
}

int kafka_producers_append(struct kafka_producers *all, struct plog *log, unsigned partition, const struct kafka_batch *b, int64_t *ret_offset)
{
    struct buf key = BUF_INIT;
    buf_f(&key, "%lld/%u/%s", (long long)b->producer_id, partition, plog_name(log));
    struct stripe *s = &all->stripes[str_hash(buf_str(&key)) % STRIPES];
    pthread_mutex_lock(&s->lock);
    struct producer *p = map_get(&s->producers, buf_str(&key));
    if (!p)
        map_put(&s->producers, buf_str(&key), p = mem_zero(sizeof *p));
    if (p->log != log)
        *p = (struct producer){ .log = log };
    int error = append(p, log, partition, b, ret_offset);
    pthread_mutex_unlock(&s->lock);
    buf_release(&key);
    return error;
}

/* ---- InitProducerId ---- */

struct request {
    struct str transactional_id;
    int32_t timeout_ms;
    int64_t id;
    int16_t epoch;
};
struct response {
    int32_t throttle_ms;
    int16_t error;
    int64_t id;
    int16_t epoch;
};

static const struct kafka_field request_fields[] = {
    KAFKA(struct request, STRING, transactional_id),
    KAFKA(struct request, INT32, timeout_ms),
    KAFKA(struct request, INT64, id, .since = 3, .otherwise = -1),
    KAFKA(struct request, INT16, epoch, .since = 3, .otherwise = -1),
};
static const struct kafka_field response_fields[] = {
    KAFKA(struct response, INT32, throttle_ms),
    KAFKA(struct response, INT16, error),
    KAFKA(struct response, INT64, id),
    KAFKA(struct response, INT16, epoch),
};
const struct kafka_schema kafka_init_producer_id_request = KAFKA_SCHEMA(struct request, request_fields);
const struct kafka_schema kafka_init_producer_id_response = KAFKA_SCHEMA(struct response, response_fields);

int kafka_producers_init(struct call *c)
{
    struct kafka_request *q = kafka_request_of(c);
    const struct request *r = q->args;
    int error = q->refused;
    if (!error && r->transactional_id.p) {
        error = KAFKA_UNSUPPORTED_VERSION;
        call_reason(c, "transactions are not implemented here; leave transactional.id out");
    }
    if (error)
        return kafka_answer(c, &(struct response){ .error = (int16_t)error, .id = -1, .epoch = -1 });
    int64_t id = atomic_fetch_add(&kafka_state_of(c)->producers->last_id, 1);
    return kafka_answer(c, &(struct response){ .id = id });
}
