#include "unit/journal_contract_rig.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static const struct session_id asker = {7, 8, 9};

static void expect_empty_head(const struct journal_head *head)
{
    assert_int_equal(head->room, 0);
    assert_int_equal(head->seq, 0);
    assert_int_equal(head->ts, 0);
    assert_int_equal(head->oldest, 1);
}

static void a_query_comes_back_as_it_was_asked(void **state)
{
    struct journal_rig *r = *state;

    rig_keep(r, rig_message("tea", r->ann, "x"));
    for (int kind = 0; kind < QUERY_KINDS; kind++) {
        struct query *q = query_make((enum query_kind)kind, asker, "tea");

        q->purpose = 77;
        q->asked_seq = 78;
        q->cid = mem_strdup("mine");
        q->text = mem_strdup("x");
        q->limit = 10;
        q->bytes_max = 100;
        q = rig_ask(r, q);
        assert_memory_equal(&q->origin, &asker, sizeof asker);
        assert_int_equal(q->purpose, 77);
        assert_int_equal(q->asked_seq, 78);
        assert_string_equal(q->cid, "mine");
        assert_string_equal(q->rooms[0], "tea");
        assert_int_equal(q->head.seq, 1);
        assert_int_equal(q->head.oldest, 1);
        assert_int_equal(q->head.ts, r->now);
        assert_int_equal(q->head.room, r->results[0].id.room);
        assert_false(q->more);
        query_free(q);
    }
}

static void a_room_without_events_has_an_empty_head(void **state)
{
    struct journal_rig *r = *state;

    for (int kind = 0; kind < QUERY_KINDS; kind++) {
        struct query *q = query_make((enum query_kind)kind, asker, "nowhere");

        q->text = mem_strdup("x");
        q->limit = 10;
        q->bytes_max = 100;
        q = rig_ask(r, q);
        expect_empty_head(&q->head);
        assert_int_equal(q->item_count, 0);
        assert_int_equal(q->info_count, 0);
        assert_false(q->more);
        query_free(q);
    }
}

/* ---- current state ---- */

static void messages_come_in_their_current_state(void **state)
{
    struct journal_rig *r = *state;
    struct message_id a = rig_keep(r, rig_message("tea", r->ann, "one")).id;
    struct message_id b = rig_keep(r, rig_message("tea", r->bob, "two")).id;
    struct message_id c = rig_keep(r, rig_reply(rig_message("tea", r->ann, "three"), b.seq)).id;
    uint64_t sent = r->now;
    struct query *q;

    rig_keep(r, rig_message("tea", r->eve, "four"));
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, a, "ONE"));
    r->now += 500;
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, a, "EINS"));
    rig_keep(r, rig_react("tea", r->eve, b, "z", true));
    rig_keep(r, rig_react("tea", r->ann_in_capitals, b, "a", true));
    rig_keep(r, rig_react("tea", r->bob, b, "z", true));
    rig_keep(r, rig_react("tea", r->ann, b, "z", true));
    rig_keep(r, rig_about(EVENT_DELETE, "tea", r->ann, c, ""));

    q = rig_page(r, "tea", PAGE_LAST, 0, 10);
    EXPECT_ITEMS(q, "1 EINS [edited]", "2 two {z: eve bob ann} {a: ANN}", "3  [deleted]", "4 four");
    assert_int_equal(q->items[0]->ts, sent);
    assert_int_equal(q->items[0]->state->edited_ts, sent + 500);
    for (size_t i = 0; i < 4; i++) {
        const struct event *e = q->items[i];

        assert_int_equal(e->type, EVENT_MESSAGE);
        assert_int_equal(e->id.epoch, a.epoch);
        assert_int_equal(e->id.room, a.room);
        assert_int_equal(e->id.seq, e->seq);
        assert_int_equal(e->body_length, strlen(e->body));
        assert_int_equal(e->reply_to, i == 2 ? b.seq : 0);
        assert_int_equal(e->outcome, OK);
        assert_false(e->is_repeat);
    }
    assert_string_equal(q->items[0]->user->text, "ann");
    assert_string_equal(q->items[0]->user->key, r->ann->key);
    assert_string_equal(q->items[2]->user->text, "ann");
    query_free(q);
}

