#include "support/cm.h"
#include "core/limit.h"

static const struct limit_rule ten = {.rate = 10, .burst = 3};

static void gives_a_burst_then_the_rate(void **state)
{
    struct limit l;

    (void)state;
    limit_init(&l, &ten, 1000);
    for (int i = 0; i < 3; i++)
        assert_true(limit_take(&l, &ten, 1, 1000));
    assert_false(limit_take(&l, &ten, 1, 1000));
    assert_false(limit_take(&l, &ten, 1, 1099));
    assert_true(limit_take(&l, &ten, 1, 1100));
    assert_false(limit_take(&l, &ten, 1, 1100));
}

static void small_steps_lose_nothing(void **state)
{
    struct limit l;
    int taken = 0;

    (void)state;
    limit_init(&l, &ten, 0);
    for (uint64_t now = 0; now < 10000; now++)
        taken += limit_take(&l, &ten, 1, now);
    assert_int_in_range(taken, 3 + 99, 3 + 100);
}

static void never_holds_more_than_the_burst(void **state)
{
    struct limit l;

    (void)state;
    limit_init(&l, &ten, 0);
    assert_true(limit_take(&l, &ten, 3, UINT64_MAX / 2));
    assert_false(limit_take(&l, &ten, 1, UINT64_MAX / 2));
}

static void a_clock_that_stands_still_or_goes_back_gives_nothing(void **state)
{
    struct limit l;

    (void)state;
    limit_init(&l, &ten, 5000);
    assert_true(limit_take(&l, &ten, 3, 5000));
    assert_false(limit_take(&l, &ten, 1, 4000));
}

static void what_is_charged_is_paid_later_but_not_for_ever(void **state)
{
    struct limit l;

    (void)state;
    limit_init(&l, &ten, 0);
    limit_charge(&l, &ten, 2);
    assert_true(limit_take(&l, &ten, 1, 0));
    limit_charge(&l, &ten, 1);
    assert_false(limit_take(&l, &ten, 1, 0));
    assert_int_equal(limit_wait_ms(&l, &ten, 1), 200);
    assert_false(limit_take(&l, &ten, 1, 199));
    assert_true(limit_take(&l, &ten, 1, 200));
    limit_charge(&l, &ten, UINT32_MAX);
    assert_int_equal(limit_wait_ms(&l, &ten, 1), 400);
    assert_true(limit_take(&l, &ten, 1, 600));
}

static void rate_zero_is_no_limit(void **state)
{
    const struct limit_rule off = {.rate = 0, .burst = 1};
    struct limit l;

    (void)state;
    limit_init(&l, &off, 0);
    for (int i = 0; i < 1000; i++)
        assert_true(limit_take(&l, &off, 1, 0));
    limit_charge(&l, &off, 1000);
    assert_true(limit_take(&l, &off, 1, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_a_burst_then_the_rate),
        cmocka_unit_test(small_steps_lose_nothing),
        cmocka_unit_test(never_holds_more_than_the_burst),
        cmocka_unit_test(a_clock_that_stands_still_or_goes_back_gives_nothing),
        cmocka_unit_test(what_is_charged_is_paid_later_but_not_for_ever),
        cmocka_unit_test(rate_zero_is_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
