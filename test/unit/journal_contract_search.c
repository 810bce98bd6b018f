#include "unit/journal_contract_rig.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct session_id asker = {7, 8, 9};

static void expect_found(struct journal_rig *r, const char *room, const char *text,
                         const char *seqs)
{
    struct query *q = rig_search(r, room, text, 100);
    char found[256] = "";

    for (size_t i = 0; i < q->item_count; i++) {
        size_t length = strlen(found);

        snprintf(found + length, sizeof found - length, "%" PRIu64 " ", q->items[i]->seq);
        assert_string_equal(q->item_rooms[i], room);
    }
    if (strcmp(found, seqs) != 0)
        fail_msg("a search for <%s> found <%s> instead of <%s>", text, found, seqs);
    assert_false(q->more);
    query_free(q);
}

static void a_search_finds_messages_with_all_words(void **state)
{
    struct journal_rig *r = *state;

    rig_keep(r, rig_message("tea", r->ann, "Green tea, please!"));
    rig_keep(r, rig_message("tea", r->ann, "black tea or coffee?"));
    rig_keep(r, rig_message("tea", r->ann, "COFFEE"));
    rig_keep(r, rig_message("tea", r->ann, "\xd0\xa7\xd0\x90\xd0\x99 caf\xc3\x89 4711"));
    rig_keep(r, rig_message("milk", r->ann, "tea with milk"));
    expect_found(r, "tea", "tea", "2 1 ");
    expect_found(r, "tea", "TEA", "2 1 ");
    expect_found(r, "tea", "coffee", "3 2 ");
    expect_found(r, "tea", "tea green", "1 ");
    expect_found(r, "tea", "  green\t tea \n", "1 ");
    expect_found(r, "tea", "green coffee", "");
    expect_found(r, "tea", "\xd1\x87\xd0\xb0\xd0\xb9", "4 ");
    expect_found(r, "tea", "CAF\xc3\xa9", "4 ");
    expect_found(r, "tea", "4711", "4 ");
    expect_found(r, "tea", "milk", "");
    expect_found(r, "milk", "milk", "1 ");
    expect_found(r, "nowhere", "tea", "");
    /* where a word begins, not inside */
    expect_found(r, "tea", "gre", "1 ");
    expect_found(r, "tea", "cof te", "2 ");
    expect_found(r, "tea", "offee", "");
    expect_found(r, "tea", "teas", "");
}

static void a_search_sees_what_messages_are_now(void **state)
{
    struct journal_rig *r = *state;
    struct message_id a = rig_keep(r, rig_message("tea", r->ann, "green tea")).id;
    struct message_id b = rig_keep(r, rig_message("tea", r->ann, "green apple")).id;
    struct query *q;

    rig_keep(r, rig_react("tea", r->ann, a, "green", true));
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, a, "black tea"));
    expect_found(r, "tea", "green", "2 ");
    expect_found(r, "tea", "black", "1 ");
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, a, "red tea"));
    expect_found(r, "tea", "black", "");
    rig_keep(r, rig_about(EVENT_DELETE, "tea", r->ann, b, ""));
    expect_found(r, "tea", "green", "");
    expect_found(r, "tea", "apple", "");
    q = rig_search(r, "tea", "red", 10);
    EXPECT_ITEMS(q, "1 red tea [edited] {green: ann}");
    query_free(q);
}

static const char *const hostile[] = {
    "",
    " ",
    "\"",
    "\"\"",
    "\"\"\"",
    "'",
    "''",
    "\"tea",
    "tea\"",
    "*",
    "**",
    "^",
    "(",
    ")",
    "()",
    "(tea",
    "tea)",
    ":",
    "body:",
    "{",
    "}",
    "+",
    "-",
    "--",
    "- tea",
    "tea -",
    "AND",
    "OR",
    "NOT",
    "NEAR",
    "NEAR(",
    "NEAR(tea",
    "tea AND",
    "AND tea",
    "NOT tea",
    "tea NOT",
    "tea NEAR/2 x",
    "%",
    "_",
    "\\",
    "\\\"",
    ";",
    "'; DROP TABLE events; --",
    "\xf0\x9f\x98\x80",
    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7",
    "\xcc\x88",
    "\xe2\x80\x8d",
    "\xef\xbf\xbd",
    "\xe2\x80\xae",
    "\x01",
    "\n",
    "...!?,;",
    "\xe3\x80\x82",
};

/* Nothing that a person can type is a command, and nothing is a fault. */
static void a_search_takes_any_text_as_words(void **state)
{
    struct journal_rig *r = *state;
    char *large = mem_alloc(65537);

    rig_keep(r, rig_message("tea", r->ann, "black tea or coffee"));
    rig_keep(r, rig_message("tea", r->ann, "green tea and body near x"));
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        query_free(rig_search(r, "tea", hostile[i], 10));
    for (int i = 0; i < 3; i++) {
        memset(large, "a\"*"[i], 65536);
        query_free(rig_search(r, "tea", large, 10));
        for (size_t k = 1; k < 65536; k += 2)
            large[k] = ' ';
        query_free(rig_search(r, "tea", large, 10));
    }
    mem_free(large);
    expect_found(r, "tea", "", "");
    expect_found(r, "tea", "\"...\" (*) -", "");
    expect_found(r, "tea", "\"tea\"", "2 1 ");
    expect_found(r, "tea", "\"tea black\"", "1 ");
    expect_found(r, "tea", "(coffee)", "1 ");
    expect_found(r, "tea", "-coffee", "1 ");
    expect_found(r, "tea", "green OR coffee", "");
    expect_found(r, "tea", "tea OR coffee", "1 ");
    expect_found(r, "tea", "tea AND green", "2 ");
    expect_found(r, "tea", "tea NOT green", "");
    expect_found(r, "tea", "body:near", "2 ");
    expect_found(r, "tea", "NEAR(green tea)", "2 ");
    expect_found(r, "tea", "tea; --", "2 1 ");
}