static void a_reaction_that_nobody_has_any_more_is_gone(void **state)
{
    struct journal_rig *r = *state;
    struct message_id id = rig_keep(r, rig_message("tea", r->ann, "x")).id;
    struct query *q;

    rig_keep(r, rig_react("tea", r->ann, id, "a", true));
    rig_keep(r, rig_react("tea", r->bob, id, "b", true));
    rig_keep(r, rig_react("tea", r->eve, id, "a", true));
    rig_keep(r, rig_react("tea", r->ann, id, "a", false));
    q = rig_page(r, "tea", PAGE_LAST, 0, 1);
    EXPECT_ITEMS(q, "1 x {a: eve} {b: bob}");
    query_free(q);
    rig_keep(r, rig_react("tea", r->ann, id, "a", true));
    q = rig_page(r, "tea", PAGE_LAST, 0, 1);
    EXPECT_ITEMS(q, "1 x {a: eve ann} {b: bob}");
    query_free(q);
    rig_keep(r, rig_react("tea", r->ann, id, "a", false));
    rig_keep(r, rig_react("tea", r->eve, id, "a", false));
    q = rig_page(r, "tea", PAGE_LAST, 0, 1);
    EXPECT_ITEMS(q, "1 x {b: bob}");
    query_free(q);
    rig_keep(r, rig_react("tea", r->eve, id, "a", true));
    q = rig_page(r, "tea", PAGE_LAST, 0, 1);
    EXPECT_ITEMS(q, "1 x {b: bob} {a: eve}");
    query_free(q);
    rig_keep(r, rig_react("tea", r->bob, id, "b", false));
    rig_keep(r, rig_react("tea", r->eve, id, "a", false));
    q = rig_page(r, "tea", PAGE_LAST, 0, 1);
    EXPECT_ITEMS(q, "1 x");
    query_free(q);
}

/* An answer that somebody holds does not change with what happens later. */
static void an_answer_stays_as_it_was_given(void **state)
{
    struct journal_rig *r = *state;
    struct message_id id = rig_keep(r, rig_message("tea", r->ann, "x")).id;
    struct query *q[4];

    q[0] = rig_page(r, "tea", PAGE_LAST, 0, 1);
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, id, "y"));
    q[1] = rig_page(r, "tea", PAGE_LAST, 0, 1);
    rig_keep(r, rig_react("tea", r->bob, id, "a", true));
    q[2] = rig_page(r, "tea", PAGE_LAST, 0, 1);
    rig_keep(r, rig_about(EVENT_DELETE, "tea", r->ann, id, ""));
    q[3] = rig_page(r, "tea", PAGE_LAST, 0, 1);
    EXPECT_ITEMS(q[0], "1 x");
    EXPECT_ITEMS(q[1], "1 y [edited]");
    EXPECT_ITEMS(q[2], "1 y [edited] {a: bob}");
    assert_true(q[3]->items[0]->state->is_deleted);
    for (int i = 0; i < 4; i++)
        query_free(q[i]);
}

static void bodies_and_names_come_back_byte_for_byte(void **state)
{
    static const char *const bodies[] = {
        " ",
        "a\nb\tc\\\"d'",
        "\x01\x1f\x7f",
        "Zoe\xcc\x88 \xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa7 \xd8\xa7\xd9\x84 \xe2\x80\xae",
        "'; DROP TABLE events; --",
        "\xef\xbf\xbf\xf4\x8f\xbf\xbf",
    };
    struct journal_rig *r = *state;
    struct username *zoe = rig_user("Zo\xc3\xab \xf0\x9f\x98\x80");
    char *large = mem_alloc(65537);
    struct query *q;

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        rig_keep(r, rig_message("tea", zoe, bodies[i]));
    memset(large, 'x', 65536);
    rig_keep(r, rig_message("tea", zoe, large));
    for (int way = 0; way < 2; way++) {
        q = way == 0 ? rig_page(r, "tea", PAGE_LAST, 0, 10) : rig_events(r, "tea", 0);
        assert_int_equal(q->item_count, sizeof bodies / sizeof *bodies + 1);
        for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
            assert_string_equal(q->items[i]->body, bodies[i]);
            assert_string_equal(q->items[i]->user->text, "Zo\xc3\xab \xf0\x9f\x98\x80");
            assert_string_equal(q->items[i]->user->key, zoe->key);
            assert_int_equal(q->items[i]->user->key_length, zoe->key_length);
        }
        assert_int_equal(q->items[q->item_count - 1]->body_length, 65536);
        assert_string_equal(q->items[q->item_count - 1]->body, large);
        query_free(q);
    }
    mem_free(large);
    username_unref(&zoe);
}

