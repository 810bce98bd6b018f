#include "support/cm.h"
#include "core/frame.h"
#include "core/ring.h"

#include <stdio.h>
#include <string.h>

static const struct ring_limits wide = {1000, 1000000};

enum { FRAME_SIZE = 6 };

/* One frame alone, "%04d" its text. */
static struct segment *numbered(int n)
{
    struct segment *s = segment_create(FRAME_SIZE);
    char text[16];

    snprintf(text, sizeof text, "%04d", n);
    assert_int_equal(frame_text(s, text, 4), OK);
    return s;
}

static struct range range_of(struct segment *s)
{
    return (struct range){.segment = s, .length = s->length, .frames = 1};
}

static void push_number(struct ring *r, int n, const struct ring_limits *limits, enum err wanted)
{
    struct segment *s = numbered(n);
    struct range range = range_of(s);

    assert_int_equal(ring_push(r, &range, limits), wanted);
    assert_int_equal(s->refs, wanted == OK ? 2 : 1);
    segment_unref(&s);
}

static int number_at(const struct ring *r, uint32_t i)
{
    const struct range *range = ring_peek(r, i);
    char text[5] = "";
    int n;

    memcpy(text, range->segment->bytes + range->offset + 2, 4);
    assert_int_equal(sscanf(text, "%4d", &n), 1);
    return n;
}

static void is_first_in_first_out_over_all_sizes(void **state)
{
    struct ring r = {0};
    int in = 0, out = 0;

    (void)state;
    for (int burst = 1; burst < 40; burst++) {
        for (int i = 0; i < burst; i++)
            push_number(&r, in++, &wide, OK);
        for (uint32_t i = 0; i < r.count; i++)
            assert_int_equal(number_at(&r, i), out + (int)i);
        for (int i = 0; i < burst - burst / 8; i++) {
            assert_int_equal(number_at(&r, 0), out++);
            ring_drop(&r, 1);
        }
    }
    ring_clear(&r);
    assert_int_equal(r.count, 0);
    assert_int_equal(r.bytes, 0);
}

static void holds_no_memory_when_empty(void **state)
{
    struct ring r = {0};

    (void)state;
    push_number(&r, 0, &wide, OK);
    assert_int_equal(r.capacity, 0);
    push_number(&r, 9, &wide, OK);
    assert_int_not_equal(r.capacity, 0);
    ring_drop(&r, r.count);
    assert_int_equal(r.capacity, 0);
}

static void push_at_the_frame_limit_changes_nothing(void **state)
{
    const struct ring_limits limits = {3, 1000};
    struct ring r = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        push_number(&r, i, &limits, OK);
    push_number(&r, 3, &limits, ERR_FULL);
    assert_int_equal(r.count, 3);
    ring_clear(&r);
}

static void push_at_the_byte_limit_changes_nothing(void **state)
{
    const struct ring_limits limits = {100, 13}; /* a numbered frame has 6 bytes */
    struct ring r = {0};

    (void)state;
    push_number(&r, 0, &limits, OK);
    push_number(&r, 1, &limits, OK);
    push_number(&r, 2, &limits, ERR_FULL);
    assert_int_equal(r.bytes, 12);
    ring_drop(&r, 1);
    push_number(&r, 3, &limits, OK);
    ring_clear(&r);
}

static void last_frame_goes_past_the_limits(void **state)
{
    const struct ring_limits limits = {1, 6};
    struct segment *f = numbered(7);
    struct range range = range_of(f);
    struct ring r = {0};

    (void)state;
    push_number(&r, 0, &limits, OK);
    assert_int_equal(ring_push_last(&r, &range), OK);
    assert_int_equal(number_at(&r, 1), 7);
    segment_unref(&f);
    ring_clear(&r);
}

/* As long as it is in the ring, and no longer. */
static void what_is_large_counts_for_no_limit(void **state)
{
    const struct ring_limits limits = {2, 12};
    struct segment *f = numbered(7);
    struct range large = {.segment = f, .length = f->length, .is_answer = true};
    struct ring r = {0};

    (void)state;
    assert_int_equal(ring_push_last(&r, &large), OK);
    assert_true(ring_is_filled(&r, &limits, 3));
    push_number(&r, 0, &limits, OK);
    assert_int_equal(ring_push_last(&r, &large), OK);
    push_number(&r, 1, &limits, OK);
    push_number(&r, 2, &limits, ERR_FULL);
    assert_int_equal(r.answers, 2);
    ring_drop(&r, 1);
    push_number(&r, 2, &limits, ERR_FULL);
    ring_drop(&r, 2);
    assert_int_equal(r.answers, 0);
    assert_int_equal(r.large_bytes, 0);
    push_number(&r, 2, &limits, OK);
    push_number(&r, 3, &limits, ERR_FULL);
    segment_unref(&f);
    ring_clear(&r);
}

static void ranges_that_follow_each_other_become_one(void **state)
{
    struct segment *s = numbered(1), *other = numbered(9);
    struct range first = range_of(s), second, stranger = range_of(other);
    struct ring r = {0};

    (void)state;
    assert_int_equal(frame_text(s, "0002", 4), OK);
    second = (struct range){.segment = s, .offset = FRAME_SIZE, .length = FRAME_SIZE, .frames = 1};
    assert_int_equal(ring_push(&r, &first, &wide), OK);
    assert_int_equal(ring_push(&r, &second, &wide), OK);
    assert_int_equal(r.count, 1);
    assert_int_equal(r.frames, 2);
    assert_int_equal(ring_peek(&r, 0)->length, 2 * FRAME_SIZE);
    assert_int_equal(s->refs, 2);
    assert_int_equal(ring_push(&r, &stranger, &wide), OK);
    assert_int_equal(ring_push(&r, &second, &wide), OK); /* not behind its predecessor any more */
    assert_int_equal(r.count, 3);
    segment_unref(&s);
    segment_unref(&other);
    ring_clear(&r);
}

static void is_filled_past_a_part_of_either_limit(void **state)
{
    const struct ring_limits by_frames = {4, 1000}, by_bytes = {1000, 24};
    struct ring r = {0};

    (void)state;
    push_number(&r, 0, &wide, OK);
    push_number(&r, 1, &wide, OK);
    assert_false(ring_is_filled(&r, &by_frames, 2));
    assert_false(ring_is_filled(&r, &by_bytes, 2));
    push_number(&r, 2, &wide, OK);
    assert_true(ring_is_filled(&r, &by_frames, 2));
    assert_true(ring_is_filled(&r, &by_bytes, 2));
    ring_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_first_in_first_out_over_all_sizes),
        cmocka_unit_test(holds_no_memory_when_empty),
        cmocka_unit_test(push_at_the_frame_limit_changes_nothing),
        cmocka_unit_test(push_at_the_byte_limit_changes_nothing),
        cmocka_unit_test(last_frame_goes_past_the_limits),
        cmocka_unit_test(what_is_large_counts_for_no_limit),
        cmocka_unit_test(ranges_that_follow_each_other_become_one),
        cmocka_unit_test(is_filled_past_a_part_of_either_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
