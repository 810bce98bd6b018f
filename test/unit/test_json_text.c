#include "support/cm.h"
#include "base/mem.h"
#include "core/json_text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The payload of the one frame in f, which is short. */
static void assert_payload(const struct segment *f, const char *wanted)
{
    size_t header = f->bytes[1] < 126 ? 2 : 4;

    assert_int_equal(f->bytes[0], 0x81);
    assert_int_equal(f->length - header, strlen(wanted));
    assert_memory_equal(f->bytes + header, wanted, strlen(wanted));
}

static void writes_one_text_as_one_frame(void **state)
{
    struct segment *f = segment_create(1);
    struct json_text t;

    (void)state;
    json_text_begin(&t, f);
    JSON_LITERAL(&t, "{\"a\":");
    json_text_string(&t, "b", 1);
    JSON_LITERAL(&t, ",\"n\":");
    json_text_number(&t, 1690000000000);
    JSON_LITERAL(&t, "}");
    assert_int_equal(json_text_end(&t), OK);
    assert_payload(f, "{\"a\":\"b\",\"n\":1690000000000}");
    segment_unref(&f);
}

/* Longer than it was said to become, and with a NUL at its end. */
static void writes_a_text_of_its_own(void **state)
{
    struct json_text t;
    char *text;

    (void)state;
    json_text_begin_own(&t, 1);
    JSON_LITERAL(&t, "[");
    json_text_string(&t, "a\x01\x02\"", 4);
    JSON_LITERAL(&t, "]");
    text = json_text_take(&t);
    assert_string_equal(text, "[\"a\\u0001\\u0002\\\"\"]");
    mem_free(text);
}

static void numbers_have_all_their_digits(void **state)
{
    static const struct {
        uint64_t number;
        const char *text;
    } rows[] = {{0, "0"}, {9, "9"}, {10, "10"}, {UINT64_MAX, "18446744073709551615"}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct segment *f = segment_create(1);
        struct json_text t;

        json_text_begin(&t, f);
        json_text_number(&t, rows[i].number);
        assert_int_equal(json_text_end(&t), OK);
        assert_payload(f, rows[i].text);
        segment_unref(&f);
    }
}

/* Each ASCII character at the beginning, in the middle and at the end, and some that are longer. */
static void strings_are_what_jansson_writes(void **state)
{
    char text[16];

    (void)state;
    for (int i = 0; i < 128 + 4; i++) {
        static const char *const longer[] = {"\xc3\xa9", "\xe2\x80\xa8", "\xf0\x9f\x98\x80",
                                             "\x7f"};
        char ascii[2] = {(char)i, '\0'};
        const char *c = i < 128 ? ascii : longer[i - 128];
        size_t n = i < 128 ? 1 : strlen(c), length = 0;
        struct segment *f = segment_create(1);
        struct json_text t;
        json_t *string;
        char *wanted;

        for (int part = 0; part < 3; part++) {
            memcpy(text + length, c, n);
            length += n;
            text[length++] = 'x';
        }
        length--;
        string = json_stringn(text, length);
        wanted = json_dumps(string, JSON_COMPACT | JSON_ENCODE_ANY);
        json_text_begin(&t, f);
        json_text_string(&t, text, length);
        assert_int_equal(json_text_end(&t), OK);
        assert_payload(f, wanted);
        assert_int_equal(json_text_size(text, length) + 2, strlen(wanted));
        free(wanted);
        json_decref(string);
        segment_unref(&f);
    }
}

/* Several in a row, of both kinds, between others. */
static void rows_of_escapes_are_what_jansson_writes(void **state)
{
    static const char *const rows[] = {
        "\x01\x02\x03",
        "\n\r\n",
        "\"\"\"\"",
        "\\\"\x1f\t\x7f\\",
        "a\x01\n b\n\x01",
        "\xf0\x9f\x98\x80\x01\xf0\x9f\x98\x80",
        "\"",
        "\\",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *string = json_string(rows[i]);
        char *wanted = json_dumps(string, JSON_COMPACT | JSON_ENCODE_ANY);
        struct json_text t;
        char *text;

        json_text_begin_own(&t, 1);
        json_text_string(&t, rows[i], strlen(rows[i]));
        text = json_text_take(&t);
        assert_string_equal(text, wanted);
        mem_free(text);
        free(wanted);
        json_decref(string);
    }
}

/* Wherever the characters stand that a text is searched for eight bytes at a time. */
static void escapes_are_found_at_each_place(void **state)
{
    static const char marks[] = "\"\\\x1f\x01\x7f\xc3\xa9";

    (void)state;
    for (size_t mark = 0; mark + 1 < sizeof marks; mark += marks[mark] == '\xc3' ? 2 : 1) {
        size_t n = marks[mark] == '\xc3' ? 2 : 1;

        for (size_t at = 0; at < 24; at++) {
            char text[40] = "0123456789 abcdefghijklmnopqrst";
            size_t length = strlen(text);
            struct segment *f = segment_create(1);
            struct json_text t;
            json_t *string;
            char *wanted;

            memcpy(text + at, marks + mark, n);
            string = json_stringn(text, length);
            wanted = json_dumps(string, JSON_COMPACT | JSON_ENCODE_ANY);
            json_text_begin(&t, f);
            json_text_string(&t, text, length);
            assert_int_equal(json_text_end(&t), OK);
            assert_payload(f, wanted);
            free(wanted);
            json_decref(string);
            segment_unref(&f);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_one_text_as_one_frame),
        cmocka_unit_test(writes_a_text_of_its_own),
        cmocka_unit_test(numbers_have_all_their_digits),
        cmocka_unit_test(strings_are_what_jansson_writes),
        cmocka_unit_test(rows_of_escapes_are_what_jansson_writes),
        cmocka_unit_test(escapes_are_found_at_each_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
