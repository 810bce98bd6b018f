#include "support/cm.h"
#include "core/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The rows of Unicode's table 3-7: the bytes that may stand first, and second after those. All
 * further bytes are 80..BF. */
static const struct {
    uint8_t first_from, first_to, second_from, second_to;
    size_t length;
} forms[] = {
    {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

/* The length of the sequence that two bytes begin, or 0 if none begins so. */
static size_t length_after(uint8_t first, uint8_t second)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (first >= forms[i].first_from && first <= forms[i].first_to &&
            (forms[i].length == 1 ||
             (second >= forms[i].second_from && second <= forms[i].second_to)))
            return forms[i].length;
    return 0;
}

static bool valid(const uint8_t *bytes, size_t length)
{
    return utf8_valid((const char *)bytes, length);
}

static void agrees_with_the_table_for_all_first_two_bytes(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second++) {
            const uint8_t bytes[] = {(uint8_t)first, (uint8_t)second, 0xbf, 0x80};
            size_t length = length_after(bytes[0], bytes[1]);

            for (size_t n = 2; n <= 4; n++)
                if (length != 1)
                    assert_int_equal(valid(bytes, n), length == n);
            assert_int_equal(valid(bytes, 1), length == 1);
        }
    }
}

static void every_further_byte_is_checked(void **state)
{
    (void)state;
    for (unsigned b = 0; b < 256; b++) {
        const uint8_t third[] = {0xe2, 0x82, (uint8_t)b};
        const uint8_t fourth[] = {0xf0, 0x9f, 0x98, (uint8_t)b};

        assert_int_equal(valid(third, 3), b >= 0x80 && b <= 0xbf);
        assert_int_equal(valid(fourth, 4), b >= 0x80 && b <= 0xbf);
    }
}

/* The fast path takes eight bytes at a time; a fault must be seen wherever it stands. Each text is
 * in a block of its own size, so that a sanitizer sees a read past its end. */
static void a_fault_is_seen_at_every_place(void **state)
{
    (void)state;
    for (size_t length = 1; length <= 40; length++) {
        char *text = malloc(length);

        for (size_t at = 0; at < length; at++) {
            memset(text, 'x', length);
            assert_true(utf8_valid(text, length));
            text[at] = (char)0x80;
            assert_false(utf8_valid(text, length));
            text[at] = (char)0xc3;
            assert_false(utf8_valid(text, length));
            if (at + 1 < length) {
                text[at + 1] = (char)0xa9;
                assert_true(utf8_valid(text, length));
            }
        }
        free(text);
    }
}

static void nothing_is_valid_and_a_nul_is_a_character(void **state)
{
    (void)state;
    assert_true(utf8_valid("", 0));
    assert_true(utf8_valid("a\0b", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_table_for_all_first_two_bytes),
        cmocka_unit_test(every_further_byte_is_checked),
        cmocka_unit_test(a_fault_is_seen_at_every_place),
        cmocka_unit_test(nothing_is_valid_and_a_nul_is_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
