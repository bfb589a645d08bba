#include "base/crew.h"

#include <pthread.h>
#include <stdbool.h>
#include <unistd.h>

struct hand {
    pthread_t thread;
    bool started;
    void *item;
    void (*work)(void *item);
};

static void *crew_hand(void *hand)
{
    struct hand *h = hand;
    h->work(h->item);
    return NULL;
}

void crew_run(void *items, size_t size, size_t n, void (*work)(void *item))
{
    struct hand hands[CREW_MAX] = { 0 };
    for (size_t i = 0; i < n && i < CREW_MAX; i++)
        hands[i] = (struct hand){ .item = (char *)items + i * size, .work = work };
    for (size_t i = 1; i < n && i < CREW_MAX; i++)
        hands[i].started = pthread_create(&hands[i].thread, NULL, crew_hand, &hands[i]) == 0;
    for (size_t i = 0; i < n; i++)
        if (i >= CREW_MAX || !hands[i].started)
            work((char *)items + i * size);
    for (size_t i = 1; i < n && i < CREW_MAX; i++)
        if (hands[i].started)
            pthread_join(hands[i].thread, NULL);
}

size_t crew_size(unsigned wanted, size_t amount, size_t least)
{
    long processors = wanted ? (long)wanted : sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = processors < 1 ? 1 : processors > CREW_MAX ? CREW_MAX : (size_t)processors;
    return wanted || amount >= n * least ? n : 1;
}
