#include "journal/bell.h"

#include <errno.h>
#include <time.h>

void bell_init(struct bell *b)
{
    pthread_condattr_t attributes;

    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&b->rung, &attributes);
    pthread_condattr_destroy(&attributes);
    b->is_rung = false;
}

void bell_destroy(struct bell *b)
{
    pthread_cond_destroy(&b->rung);
    pthread_mutex_destroy(&b->lock);
}

void bell_ring(void *arg)
{
    struct bell *b = arg;

    pthread_mutex_lock(&b->lock);
    b->is_rung = true;
    pthread_mutex_unlock(&b->lock);
    pthread_cond_signal(&b->rung); /* now, or the woken thread might find the lock still taken */
}

static struct timespec after(int64_t timeout_ms)
{
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += timeout_ms % 1000 * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

bool bell_wait(struct bell *b, int64_t timeout_ms)
{
    struct timespec until = after(timeout_ms >= 0 ? timeout_ms : 0);
    bool is_rung;

    pthread_mutex_lock(&b->lock);
    while (!b->is_rung) {
        if (timeout_ms < 0)
            pthread_cond_wait(&b->rung, &b->lock);
        else if (pthread_cond_timedwait(&b->rung, &b->lock, &until) == ETIMEDOUT)
            break;
    }
    is_rung = b->is_rung;
    b->is_rung = false;
    pthread_mutex_unlock(&b->lock);
    return is_rung;
}
