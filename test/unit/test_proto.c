#include "support/cm.h"
#include "base/mem.h"
#include "core/frame.h"
#include "core/name.h"
#include "core/proto.h"
#include "core/proto_v2.h"

#include <jansson.h>
#include <stdlib.h>
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

/* The payload of the one frame in f. */
static const char *payload(const struct segment *f, size_t *length)
{
    size_t header = f->bytes[1] < 126 ? 2 : f->bytes[1] == 126 ? 4 : 10;

    *length = f->length - header;
    return (const char *)f->bytes + header;
}

/* Encodes as v2, gives the event back, and compares with what jansson makes of wanted, which it takes over. */
static void check_v2(struct event *e, json_t *wanted)
{
    struct segment *f = segment_create(16);
    char *text = json_dumps(wanted, JSON_COMPACT);
    const char *bytes;
    json_t *parsed;
    size_t length;

    assert_non_null(text);
    assert_int_equal(protos[PROTO_V2]->encode[e->type](f, e, "te\xc3\xa9"), OK);
    bytes = payload(f, &length);
    parsed = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_equal(parsed, wanted));
    assert_int_equal(length, strlen(text));
    assert_memory_equal(bytes, text, length);
    json_decref(parsed);
    json_decref(wanted);
    free(text);
    segment_unref(&f);
    event_unref(&e);
}

static json_t *v2_event(const char *type, const char *id, const struct event *e)
{
    return json_pack("{s:s,s:s,s:s,s:I,s:s,s:I}", "type", type, "room", "te\xc3\xa9", "id", id,
                     "seq", (json_int_t)e->seq, "username", e->user->text, "ts", (json_int_t)e->ts);
}

static struct event *durable(enum event_type type, struct username *by, const char *body)
{
    struct event *e = event_with_body(type, by, body, strlen(body));

    e->id = (struct message_id){0xabc, 2, 5};
    e->seq = 9007199254740991;
    e->ts = 1690000000000;
    return e;
}

/* Every character that JSON does not take as it is, and some that it does. */
static void v2_texts_are_what_jansson_writes(void **state)
{
    static const char *const bodies[] = {
        "",
        "plain",
        "\"",
        "\\",
        "\\\\\"",
        "\"\"",
        "a\"b",
        "/</script>",
        "\x7f",
        "\xc3\xa9",
        "\xe2\x80\xa8\xe2\x80\xa9",
        "\xf0\x9f\x98\x80",
        "\xf4\x8f\xbf\xbf\x01",
        "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10",
        "\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f",
    };
    struct username *by = user("q\"\\\xc3\xa9");

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct event *e = durable(EVENT_MESSAGE, by, bodies[i]);
        json_t *wanted = v2_event("message", "abc-2-5", e);

        json_object_set_new(wanted, "body", json_string(bodies[i]));
        check_v2(e, wanted);
        e = durable(EVENT_EDIT, by, bodies[i]);
        wanted = v2_event("edit", "abc-2-5", e);
        json_object_set_new(wanted, "body", json_string(bodies[i]));
        check_v2(e, wanted);
    }
    username_unref(&by);
}

static void v2_durable_events_have_all_their_fields_in_order(void **state)
{
    static const bool ons[] = {true, false};
    struct username *by = user("ann");
    struct event *e = durable(EVENT_DELETE, by, "");

    (void)state;
    check_v2(e, v2_event("delete", "abc-2-5", e));
    for (size_t i = 0; i < 2; i++) {
        json_t *wanted;

        e = durable(EVENT_REACT, by, "\xf0\x9f\x91\x8b");
        e->on = ons[i];
        wanted = v2_event("react", "abc-2-5", e);
        json_object_set_new(wanted, "emoji", json_string("\xf0\x9f\x91\x8b"));
        json_object_set_new(wanted, "on", json_boolean(ons[i]));
        check_v2(e, wanted);
    }
    username_unref(&by);
}

static void add_reaction(struct message_state *s, const char *emoji, const char *const *names)
{
    struct reaction *r = &s->reactions[s->reaction_count++];

    r->emoji = mem_strdup(emoji);
    r->usernames = mem_alloc(8 * sizeof *r->usernames);
    for (; names[r->count] != NULL; r->count++)
        r->usernames[r->count] = mem_strdup(names[r->count]);
}

static void v2_tells_what_became_of_a_message(void **state)
{
    struct username *by = user("ann");
    struct event *e = durable(EVENT_MESSAGE, by, "b");
    json_t *wanted = v2_event("message", "abc-2-5", e);

    (void)state;
    e->reply_to = 3;
    e->state = message_state_make();
    json_object_set_new(wanted, "body", json_string("b"));
    json_object_set_new(wanted, "reply_to", json_string("abc-2-3"));
    check_v2(event_ref(e), json_incref(wanted));
    event_unref(&e);

    e = durable(EVENT_MESSAGE, by, "b");
    e->reply_to = 3;
    e->state = message_state_make();
    e->state->edited_ts = 1690000000001;
    e->state->is_deleted = true;
    e->state->reactions = mem_alloc(3 * sizeof *e->state->reactions);
    add_reaction(e->state, "+\"1", (const char *const[]){"ann", "b\\b", NULL});
    add_reaction(e->state, "\xf0\x9f\x91\x8b", (const char *const[]){"ann", NULL});
    add_reaction(e->state, "none", (const char *const[]){NULL});
    json_object_set_new(wanted, "edited", json_integer(1690000000001));
    json_object_set_new(wanted, "deleted", json_true());
    json_object_set_new(wanted, "reactions",
                        json_pack("{s:[s,s],s:[s],s:[]}", "+\"1", "ann", "b\\b", "\xf0\x9f\x91\x8b",
                                  "ann", "none"));
    check_v2(e, wanted);
    username_unref(&by);
}

static void v2_acks_have_what_there_is(void **state)
{
    static const struct {
        const char *cid, *room;
        bool is_repeat;
        const char *wanted;
    } rows[] = {
        {NULL, NULL, false, "{\"type\":\"ack\",\"id\":\"abc-2-5\",\"seq\":7,\"ts\":1690000000000}"},
        {"c\"\x01", "tea", true,
         "{\"type\":\"ack\",\"cid\":\"c\\\"\\u0001\",\"room\":\"tea\",\"id\":\"abc-2-5\",\"seq\":7,"
         "\"ts\":1690000000000,\"dup\":true}"},
    };
    struct username *by = user("ann");

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct event *e = durable(EVENT_MESSAGE, by, "b");
        struct segment *f = segment_create(16);
        const char *bytes;
        size_t length;

        e->seq = 7;
        e->is_repeat = rows[i].is_repeat;
        if (rows[i].cid != NULL)
            assert_true(event_set_cid(e, rows[i].cid, strlen(rows[i].cid)));
        assert_int_equal(v2_ack(f, &(struct v2_ack){.event = e, .room = rows[i].room}), OK);
        bytes = payload(f, &length);
        assert_int_equal(length, strlen(rows[i].wanted));
        assert_memory_equal(bytes, rows[i].wanted, length);
        segment_unref(&f);
        event_unref(&e);
    }
    username_unref(&by);
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
        cmocka_unit_test(v2_texts_are_what_jansson_writes),
        cmocka_unit_test(v2_durable_events_have_all_their_fields_in_order),
        cmocka_unit_test(v2_tells_what_became_of_a_message),
        cmocka_unit_test(v2_acks_have_what_there_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