/* ---- pages ---- */

/* Some messages with other events between them, one deleted; returns the seqs of the messages. */
static size_t fill(struct journal_rig *r, uint64_t *seqs)
{
    struct message_id id = {0};
    size_t count = 0;

    for (int i = 0; i < 7; i++) {
        id = rig_keep(r, rig_message("tea", r->ann, "x")).id;
        seqs[count++] = id.seq;
        rig_keep(r, rig_message("milk", r->ann, "not here"));
        if (i == 1)
            rig_keep(r, rig_about(EVENT_DELETE, "tea", r->ann, id, ""));
        if (i == 3 || i == 6)
            for (int k = 0; k < 3; k++)
                rig_keep(r, rig_react("tea", r->ann, id, "a", k != 1));
    }
    return count;
}

/* What a page must have, found in the plainest way: [*from, *to) of seqs. */
static bool page_of(const uint64_t *seqs, size_t count, enum page_where where, uint64_t seq,
                    size_t limit, size_t *from, size_t *to)
{
    size_t below = 0, up_to = 0;

    while (below < count && seqs[below] < seq)
        below++;
    up_to = below < count && seqs[below] == seq ? below + 1 : below;
    switch (where) {
    case PAGE_LAST:
    case PAGE_BEFORE:
        *to = where == PAGE_LAST ? count : below;
        *from = *to > limit ? *to - limit : 0;
        return *from > 0;
    case PAGE_AFTER:
        *from = up_to;
        *to = count - up_to > limit ? up_to + limit : count;
        return *to < count;
    case PAGE_AROUND:
        *from = up_to > (limit + 1) / 2 ? up_to - (limit + 1) / 2 : 0;
        *to = count - up_to > limit / 2 ? up_to + limit / 2 : count;
        return *from > 0;
    }
    return false;
}

static void pages_are_right_at_every_border(void **state)
{
    struct journal_rig *r = *state;
    uint64_t seqs[16];
    size_t count = fill(r, seqs), from = 0, to = 0;
    uint64_t top = rig_head(r, "tea").seq;

    for (int where = PAGE_LAST; where <= PAGE_AROUND; where++) {
        for (uint64_t seq = 0; seq <= top + 2; seq++) {
            for (uint32_t limit = 1; limit <= count + 1; limit++) {
                struct query *q = rig_page(r, "tea", (enum page_where)where, seq, limit);
                bool more = page_of(seqs, count, (enum page_where)where, seq, limit, &from, &to);

                assert_int_equal(q->item_count, to - from);
                for (size_t i = 0; i < q->item_count; i++)
                    assert_int_equal(q->items[i]->seq, seqs[from + i]);
                assert_int_equal(q->more, more);
                assert_int_equal(q->head.seq, top);
                query_free(q);
            }
        }
    }
}

