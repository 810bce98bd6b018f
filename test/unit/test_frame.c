#include "support/cm.h"
#include "core/frame.h"

#include <stdlib.h>
#include <string.h>

static void header_has_the_shortest_length_form(void **state)
{
    static const struct {
        size_t length, header;
        uint8_t second;
    } rows[] = {{0, 2, 0},       {1, 2, 1},        {125, 2, 125},   {126, 4, 126},
                {65535, 4, 126}, {65536, 10, 127}, {70000, 10, 127}};
    char *payload = calloc(1, 70000);

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct segment *f = segment_create(1);

        assert_int_equal(frame_text(f, payload, rows[i].length), OK);
        assert_int_equal(f->bytes[0], 0x81);
        assert_int_equal(f->bytes[1], rows[i].second);
        assert_int_equal(f->length, rows[i].header + rows[i].length);
        segment_unref(&f);
        assert_null(f);
    }
    free(payload);
}

static void a_frame_written_in_place_is_the_same(void **state)
{
    static const size_t lengths[] = {0, 1, 125, 126, 65535, 65536, 70000};
    char *payload = calloc(1, 70000);

    (void)state;
    for (size_t i = 0; i < 70000; i++)
        payload[i] = (char)('a' + i % 26);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct segment *wanted = segment_create(1), *f = segment_create(1);
        uint8_t *at;

        assert_int_equal(frame_text(wanted, "before", 6), OK);
        assert_int_equal(frame_text(wanted, payload, lengths[i]), OK);
        assert_int_equal(frame_text(f, "before", 6), OK);
        at = segment_extend(f, FRAME_HEADER_MAX + lengths[i]);
        assert_non_null(at);
        memcpy(at + FRAME_HEADER_MAX, payload, lengths[i]);
        frame_finish_text(f, 8);
        assert_int_equal(f->length, wanted->length);
        assert_memory_equal(f->bytes, wanted->bytes, f->length);
        segment_unref(&f);
        segment_unref(&wanted);
    }
    free(payload);
}

static void lengths_are_in_network_order(void **state)
{
    char payload[300] = {0};
    struct segment *f = segment_create(1);

    (void)state;
    assert_int_equal(frame_text(f, payload, sizeof payload), OK);
    assert_int_equal(f->bytes[2] << 8 | f->bytes[3], 300);
    segment_unref(&f);
}

static void close_carries_code_and_reason(void **state)
{
    struct segment *f = frame_close(CLOSE_NAME_TAKEN, "taken");

    (void)state;
    assert_int_equal(f->bytes[0], 0x88);
    assert_int_equal(f->bytes[1], 7);
    assert_int_equal(f->bytes[2] << 8 | f->bytes[3], 4409);
    assert_memory_equal(f->bytes + 4, "taken", 5);
    segment_unref(&f);
}

static void close_reason_is_cut_between_code_points(void **state)
{
    char reason[200];
    struct segment *f;

    (void)state;
    memset(reason, 'a', sizeof reason);
    memcpy(reason + 122, "\xc3\xa9", 2); /* bytes 122 and 123: one too many */
    reason[199] = '\0';
    f = frame_close(CLOSE_GOING_AWAY, reason);
    assert_int_equal(f->bytes[1], 2 + 122);
    segment_unref(&f);
}

static void ping_carries_a_payload(void **state)
{
    struct segment *f = frame_ping();

    (void)state;
    /* libwebsockets does not report an empty pong */
    assert_int_equal(f->bytes[0], 0x89);
    assert_true(f->bytes[1] > 0 && f->bytes[1] <= 125);
    segment_unref(&f);
}

static void frames_stand_one_behind_the_other(void **state)
{
    struct segment *f = segment_create(4);

    (void)state;
    assert_int_equal(frame_text(f, "one", 3), OK);
    assert_int_equal(frame_text(f, "four", 4), OK);
    assert_int_equal(f->length, 5 + 6);
    assert_memory_equal(f->bytes,
                        "\x81\x03one\x81\x04"
                        "four",
                        11);
    segment_unref(&f);
}

static void last_reference_frees(void **state)
{
    struct segment *f = frame_ping(), *other = segment_ref(f);

    (void)state;
    segment_unref(&f);
    assert_int_equal(other->refs, 1);
    segment_unref(&other);
    segment_unref(&other); /* NULL is allowed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_has_the_shortest_length_form),
        cmocka_unit_test(a_frame_written_in_place_is_the_same),
        cmocka_unit_test(lengths_are_in_network_order),
        cmocka_unit_test(close_carries_code_and_reason),
        cmocka_unit_test(close_reason_is_cut_between_code_points),
        cmocka_unit_test(ping_carries_a_payload),
        cmocka_unit_test(frames_stand_one_behind_the_other),
        cmocka_unit_test(last_reference_frees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
