#include "support/cm.h"
#include "base/mem.h"
#include "core/event.h"
#include "core/tail.h"

#include <string.h>

static void push(struct tail *t, uint64_t seq, size_t length)
{
    char *body = mem_alloc(length + 1);
    struct event *e = event_with_body(EVENT_MESSAGE, NULL, body, length);

    e->seq = seq;
    tail_push(t, e);
    assert_int_equal(e->refs, t->count != 0 ? 2 : 1);
    event_unref(&e);
    mem_free(body);
}

/* What somebody is told who has seen seq: the events after it, none missing, none twice. */
static void expect_told(const struct tail *t, uint64_t seq, uint64_t newest)
{
    size_t n = (size_t)(newest - seq);
    struct event **told = mem_alloc((n + 1) * sizeof *told);

    assert_true(tail_reaches(t, seq, newest));
    tail_copy(t, told, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(told[i]->seq, seq + 1 + i);
        event_unref(&told[i]);
    }
    mem_free(told);
}

static void an_empty_tail_reaches_who_has_seen_all(void **state)
{
    struct tail t = {0};

    (void)state;
    assert_true(tail_reaches(&t, 0, 0));
    assert_true(tail_reaches(&t, 7, 7));
    assert_false(tail_reaches(&t, 6, 7));
    assert_false(tail_reaches(&t, 8, 7));
    assert_false(tail_reaches(&t, UINT64_MAX, 7));
    tail_clear(&t);
}

/* Over all the sizes at which the ring grows, and round it several times. */
static void it_reaches_back_to_the_oldest_that_it_has(void **state)
{
    struct tail t = {0};

    (void)state;
    for (uint64_t newest = 1; newest <= 3 * TAIL_EVENTS + 5; newest++) {
        uint64_t oldest = newest > TAIL_EVENTS ? newest - TAIL_EVENTS : 0;

        push(&t, newest, 1);
        assert_int_equal(t.count, newest - oldest);
        if (oldest != 0)
            assert_false(tail_reaches(&t, oldest - 1, newest));
        assert_false(tail_reaches(&t, newest + 1, newest));
        expect_told(&t, oldest, newest);
        expect_told(&t, newest, newest);
        expect_told(&t, (oldest + newest) / 2, newest);
    }
    tail_clear(&t);
    assert_int_equal(t.count, 0);
    assert_int_equal(t.bytes, 0);
}

static void long_bodies_make_it_short(void **state)
{
    struct tail t = {0};
    uint64_t seq = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        push(&t, ++seq, 10000);
        assert_true(t.bytes <= TAIL_BYTES);
    }
    assert_int_equal(t.count, TAIL_BYTES / 10000);
    expect_told(&t, seq - t.count, seq);
    push(&t, ++seq, TAIL_BYTES + 1); /* the newest is kept whatever its size */
    assert_int_equal(t.count, 1);
    push(&t, ++seq, 1);
    assert_int_equal(t.count, 1);
    assert_int_equal(t.bytes, 1);
    expect_told(&t, seq - 1, seq);
    tail_clear(&t);
}

/* A journal in memory begins a room's log anew, further on, after it dropped the room. What was before
 * does not lead up to what comes then. */
static void a_hole_makes_it_begin_anew(void **state)
{
    struct tail t = {0};

    (void)state;
    for (uint64_t seq = 1; seq <= 10; seq++)
        push(&t, seq, 1);
    push(&t, 13, 1);
    assert_false(tail_reaches(&t, 10, 13));
    assert_false(tail_reaches(&t, 11, 13));
    expect_told(&t, 12, 13);
    push(&t, 14, 1);
    expect_told(&t, 12, 14);
    assert_false(tail_reaches(&t, 9, 14));
    tail_clear(&t);
}

static void push_at(struct tail *t, uint64_t seq, uint64_t ts)
{
    struct event *e = event_make(EVENT_MESSAGE, NULL);

    e->seq = seq;
    e->ts = ts;
    tail_push(t, e);
    event_unref(&e);
}

static void what_is_over_the_limits_is_forgotten(void **state)
{
    enum { START = 1000000 };
    static const struct {
        struct tail_limits limits;
        uint64_t now;
        uint32_t left;
    } cases[] = {
        {{0, 0}, UINT64_MAX, 10},   {{0, 11}, START, 10},        {{0, 10}, START, 10},
        {{0, 9}, START, 9},         {{0, 1}, START, 1},          {{100, 0}, START, 10},
        {{100, 0}, 50, 10},         {{100, 0}, START + 101, 10}, {{100, 0}, START + 102, 9},
        {{100, 0}, START + 110, 1}, {{100, 0}, START + 111, 0},  {{100, 3}, START + 102, 3},
        {{100, 9}, START + 105, 6},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tail t = {0};

        for (uint64_t seq = 1; seq <= 10; seq++)
            push_at(&t, seq, START + seq);
        tail_cut(&t, &cases[i].limits, cases[i].now);
        assert_int_equal(t.count, cases[i].left);
        expect_told(&t, 10 - cases[i].left, 10);
        if (cases[i].left < 10)
            assert_false(tail_reaches(&t, 9 - cases[i].left, 10));
        push_at(&t, 11, START + 11);
        expect_told(&t, 10 - cases[i].left, 11);
        tail_clear(&t);
    }
}

static void push_about(struct tail *t, enum event_type type, uint64_t seq, uint64_t message)
{
    struct event *e = event_make(type, NULL);

    e->seq = seq;
    e->id.seq = message;
    tail_push(t, e);
    event_unref(&e);
}

static void a_deleted_messages_words_are_forgotten(void **state)
{
    static const enum event_type types[] = {EVENT_MESSAGE, EVENT_MESSAGE, EVENT_EDIT,
                                            EVENT_MESSAGE, EVENT_REACT,   EVENT_MESSAGE};
    static const uint64_t messages[] = {1, 2, 1, 4, 1, 6};
    static const uint32_t left[] = {3, 4, 6, 2, 6, 0, 6}; /* when the message of that seq goes */

    (void)state;
    for (uint64_t seq = 1; seq <= 7; seq++) {
        struct tail t = {0};

        for (uint64_t i = 0; i < 6; i++)
            push_about(&t, types[i], i + 1, messages[i]);
        tail_forget(&t, seq);
        assert_int_equal(t.count, left[seq - 1]);
        expect_told(&t, 6 - t.count, 6);
        tail_clear(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_tail_reaches_who_has_seen_all),
        cmocka_unit_test(it_reaches_back_to_the_oldest_that_it_has),
        cmocka_unit_test(long_bodies_make_it_short),
        cmocka_unit_test(a_hole_makes_it_begin_anew),
        cmocka_unit_test(what_is_over_the_limits_is_forgotten),
        cmocka_unit_test(a_deleted_messages_words_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