static void a_seq_far_away_is_no_fault(void **state)
{
    struct journal_rig *r = *state;
    uint64_t seqs[16];
    size_t count = fill(r, seqs);
    struct query *q = rig_page(r, "tea", PAGE_BEFORE, UINT64_MAX, 200);

    assert_int_equal(q->item_count, count);
    query_free(q);
    q = rig_page(r, "tea", PAGE_AFTER, UINT64_MAX, 200);
    assert_int_equal(q->item_count, 0);
    assert_false(q->more);
    query_free(q);
    q = rig_page(r, "tea", PAGE_AROUND, UINT64_MAX, 200);
    assert_int_equal(q->item_count, count);
    query_free(q);
    q = rig_page(r, "tea", PAGE_AFTER, 0, UINT32_MAX);
    assert_int_equal(q->item_count, count);
    query_free(q);
    q = rig_events(r, "tea", UINT64_MAX);
    assert_int_equal(q->item_count, 0);
    assert_false(q->more);
    query_free(q);
}

static void a_page_walks_over_a_long_room(void **state)
{
    struct journal_rig *r = *state;
    uint64_t at = 10001;
    struct query *q;

    for (int i = 0; i < 10000; i++)
        assert_true(rig_post(r, rig_message("tea", r->ann, "x")));
    rig_await(r, 10000);
    while (at > 1) {
        q = rig_page(r, "tea", PAGE_BEFORE, at, 150);
        assert_int_not_equal(q->item_count, 0);
        for (size_t i = q->item_count; i-- > 0;)
            assert_int_equal(q->items[i]->seq, --at);
        assert_int_equal(q->more, at > 1);
        query_free(q);
    }
}

/* ---- events ---- */

static void events_since_any_place_are_all_that_follow(void **state)
{
    struct journal_rig *r = *state;
    uint64_t seqs[16], top;

    fill(r, seqs);
    top = rig_head(r, "tea").seq;
    for (uint64_t since = 0; since <= top + 2; since++) {
        struct query *q = rig_events(r, "tea", since);

        assert_int_equal(q->item_count, since < top ? top - since : 0);
        assert_int_equal(q->head.seq, top);
        assert_false(q->more);
        for (size_t i = 0; i < q->item_count; i++) {
            const struct event *e = q->items[i];
            const struct result *result = r->results;

            while (strcmp(result->room, "tea") != 0 || result->seq != e->seq)
                result++;
            assert_int_equal(e->seq, since + 1 + i);
            assert_int_equal(e->type, result->event->type);
            assert_int_equal(e->ts, result->ts);
            assert_memory_equal(&e->id, &result->id, sizeof e->id);
            assert_int_equal(e->on, result->event->on);
            assert_string_equal(e->user->text, result->event->user->text);
            if (e->type == EVENT_REACT)
                assert_string_equal(e->body, "a");
        }
        query_free(q);
    }
}

static void messages_among_events_have_their_current_state(void **state)
{
    struct journal_rig *r = *state;
    struct message_id id = rig_keep(r, rig_message("tea", r->ann, "one")).id;
    struct query *q;

    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, id, "two"));
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, id, "three"));
    rig_keep(r, rig_react("tea", r->bob, id, "a", true));
    rig_keep(r, rig_react("tea", r->ann, id, "b", true));
    rig_keep(r, rig_react("tea", r->ann, id, "b", false));
    rig_keep(r, rig_message("tea", r->ann, "four"));
    q = rig_events(r, "tea", 0);
    EXPECT_ITEMS(q, "1 three [edited] {a: bob}", "2 two", "3 three", "4 a", "5 b", "6 b", "7 four");
    assert_int_equal(q->items[2]->type, EVENT_EDIT);
    assert_false(q->items[5]->on);
    query_free(q);
    q = rig_events(r, "tea", 2);
    EXPECT_ITEMS(q, "3 three", "4 a", "5 b", "6 b", "7 four");
    query_free(q);
}

