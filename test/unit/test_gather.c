#include "support/cm.h"
#include "net/gather.h"

enum { NOW = 1000, END = NOW + GATHER_MS };

static void a_long_round_in_large_rooms_is_worth_a_pause(void **state)
{
    static const struct {
        uint32_t workers, rooms, writes;
        bool is_worth;
    } rounds[] = {
        {2, 1, LONG_ROUND, true},
        {2, 1, LONG_ROUND - 1, false},
        {8, 10, 10 * LARGE_ROOM + 1, true},
        {8, 10, 10 * LARGE_ROOM, false},
        {1, 1, 100 * LONG_ROUND, false},
        {2, 0, 100 * LONG_ROUND,
         false}, /* other than messages, such as pings; or what a round before left */
    };

    (void)state;
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++)
        assert_int_equal(gather_is_worth(rounds[i].workers, rounds[i].rooms, rounds[i].writes),
                         rounds[i].is_worth);
}

static void nothing_makes_a_pause_longer(void **state)
{
    struct gather g = {0};

    (void)state;
    assert_false(gather_is_on(&g, 0));
    gather_begin(&g, NOW);
    for (uint64_t now = NOW; now < END; now++) {
        gather_look(&g, GATHERED_MAX - 1);
        assert_true(gather_is_on(&g, now));
        gather_begin(&g, now);
    }
    assert_false(gather_is_on(&g, END));
    gather_begin(&g, END); /* it is over, and this is another */
    assert_true(gather_is_on(&g, END));
}

static void enough_ends_a_pause(void **state)
{
    struct gather g = {0};

    (void)state;
    gather_begin(&g, NOW);
    gather_look(&g, GATHERED_MAX - 1);
    assert_true(gather_is_on(&g, NOW));
    gather_look(&g, GATHERED_MAX);
    assert_false(gather_is_on(&g, NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_round_in_large_rooms_is_worth_a_pause),
        cmocka_unit_test(nothing_makes_a_pause_longer),
        cmocka_unit_test(enough_ends_a_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
