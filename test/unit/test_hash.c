#include "support/cm.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

static void same_bytes_have_the_same_hash_wherever_they_lie(void **state)
{
    char a[64], b[80];

    (void)state;
    for (size_t length = 0; length < 40; length++) {
        memset(a, 'x', sizeof a);
        memset(b, 'x', sizeof b);
        assert_true(hash_bytes(a, length) == hash_bytes(b + length % 7, length));
    }
}

static void every_byte_and_the_length_count(void **state)
{
    char text[40] = {0};
    uint64_t whole = hash_bytes(text, sizeof text);

    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = 1;
        assert_true(hash_bytes(text, sizeof text) != whole);
        text[i] = 0;
        assert_true(hash_bytes(text, i) != hash_bytes(text, i + 1));
    }
}

/* Names that differ in a counter, as in a crowd of guests, must spread over a table's buckets. */
static void similar_names_spread(void **state)
{
    enum { BUCKETS = 256, NAMES = 256 * 64 };
    unsigned count[BUCKETS] = {0}, largest = 0;
    char name[16];

    (void)state;
    for (int i = 0; i < NAMES; i++) {
        int length = snprintf(name, sizeof name, "guest%d", i);
        unsigned *bucket = &count[hash_bytes(name, (size_t)length) % BUCKETS];

        if (++*bucket > largest)
            largest = *bucket;
    }
    assert_uint_in_range(largest, 64, 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_bytes_have_the_same_hash_wherever_they_lie),
        cmocka_unit_test(every_byte_and_the_length_count),
        cmocka_unit_test(similar_names_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