static void what_was_deleted_is_told_to_nobody_any_more(void **state)
{
    struct journal_rig *r = *state;
    struct message_id id =
        rig_keep(r, rig_with_cid(rig_message("tea", r->ann, "secret one"), "c")).id;
    struct query *q;

    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, id, "secret two"));
    rig_keep(r, rig_message("tea", r->ann, "open"));
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, id, "secret three"));
    rig_keep(r, rig_about(EVENT_DELETE, "tea", r->ann, id, ""));
    q = rig_events(r, "tea", 0);
    assert_int_equal(q->item_count, 5);
    assert_true(q->items[0]->state->is_deleted);
    assert_string_equal(q->items[2]->body, "open");
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(q->items[i]->seq, i + 1);
        assert_null(strstr(q->items[i]->body, "secret"));
        assert_string_equal(q->items[i]->user->text, "ann");
    }
    assert_int_equal(q->items[3]->type, EVENT_EDIT);
    query_free(q);
    q = rig_search(r, "tea", "secret", 10);
    assert_int_equal(q->item_count, 0);
    query_free(q);
    rig_repeat(r, rig_with_cid(rig_message("tea", r->ann, "secret one"), "c"));
}

static void events_keep_to_their_limits(void **state)
{
    struct journal_rig *r = *state;
    struct query *q;

    for (int i = 0; i < 10; i++)
        rig_keep(r, rig_message("tea", r->ann, "0123456789"));
    for (uint32_t limit = 1; limit <= 11; limit++) {
        for (uint32_t bytes = 10; bytes <= 110; bytes += 5) {
            size_t fit = bytes / 10 < limit ? bytes / 10 : limit;

            q = query_make(QUERY_EVENTS, asker, "tea");
            q->limit = limit;
            q->bytes_max = bytes;
            q = rig_ask(r, q);
            assert_int_equal(q->item_count, fit < 10 ? fit : 10);
            assert_int_equal(q->more, fit < 10);
            for (size_t i = 0; i < q->item_count; i++)
                assert_int_equal(q->items[i]->seq, i + 1);
            query_free(q);
        }
    }
}

/* A control character is written as six. */
static void text_counts_as_it_is_written(void **state)
{
    struct journal_rig *r = *state;

    for (int i = 0; i < 10; i++)
        rig_keep(r, rig_message("tea", r->ann, "\x01\x01\x01\x01\x01"));
    for (int i = 0; i < 2; i++) {
        struct query *q = query_make(i == 0 ? QUERY_EVENTS : QUERY_PAGE, asker, "tea");

        q->limit = 10;
        q->bytes_max = 100;
        q = rig_ask(r, q);
        assert_int_equal(q->item_count, i == 0 ? 3 : 4); /* a page has the one that is too much */
        assert_true(q->more);
        query_free(q);
    }
}

static void who_wants_all_events_gets_all_or_none(void **state)
{
    struct journal_rig *r = *state;

    for (int i = 0; i < 10; i++)
        rig_keep(r, rig_message("tea", r->ann, "x"));
    for (uint64_t since = 0; since <= 12; since++) {
        uint64_t missed = since < 10 ? 10 - since : 0;
        struct query *q = query_make(QUERY_EVENTS, asker, "tea");

        q->seq = since;
        q->limit = 4;
        q->bytes_max = 1000;
        q->wants_all = true;
        q = rig_ask(r, q);
        assert_int_equal(q->head.seq, 10);
        assert_int_equal(q->item_count, missed <= 4 ? missed : 0);
        assert_int_equal(q->more, missed > 4);
        query_free(q);
    }
}

/* ---- rooms ---- */

static void ask_for_long_page(struct journal_rig *r, enum page_where where, uint64_t seq)
{
    struct query *q = query_make(QUERY_PAGE, (struct session_id){0, 0, 1}, "tea");

    q->where = where;
    q->seq = seq;
    q->limit = 40;
    q->bytes_max = 3000;
    q = rig_ask(r, q);
    assert_int_equal(q->outcome, OK);
    /* the nearest, and on each side at most the next one, which is left out then and says so */
    assert_int_in_range(q->item_count, 3, where == PAGE_AROUND ? 8 : 4);
    if (where == PAGE_AFTER)
        assert_int_equal(q->items[0]->seq, seq + 1);
    if (where == PAGE_BEFORE)
        assert_int_equal(q->items[q->item_count - 1]->seq, seq - 1);
    if (where == PAGE_LAST)
        assert_int_equal(q->items[q->item_count - 1]->seq, 50);
    for (size_t i = 1; i < q->item_count; i++)
        assert_int_equal(q->items[i]->seq, q->items[0]->seq + i);
    assert_true(q->more);
    query_free(q);
}

