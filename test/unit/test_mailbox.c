#include "support/cm.h"
#include "base/mailbox.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

/* Items are numbers in disguise. */
static void *item(uintptr_t n)
{
    return (void *)n;
}

static void count_wake(void *arg)
{
    (*(int *)arg)++;
}

/* As the hub does: wake the owner if the box was empty. */
static void post(struct mailbox *m, void *what)
{
    if (mailbox_post(m, what))
        mailbox_wake(m);
}

static void items_come_out_in_order(void **state)
{
    struct mailbox m;
    void **items;

    (void)state;
    mailbox_init(&m, 1000, NULL, NULL);
    assert_int_equal(mailbox_take(&m, &items), 0);
    for (uintptr_t count = 0; count <= 900; count += 300) { /* the two arrays change places */
        for (uintptr_t i = 0; i < count; i++)
            post(&m, item(count + i));
        assert_int_equal(mailbox_take(&m, &items), count);
        for (uintptr_t i = 0; i < count; i++)
            assert_ptr_equal(items[i], item(count + i));
    }
    assert_int_equal(mailbox_take(&m, &items), 0);
    mailbox_destroy(&m);
}

static void what_was_taken_stays_while_more_comes_in(void **state)
{
    struct mailbox m;
    void **items, **more;

    (void)state;
    mailbox_init(&m, 1000, NULL, NULL);
    post(&m, item(1));
    assert_int_equal(mailbox_take(&m, &items), 1);
    for (uintptr_t i = 0; i < 500; i++)
        post(&m, item(2));
    assert_ptr_equal(items[0], item(1));
    assert_int_equal(mailbox_take(&m, &more), 500);
    mailbox_destroy(&m);
}

static void is_full_until_what_was_taken_is_dealt_with(void **state)
{
    struct mailbox m;
    void **items;

    (void)state;
    mailbox_init(&m, 2, NULL, NULL);
    assert_false(mailbox_is_full(&m));
    post(&m, item(1));
    assert_false(mailbox_is_full(&m));
    post(&m, item(2));
    assert_true(mailbox_is_full(&m));
    post(&m, item(3)); /* joins and leaves must not be lost */
    assert_int_equal(mailbox_take(&m, &items), 3);
    assert_ptr_equal(items[2], item(3));
    assert_true(mailbox_is_full(&m));
    mailbox_done(&m, 1);
    assert_true(mailbox_is_full(&m));
    mailbox_done(&m, 2);
    assert_false(mailbox_is_full(&m));
    mailbox_destroy(&m);
}

static void is_strained_past_an_eighth(void **state)
{
    struct mailbox m;

    (void)state;
    mailbox_init(&m, 16, NULL, NULL);
    post(&m, item(1));
    post(&m, item(2));
    assert_false(mailbox_is_strained(&m));
    post(&m, item(3));
    assert_true(mailbox_is_strained(&m));
    mailbox_destroy(&m);
}

static void the_owner_is_woken_only_when_the_box_was_empty(void **state)
{
    struct mailbox m;
    void **items;
    int wakes = 0;

    (void)state;
    mailbox_init(&m, 3, count_wake, &wakes);
    assert_int_equal(wakes, 0);
    post(&m, item(1));
    assert_int_equal(wakes, 1);
    post(&m, item(2));
    assert_int_equal(wakes, 1);
    mailbox_take(&m, &items);
    post(&m, item(3));
    assert_int_equal(wakes, 2);
    mailbox_take(&m, &items);
    mailbox_take(&m, &items);
    assert_int_equal(wakes, 2);
    mailbox_destroy(&m);
}

/* ---- many producers ---- */

enum { PRODUCERS = 4, ITEMS_EACH = 20000, LIMIT = 128 };

/* A doorbell, as uv_async_send is one: rings may merge, none is lost. */
struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    bool is_rung;
};

static void ring_bell(void *arg)
{
    struct bell *b = arg;

    pthread_mutex_lock(&b->lock);
    b->is_rung = true;
    pthread_cond_signal(&b->rung);
    pthread_mutex_unlock(&b->lock);
}

static void wait_for_bell(struct bell *b)
{
    pthread_mutex_lock(&b->lock);
    while (!b->is_rung)
        pthread_cond_wait(&b->rung, &b->lock);
    b->is_rung = false;
    pthread_mutex_unlock(&b->lock);
}

struct producer {
    pthread_t thread;
    struct mailbox *box;
    uintptr_t number;
};

static void *produce(void *arg)
{
    struct producer *p = arg;

    for (uintptr_t i = 0; i < ITEMS_EACH; i++) {
        while (mailbox_is_full(p->box))
            sched_yield();
        post(p->box, item(p->number << 32 | i));
    }
    return NULL;
}

/* Sleeping but for the bell, the owner must get each item once and each producer's in order: a
 * wake that is missing would hang this test, and an item twice or out of order fail it. */
static void many_producers_lose_nothing_and_keep_their_order(void **state)
{
    struct bell bell = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    struct producer producers[PRODUCERS];
    uintptr_t next[PRODUCERS] = {0};
    size_t total = 0, disorder = 0, largest = 0;
    struct mailbox m;

    (void)state;
    mailbox_init(&m, LIMIT, ring_bell, &bell);
    for (uintptr_t p = 0; p < PRODUCERS; p++) {
        producers[p].box = &m;
        producers[p].number = p;
        assert_int_equal(pthread_create(&producers[p].thread, NULL, produce, &producers[p]), 0);
    }
    while (total < (size_t)PRODUCERS * ITEMS_EACH) {
        void **items;
        size_t count;

        wait_for_bell(&bell);
        count = mailbox_take(&m, &items);
        for (size_t i = 0; i < count; i++)
            disorder += ((uintptr_t)items[i] & 0xffffffff) != next[(uintptr_t)items[i] >> 32]++;
        mailbox_done(&m, count);
        total += count;
        largest = count > largest ? count : largest;
    }
    for (size_t p = 0; p < PRODUCERS; p++)
        pthread_join(producers[p].thread, NULL);
    assert_int_equal(disorder, 0);
    assert_int_equal(total, PRODUCERS * ITEMS_EACH);
    /* The limit is looked at before the lock is taken: each producer may exceed it by one. */
    assert_int_in_range(largest, 1, LIMIT + PRODUCERS);
    mailbox_destroy(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_out_in_order),
        cmocka_unit_test(what_was_taken_stays_while_more_comes_in),
        cmocka_unit_test(is_full_until_what_was_taken_is_dealt_with),
        cmocka_unit_test(is_strained_past_an_eighth),
        cmocka_unit_test(the_owner_is_woken_only_when_the_box_was_empty),
        cmocka_unit_test(many_producers_lose_nothing_and_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
