#include "support/cm.h"
#include "core/message_id.h"

#include <stdlib.h>
#include <string.h>

#define SEQ_MAX (((uint64_t)1 << 53) - 1)

/* In a block of its own size, so that a sanitizer sees a read past its end. */
static bool reads(const char *text, size_t length, struct message_id *id)
{
    char *copy = malloc(length != 0 ? length : 1);
    bool is_read;

    memcpy(copy, text, length);
    is_read = message_id_read(copy, length, id);
    free(copy);
    return is_read;
}

static const struct message_id ids[] = {
    {1, 1, 1},
    {0x9f2c41d0a7b3, 0x1f, 0x2a},
    {0xf, 0x10, 0x100},
    {UINT64_MAX, UINT64_MAX, SEQ_MAX},
    {(uint64_t)1 << 63, (uint64_t)1 << 60, (uint64_t)1 << 52},
    {0xfffffffffffffff, 0x1000000000000000, 0xdeadbeef},
};

static void what_was_written_is_read_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        char text[MESSAGE_ID_SIZE];
        struct message_id id = {0};

        assert_ptr_equal(message_id_write(&ids[i], text), text);
        assert_true(reads(text, strlen(text), &id));
        assert_memory_equal(&id, &ids[i], sizeof id);
    }
}

static void an_id_looks_as_it_always_did(void **state)
{
    char text[MESSAGE_ID_SIZE];

    (void)state;
    assert_string_equal(message_id_write(&ids[1], text), "9f2c41d0a7b3-1f-2a");
    assert_string_equal(message_id_write(&ids[3], text),
                        "ffffffffffffffff-ffffffffffffffff-1fffffffffffff");
}

/* A text that is read gives the same text when it is written, so nothing but what was written is read. */
static void expect_only_what_is_written(const char *text, size_t length)
{
    struct message_id id;
    char again[MESSAGE_ID_SIZE];

    if (!reads(text, length, &id))
        return;
    message_id_write(&id, again);
    assert_int_equal(strlen(again), length);
    assert_memory_equal(again, text, length);
}

static void nothing_else_is_read(void **state)
{
    static const char *const texts[] = {"",
                                        "-",
                                        "--",
                                        "---",
                                        "1",
                                        "1-",
                                        "1-1",
                                        "1-1-",
                                        "-1-1",
                                        "1--1",
                                        "-1-1-1",
                                        "1-1-1-",
                                        "1-1-1-1",
                                        "0-1-1",
                                        "1-0-1",
                                        "1-1-0",
                                        "00-1-1",
                                        "01-1-1",
                                        "1-01-1",
                                        "1-1-01",
                                        "1-1-1 ",
                                        " 1-1-1",
                                        "1 -1-1",
                                        "A-1-1",
                                        "1-F-1",
                                        "g-1-1",
                                        "1-1-g",
                                        "0x1-1-1",
                                        "+1-1-1",
                                        "1-1-+1",
                                        "1_1_1",
                                        "1-1-1\n",
                                        "1.1.1",
                                        "10000000000000000-1-1",
                                        "1-10000000000000000-1",
                                        "1-1-10000000000000000",
                                        "1-1-20000000000000" /* a seq above 2^53-1 */,
                                        "1-1-ffffffffffffffff",
                                        "\xc3\xa9-1-1",
                                        "1-1-\xef\xbc\x91",
                                        "null",
                                        "{}"};
    struct message_id id;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (reads(texts[i], strlen(texts[i]), &id))
            fail_msg("<%s> was read", texts[i]);
    assert_false(reads("1-1-1\0", 6, &id));
    assert_false(reads("1-\0-1", 5, &id));
    assert_true(reads("1-1-1fffffffffffff", 18, &id));
}

static void every_part_and_every_change_of_an_id_is_judged_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        char text[MESSAGE_ID_SIZE], changed[MESSAGE_ID_SIZE];
        size_t length = strlen(message_id_write(&ids[i], text));

        for (size_t from = 0; from < length; from++)
            for (size_t to = from; to <= length; to++)
                expect_only_what_is_written(text + from, to - from);
        for (size_t at = 0; at < length; at++) {
            for (int c = 0; c < 256; c++) {
                memcpy(changed, text, length);
                changed[at] = (char)c;
                expect_only_what_is_written(changed, length);
            }
        }
    }
}

static void an_epoch_is_the_first_part_alone(void **state)
{
    static const char *const faults[] = {"",   "0",  "01", "A",   "g",  "1-",  "-1",
                                         "1 ", " 1", "1g", "0x1", "+1", "1-1", "10000000000000000"};
    char text[EPOCH_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        epoch_write(ids[i].epoch, text);
        assert_int_equal(epoch_read(text, strlen(text)), ids[i].epoch);
    }
    assert_string_equal(epoch_write(0xabc, text), "abc");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        assert_int_equal(epoch_read(faults[i], strlen(faults[i])), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(an_id_looks_as_it_always_did),
        cmocka_unit_test(nothing_else_is_read),
        cmocka_unit_test(every_part_and_every_change_of_an_id_is_judged_alone),
        cmocka_unit_test(an_epoch_is_the_first_part_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