/* 12 messages by turns in three rooms; returns a query for them in the rooms named. */
static struct query *search_tea(const char *const *rooms, size_t count, uint32_t limit,
                                const struct event *before)
{
    struct query *q = query_make(QUERY_SEARCH, asker, NULL);

    for (size_t i = 0; i < count; i++)
        query_add_room(q, rooms[i]);
    q->text = mem_strdup("tea");
    q->limit = limit;
    if (before != NULL)
        q->before = before->id;
    return q;
}

/* Turns the pages of a search and returns the bodies of all that it found. */
static const char *turn_pages(struct journal_rig *r, const char *const *rooms, size_t count,
                              uint32_t limit)
{
    static char found[512];
    struct event *before = NULL;
    bool more = true;

    found[0] = '\0';
    while (more) {
        struct query *q = rig_ask(r, search_tea(rooms, count, limit, before));

        more = q->more;
        assert_true(q->item_count <= limit);
        if (more)
            assert_int_equal(q->item_count, limit);
        event_unref(&before);
        for (size_t i = 0; i < q->item_count; i++) {
            size_t length = strlen(found);

            snprintf(found + length, sizeof found - length, "%s ", q->items[i]->body + 4);
            /* the body tells its room by its first letter */
            assert_int_equal(q->items[i]->body[4], q->item_rooms[i][0]);
        }
        if (q->item_count != 0)
            before = event_ref(q->items[q->item_count - 1]);
        query_free(q);
    }
    event_unref(&before);
    return found;
}

static void a_search_goes_through_rooms_newest_first(void **state)
{
    static const char *const rooms[] = {"a", "b", "c", "empty"};
    struct journal_rig *r = *state;
    char body[32];

    for (int i = 0; i < 12; i++) {
        r->now++;
        snprintf(body, sizeof body, "tea %c%d", "abc"[i % 3], i);
        rig_keep(r, rig_message(rooms[i % 3], r->ann, body));
        rig_keep(r, rig_message(rooms[i % 3], r->ann, "else"));
    }
    for (uint32_t limit = 1; limit <= 13; limit++) {
        assert_string_equal(turn_pages(r, rooms, 0, limit),
                            "c11 b10 a9 c8 b7 a6 c5 b4 a3 c2 b1 a0 ");
        assert_string_equal(turn_pages(r, rooms, 4, limit),
                            "c11 b10 a9 c8 b7 a6 c5 b4 a3 c2 b1 a0 ");
        assert_string_equal(turn_pages(r, rooms, 2, limit), "b10 a9 b7 a6 b4 a3 b1 a0 ");
        assert_string_equal(turn_pages(r, rooms + 2, 2, limit), "c11 c8 c5 c2 ");
    }
}

/* In one millisecond, paging must neither lose nor repeat. */
static void a_search_turns_pages_within_one_moment(void **state)
{
    static const char *const rooms[] = {"a", "b", "c"};
    struct journal_rig *r = *state;
    char all[512], body[32];

    for (int i = 0; i < 12; i++) {
        snprintf(body, sizeof body, "tea %c%d", "abc"[i % 3], i);
        rig_keep(r, rig_message(rooms[i % 3], r->ann, body));
    }
    snprintf(all, sizeof all, "%s", turn_pages(r, rooms, 3, 100));
    assert_int_equal(strlen(all), 12 * 3 + 2); /* two numbers have two digits */
    for (uint32_t limit = 1; limit < 12; limit++)
        assert_string_equal(turn_pages(r, rooms, 3, limit), all);
    assert_string_equal(turn_pages(r, rooms, 1, 2), "a9 a6 a3 a0 ");
}

static void a_search_before_an_unknown_message_finds_nothing_wrong(void **state)
{
    struct journal_rig *r = *state;
    struct message_id id = rig_keep(r, rig_message("tea", r->ann, "tea")).id;
    const struct message_id ids[] = {{id.epoch + 1, id.room, id.seq},
                                     {id.epoch, id.room + 99, id.seq},
                                     {id.epoch, id.room, 0},
                                     {id.epoch, id.room, 99},
                                     {id.epoch, id.room, UINT64_MAX}};

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct query *q = query_make(QUERY_SEARCH, asker, "tea");

        q->text = mem_strdup("tea");
        q->limit = 10;
        q->before = ids[i];
        q = rig_ask(r, q);
        assert_true(q->item_count <= 1);
        assert_false(q->more);
        query_free(q);
    }
}

int contract_run_search(void)
{
    const struct CMUnitTest searches[] = {
        contract_test(a_search_finds_messages_with_all_words),
        contract_test(a_search_sees_what_messages_are_now),
        contract_test(a_search_takes_any_text_as_words),
        contract_test(a_search_goes_through_rooms_newest_first),
        contract_test(a_search_turns_pages_within_one_moment),
        contract_test(a_search_before_an_unknown_message_finds_nothing_wrong),
    };

    return cmocka_run_group_tests_name("journal: search", searches, NULL, NULL);
}