/* How much it fetches is the journal's; what it gives is next to the place, without a hole. */
static void a_page_of_long_messages_is_the_near_part(void **state)
{
    struct journal_rig *r = *state;
    char body[1001];

    snprintf(body, sizeof body, "%0*d", (int)sizeof body - 1, 0);
    for (int i = 0; i < 50; i++)
        rig_keep(r, rig_message("tea", r->ann, body));
    ask_for_long_page(r, PAGE_LAST, 0);
    ask_for_long_page(r, PAGE_BEFORE, 45);
    ask_for_long_page(r, PAGE_AFTER, 5);
    ask_for_long_page(r, PAGE_AROUND, 25);
}

static void expect_rooms(struct journal_rig *r, uint32_t limit, const char *names)
{
    struct query *q = query_make(QUERY_ROOMS, asker, NULL);
    char found[256] = "";

    q->limit = limit;
    q = rig_ask(r, q);
    for (size_t i = 0; i < q->info_count; i++) {
        const struct room_info *info = &q->infos[i];
        struct journal_head head = rig_head(r, info->name);
        size_t length = strlen(found);

        snprintf(found + length, sizeof found - length, "%s ", info->name);
        assert_string_equal(info->topic, "");
        assert_int_equal(info->seq, head.seq);
        assert_int_equal(info->ts, head.ts);
    }
    assert_string_equal(found, names);
    query_free(q);
}

static void rooms_are_told_by_their_newest_event(void **state)
{
    struct journal_rig *r = *state;
    struct message_id id;

    expect_rooms(r, 10, "");
    id = rig_keep(r, rig_message("tea", r->ann, "x")).id;
    r->now++;
    rig_keep(r, rig_message("milk", r->ann, "x"));
    r->now++;
    rig_keep(r, rig_message("\xd1\x87\xd0\xb0\xd0\xb9", r->ann, "x"));
    expect_rooms(r, 10, "\xd1\x87\xd0\xb0\xd0\xb9 milk tea ");
    r->now++;
    rig_keep(r, rig_react("tea", r->ann, id, "x", true));
    expect_rooms(r, 10, "tea \xd1\x87\xd0\xb0\xd0\xb9 milk ");
    r->now++;
    rig_refuse(r, rig_reply(rig_message("sugar", r->ann, "x"), 5), ERR_NOT_FOUND);
    rig_refuse(r, rig_reply(rig_message("milk", r->ann, "x"), 5), ERR_NOT_FOUND);
    expect_rooms(r, 10, "tea \xd1\x87\xd0\xb0\xd0\xb9 milk ");
    expect_rooms(r, 2, "tea \xd1\x87\xd0\xb0\xd0\xb9 ");
}

int contract_run_reads(void)
{
    const struct CMUnitTest reads[] = {
        contract_test(a_query_comes_back_as_it_was_asked),
        contract_test(a_room_without_events_has_an_empty_head),
        contract_test(messages_come_in_their_current_state),
        contract_test(a_reaction_that_nobody_has_any_more_is_gone),
        contract_test(an_answer_stays_as_it_was_given),
        contract_test(bodies_and_names_come_back_byte_for_byte),
        contract_test(pages_are_right_at_every_border),
        contract_test(a_seq_far_away_is_no_fault),
        contract_test(a_page_walks_over_a_long_room),
        contract_test(events_since_any_place_are_all_that_follow),
        contract_test(messages_among_events_have_their_current_state),
        contract_test(what_was_deleted_is_told_to_nobody_any_more),
        contract_test(events_keep_to_their_limits),
        contract_test(text_counts_as_it_is_written),
        contract_test(who_wants_all_events_gets_all_or_none),
        contract_test(a_page_of_long_messages_is_the_near_part),
        contract_test(rooms_are_told_by_their_newest_event),
    };

    return cmocka_run_group_tests_name("journal: ask", reads, NULL, NULL);
}
