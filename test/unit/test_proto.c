#include "support/cm.h"
#include "core/frame.h"
#include "core/name.h"
#include "core/proto.h"

#include <string.h>

static void reads_type_and_fields(void **state)
{
    const char text[] = "{\"type\":\"message\",\"body\":\"h\\u00e9 \\\"q\\\"\",\"extra\":[1,{}]}";
    struct request r;
    const char *reason;

    (void)state;
    assert_int_equal(request_parse(&r, text, strlen(text), &reason), OK);
    assert_string_equal(r.type, "message");
    assert_int_equal(request_read_fields(&r, FIELD(BODY), 0, &reason), OK);
    assert_string_equal(r.text[FIELD_BODY].bytes, "h\xc3\xa9 \"q\"");
    assert_int_equal(r.text[FIELD_BODY].length, 7);
    request_free(&r);
}

static void ignores_fields_that_the_command_does_not_take(void **state)
{
    const char text[] = "{\"type\":\"join\",\"username\":\"a\",\"body\":5}";
    struct request r;
    const char *reason;

    (void)state;
    assert_int_equal(request_parse(&r, text, strlen(text), &reason), OK);
    assert_int_equal(request_read_fields(&r, FIELD(USERNAME), 0, &reason), OK);
    request_free(&r);
}

static void refuses_what_is_no_request(void **state)
{
    static const char *const rows[] = {
        "",
        " ",
        "hello",
        "null",
        "[]",
        "[{\"type\":\"message\"}]",
        "\"text\"",
        "42",
        "{",
        "{\"type\":\"message\"} trailing",
        "{\"type\":\"message\",\"body\":\"\\ud800\"}",
        "{'type':'message'}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *reason = NULL;
        struct request r;

        assert_int_equal(request_parse(&r, rows[i], strlen(rows[i]), &reason), ERR_INVALID);
        assert_non_null(reason);
        request_free(&r);
    }
}

/* The cid of such a request is there for the answer. */
static void lets_a_request_without_a_type_be_answered(void **state)
{
    static const char *const rows[] = {
        "{\"cid\":\"c\"}",
        "{\"cid\":\"c\",\"type\":5}",
        "{\"cid\":\"c\",\"type\":null}",
        "{\"cid\":\"c\",\"type\":\"ping\\u0000\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *reason;
        struct request r;

        assert_int_equal(request_parse(&r, rows[i], strlen(rows[i]), &reason), OK);
        assert_null(r.type);
        assert_int_equal(request_read_fields(&r, FIELD(CID), 0, &reason), OK);
        assert_string_equal(r.text[FIELD_CID].bytes, "c");
        request_free(&r);
    }
}

static void survives_deep_nesting(void **state)
{
    static char text[60000];
    struct request r;
    const char *reason;

    (void)state;
    memset(text, '[', sizeof text);
    assert_int_equal(request_parse(&r, text, sizeof text, &reason), ERR_INVALID);
    request_free(&r);
}

static void refuses_fields_that_are_missing_or_no_strings(void **state)
{
    static const unsigned required = FIELD(TYPE) | FIELD(BODY);
    static const char missing[] = "\"body\" is missing or not a string.";
    static const char *const rows[][2] = {
        {"{\"type\":\"message\"}", missing},
        {"{\"type\":\"message\",\"body\":1}", missing},
        {"{\"type\":\"message\",\"body\":null}", missing},
        {"{\"type\":\"message\",\"body\":{\"a\":1}}", missing},
        {"{\"type\":\"message\",\"body\":\"a\\u0000b\"}",
         "\"body\" must not contain the character \\u0000."},
        {"{\"type\":\"message\\u0000\",\"body\":\"a\"}",
         "\"type\" must not contain the character \\u0000."},
        {"{\"type\":5,\"body\":\"a\"}", "\"type\" is missing or not a string."},
        {"{\"body\":\"a\"}", "\"type\" is missing or not a string."},
        {"{\"type\":\"join\",\"body\":\"a\",\"since\":{\"epoch\":\"a\\u0000\",\"seq\":1}}",
         "\"since\" must not contain the character \\u0000."},
        {"{\"type\":\"join\",\"body\":\"a\",\"since\":{\"seq\":1}}",
         "\"since\" is not an object with \"epoch\" and \"seq\"."},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *reason = NULL;
        struct request r;

        assert_int_equal(request_parse(&r, rows[i][0], strlen(rows[i][0]), &reason), OK);
        assert_int_equal(request_read_fields(&r, required, FIELD(SINCE), &reason), ERR_INVALID);
        assert_string_equal(reason, rows[i][1]);
        request_free(&r);
    }
}

static struct username *user(const char *text)
{
    struct username *u;
    const char *reason;

    assert_int_equal(username_make(text, strlen(text), &u, &reason), OK);
    return u;
}

/* Encodes as v1, gives the event back, and compares the payload. */
static void check_v1(struct event *e, const char *wanted)
{
    struct segment *f = segment_create(16);

    assert_int_equal(protos[PROTO_V1]->encode[e->type](f, e, "lobby"), OK);
    assert_int_equal(f->length, 2 + strlen(wanted));
    assert_memory_equal(f->bytes + 2, wanted, strlen(wanted));
    segment_unref(&f);
    event_unref(&e);
}

static void v1_frames_are_exactly_the_origin_protocol(void **state)
{
    struct username *ann = user("Ann"), *bob = user("b\xc3\xb6"
                                                    "b");
    struct event *e = event_with_body(EVENT_MESSAGE, ann, "\"<b>\"\n", 6);

    (void)state;
    e->id = (struct message_id){7, 1, 1};
    e->ts = 1690000000000;
    check_v1(e, "{\"type\":\"message\",\"id\":\"7-1-1\",\"username\":\"Ann\","
                "\"body\":\"\\\"<b>\\\"\\n\",\"ts\":1690000000000}");
    check_v1(event_make(EVENT_JOIN, bob), "{\"type\":\"join\",\"username\":\"b\xc3\xb6"
                                          "b\"}");
    check_v1(event_make(EVENT_LEAVE, ann), "{\"type\":\"leave\",\"username\":\"Ann\"}");
    e = event_make(EVENT_USERS, NULL);
    assert_true(event_reserve_users(e, 2));
    e->users[e->user_count++] = username_ref(ann);
    e->users[e->user_count++] = username_ref(bob);
    check_v1(e, "{\"type\":\"users\",\"users\":[\"Ann\",\"b\xc3\xb6"
                "b\"]}");
    check_v1(event_make(EVENT_USERS, NULL), "{\"type\":\"users\",\"users\":[]}");
    username_unref(&ann);
    username_unref(&bob);
}

static void v1_error_has_one_sentence(void **state)
{
    struct segment *f = segment_create(16);

    (void)state;
    assert_int_equal(protos[PROTO_V1]->encode_refusal(f, &(struct refusal){.text = "No."}), OK);
    assert_memory_equal(f->bytes + 2, "{\"type\":\"error\",\"error\":\"No.\"}", 30);
    assert_int_equal(f->length, 32);
    segment_unref(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_type_and_fields),
        cmocka_unit_test(ignores_fields_that_the_command_does_not_take),
        cmocka_unit_test(refuses_what_is_no_request),
        cmocka_unit_test(lets_a_request_without_a_type_be_answered),
        cmocka_unit_test(survives_deep_nesting),
        cmocka_unit_test(refuses_fields_that_are_missing_or_no_strings),
        cmocka_unit_test(v1_frames_are_exactly_the_origin_protocol),
        cmocka_unit_test(v1_error_has_one_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
