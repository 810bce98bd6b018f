#include "base/mem.h"
#include "base/pool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { THINGS = 1000, SIZE = 300 };

static void things_are_apart_zeroed_and_at_the_beginning_of_a_line(void **state)
{
    struct pool pool;
    unsigned char *things[THINGS];

    (void)state;
    pool_init(&pool, SIZE);
    for (int i = 0; i < THINGS; i++) {
        things[i] = pool_take(&pool);
        assert_int_equal((uintptr_t)things[i] % MEM_CACHE_LINE, 0);
        for (int k = 0; k < SIZE; k++)
            assert_int_equal(things[i][k], 0);
        memset(things[i], 1 + i % 250, SIZE);
    }
    for (int i = 0; i < THINGS; i++)
        for (int k = 0; k < SIZE; k++)
            assert_int_equal(things[i][k], 1 + i % 250);
    pool_destroy(&pool);
}

static void what_was_given_back_is_taken_again(void **state)
{
    struct pool pool;
    void *things[THINGS];
    const struct slab *newest;

    (void)state;
    pool_init(&pool, SIZE);
    for (int i = 0; i < THINGS; i++)
        things[i] = pool_take(&pool);
    newest = pool.slabs;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < THINGS; i += 2)
            pool_give(&pool, things[i]);
        for (int i = 0; i < THINGS; i += 2) {
            const unsigned char *thing = things[i] = pool_take(&pool);

            for (int k = 0; k < SIZE; k++)
                assert_int_equal(thing[k], 0);
            memset(things[i], 0xff, SIZE);
        }
    }
    assert_ptr_equal(pool.slabs, newest);
    pool_destroy(&pool);
}

static void one_after_the_other_is_next_in_memory(void **state)
{
    struct pool pool;
    const char *first, *second;

    (void)state;
    pool_init(&pool, SIZE);
    first = pool_take(&pool);
    second = pool_take(&pool);
    assert_int_equal(second - first, (SIZE + MEM_CACHE_LINE - 1) / MEM_CACHE_LINE * MEM_CACHE_LINE);
    pool_destroy(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(things_are_apart_zeroed_and_at_the_beginning_of_a_line),
        cmocka_unit_test(what_was_given_back_is_taken_again),
        cmocka_unit_test(one_after_the_other_is_next_in_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
