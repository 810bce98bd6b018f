#include "support/cm.h"
#include "core/flat.h"
#include "core/utf8.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static bool reads(struct flat *f, const char *text)
{
    return flat_read(f, text, strlen(text));
}

static void reads_requests(void **state)
{
    struct flat f;

    (void)state;
    assert_true(reads(&f, "{\"type\":\"message\",\"body\":\"h\xc3\xa9, you {there}\"}"));
    assert_string_equal(flat_find(&f, "type")->value, "message");
    assert_string_equal(flat_find(&f, "body")->value, "h\xc3\xa9, you {there}");
    assert_int_equal(flat_find(&f, "body")->value_length, 16);
    assert_null(flat_find(&f, "bod"));
    assert_true(reads(&f, "\t{ \"a\" :\n\"\" , \"b\"\r:\"x\" } "));
    assert_int_equal(flat_find(&f, "a")->value_length, 0);
}

static void of_two_with_one_name_the_last_counts(void **state)
{
    struct flat f;

    (void)state;
    assert_true(reads(&f, "{\"body\":\"one\",\"body\":\"two\"}"));
    assert_string_equal(flat_find(&f, "body")->value, "two");
}

static const char nine_fields[] = "{\"1\":\"\",\"2\":\"\",\"3\":\"\",\"4\":\"\",\"5\":\"\","
                                  "\"6\":\"\",\"7\":\"\",\"8\":\"\",\"9\":\"\"}";

static void leaves_the_rest_to_the_parser(void **state)
{
    static const char *const rows[] = {
        "",
        " ",
        "{",
        "{}",
        "{\"a\"}",
        "{\"a\":",
        "{\"a\":\"b\"",
        "{\"a\":\"b\",}",
        "{\"a\":\"b\"}}",
        "{\"a\":\"b\"} x",
        "{\"a\":1}",
        "{\"a\":{\"b\":\"c\"}}",
        "{\"a\":\"b\\n\"}",
        "{\"a\":\"b\n\"}",
        "{\"a\":\"b",
        "[\"a\"]",
        "{'a':'b'}",
        "{\"1\":\"\",\"2\":\"\",\"3\":\"\",\"4\":\"\",\"5\":\"\",\"6\":\"\",\"7\":\"\",\"8\":1}",
        nine_fields,
    };
    struct flat f;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_false(reads(&f, rows[i]));
    assert_false(flat_read(&f, "{\"a\":\"\0\"}", 9));
}

static void takes_what_fits_and_no_more(void **state)
{
    char text[FLAT_TEXT_MAX + 2];
    struct flat f;

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + FLAT_TEXT_MAX - 2, "\"}", 2);
    assert_true(flat_read(&f, text, FLAT_TEXT_MAX));
    assert_false(flat_read(&f, text, FLAT_TEXT_MAX - 1));
    memcpy(text + FLAT_TEXT_MAX - 2, "x\"}", 3);
    assert_false(flat_read(&f, text, FLAT_TEXT_MAX + 1));
}

static void assert_parser_agrees(const struct flat *f, const char *text, size_t length)
{
    json_error_t where;
    json_t *root = json_loadb(text, length, JSON_DECODE_ANY, &where);

    assert_true(json_is_object(root));
    for (unsigned i = 0; i < f->count; i++) {
        const char *name = f->fields[i].name;
        const struct flat_field *found = flat_find(f, name);
        const json_t *value = json_object_get(root, name);

        assert_true(json_is_string(value));
        assert_int_equal(json_string_length(value), found->value_length);
        assert_memory_equal(json_string_value(value), found->value, found->value_length + 1);
    }
    json_decref(root);
}

/* The same numbers in each run (Park and Miller's generator). */
static uint32_t dice(uint32_t sides)
{
    static uint64_t number = 20240601;

    number = number * 48271 % 2147483647;
    return (uint32_t)(number % sides);
}

static void the_parser_agrees_on_what_it_takes(void **state)
{
    static const char alphabet[] = "{}\",:\\ \n\t[]abtu019\xc3\xa9\x01\x7f\0";
    static const char sample[] = "{\"a\":\"b\", \"type\" : \"message\",\"a\":\"\xc3\xa9\"}";
    unsigned taken = 0;

    (void)state;
    for (int round = 0; round < 100000; round++) {
        char text[sizeof sample];
        size_t length = sizeof sample - 1;
        struct flat f;

        memcpy(text, sample, sizeof sample);
        for (uint32_t changes = dice(4); changes > 0; changes--)
            text[dice((uint32_t)length)] = alphabet[dice(sizeof alphabet - 1)];
        if (!utf8_valid(text, length) || !flat_read(&f, text, length))
            continue;
        assert_parser_agrees(&f, text, length);
        taken++;
    }
    assert_true(taken > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_requests),
        cmocka_unit_test(of_two_with_one_name_the_last_counts),
        cmocka_unit_test(leaves_the_rest_to_the_parser),
        cmocka_unit_test(takes_what_fits_and_no_more),
        cmocka_unit_test(the_parser_agrees_on_what_it_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
