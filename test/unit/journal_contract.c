#include "unit/journal_contract_rig.h"
#include "base/mem.h"

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

static const struct journal_factory *the_factory;

int contract_setup(void **state)
{
    *state = mem_alloc(sizeof(struct journal_rig));
    journal_rig_open(*state, the_factory);
    return 0;
}

int contract_teardown(void **state)
{
    struct journal_rig *r = *state;
    int overlaps = r->overlaps;

    journal_rig_close(r);
    mem_free(r);
    return overlaps;
}

/* ---- order ---- */

static void a_rooms_events_are_numbered_from_one_without_a_hole(void **state)
{
    struct journal_rig *r = *state;
    struct message_id first;

    for (uint64_t i = 1; i <= 5; i++) {
        assert_int_equal(rig_keep(r, rig_message("tea", r->ann, "x")).seq, i);
        assert_int_equal(rig_keep(r, rig_message("milk", r->ann, "x")).seq, i);
    }
    first = r->results[0].id;
    assert_int_equal(rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, first, "y")).seq, 6);
    rig_refuse(r, rig_about(EVENT_EDIT, "tea", r->bob, first, "y"), ERR_FORBIDDEN);
    assert_int_equal(rig_keep(r, rig_react("tea", r->bob, first, "x", true)).seq, 7);
    rig_repeat(r, rig_react("tea", r->bob, first, "x", true));
    assert_int_equal(rig_keep(r, rig_about(EVENT_DELETE, "tea", r->ann, first, "")).seq, 8);
    assert_int_equal(rig_keep(r, rig_message("tea", r->ann, "x")).seq, 9);
    assert_int_equal(rig_keep(r, rig_message("milk", r->ann, "x")).seq, 6);
}

static void the_event_itself_comes_back_and_is_let_go_at_the_end(void **state)
{
    struct journal_rig *r = *state;
    struct event *kept = rig_message("tea", r->ann, "x"), *refused, *repeat;

    rig_keep(r, rig_with_cid(event_ref(kept), "c"));
    repeat = rig_with_cid(rig_message("tea", r->ann, "x"), "c");
    rig_repeat(r, event_ref(repeat));
    refused = rig_reply(rig_message("tea", r->ann, "x"), 99);
    rig_refuse(r, event_ref(refused), ERR_NOT_FOUND);
    query_free(rig_events(r, "tea", 0));
    journal_rig_close(r);
    assert_int_equal(kept->refs, 1);
    assert_int_equal(repeat->refs, 1);
    assert_int_equal(refused->refs, 1);
    event_unref(&kept);
    event_unref(&repeat);
    event_unref(&refused);
    journal_rig_open(r, the_factory);
}

static void an_id_names_the_log_the_room_and_the_place(void **state)
{
    struct journal_rig *r = *state;
    struct result tea = rig_keep(r, rig_message("tea", r->ann, "x"));
    struct result milk = rig_keep(r, rig_message("milk", r->ann, "x"));
    struct result more = rig_keep(r, rig_message("tea", r->bob, "x"));

    assert_int_not_equal(r->journal->epoch, 0);
    assert_int_equal(tea.id.epoch, r->journal->epoch);
    assert_int_equal(milk.id.epoch, r->journal->epoch);
    assert_int_not_equal(tea.id.room, 0);
    assert_int_not_equal(milk.id.room, 0);
    assert_int_not_equal(tea.id.room, milk.id.room);
    assert_int_equal(more.id.room, tea.id.room);
    assert_int_equal(tea.id.seq, 1);
    assert_int_equal(more.id.seq, 2);
    assert_int_equal(rig_head(r, "tea").room, tea.id.room);
    /* of an edit, delete or react it stays that of the message */
    more = rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, tea.id, "y"));
    assert_memory_equal(&more.id, &tea.id, sizeof tea.id);
    more = rig_keep(r, rig_react("tea", r->bob, tea.id, "x", true));
    assert_memory_equal(&more.id, &tea.id, sizeof tea.id);
    more = rig_keep(r, rig_about(EVENT_DELETE, "tea", r->ann, tea.id, ""));
    assert_memory_equal(&more.id, &tea.id, sizeof tea.id);
}

static void ts_is_the_clocks_and_never_decreases(void **state)
{
    struct journal_rig *r = *state;
    uint64_t start = r->now;
    struct message_id first;

    first = rig_keep(r, rig_message("tea", r->ann, "x")).id;
    assert_int_equal(r->results[0].ts, start);
    r->now = start + 1000;
    assert_int_equal(rig_keep(r, rig_message("tea", r->ann, "x")).ts, start + 1000);
    r->now = start - 3600000;
    assert_int_equal(rig_keep(r, rig_message("tea", r->ann, "x")).ts, start + 1000);
    assert_int_equal(rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, first, "y")).ts,
                     start + 1000);
    assert_int_equal(rig_keep(r, rig_message("milk", r->ann, "x")).ts, start - 3600000);
    r->now = start + 2000;
    assert_int_equal(rig_keep(r, rig_message("tea", r->ann, "x")).ts, start + 2000);
    assert_int_equal(rig_head(r, "tea").ts, start + 2000);
}

/* ---- exactly once ---- */

static void expect_first(const struct result *repeat, const struct result *first)
{
    assert_int_equal(repeat->seq, first->seq);
    assert_int_equal(repeat->ts, first->ts);
    assert_memory_equal(&repeat->id, &first->id, sizeof first->id);
}

static void a_cid_is_stored_once_for_each_user_and_room(void **state)
{
    struct journal_rig *r = *state;
    struct result first = rig_keep(r, rig_with_cid(rig_message("tea", r->ann, "once"), "c")), other;

    r->now += 5000;
    other = rig_repeat(r, rig_with_cid(rig_message("tea", r->ann, "once"), "c"));
    expect_first(&other, &first);
    other = rig_repeat(r, rig_with_cid(rig_message("tea", r->ann_in_capitals, "twice"), "c"));
    expect_first(&other, &first);
    rig_keep(r, rig_with_cid(rig_message("tea", r->ann, "x"), "C"));
    rig_keep(r, rig_with_cid(rig_message("tea", r->ann, "x"), "cc"));
    rig_keep(r, rig_with_cid(rig_message("tea", r->bob, "x"), "c"));
    rig_keep(r, rig_with_cid(rig_message("milk", r->ann, "x"), "c"));
    rig_keep(r, rig_message("tea", r->ann, "x"));
    rig_keep(r, rig_message("tea", r->ann, "x"));
    other = rig_repeat(r, rig_with_cid(rig_message("tea", r->ann, "once"), "c"));
    expect_first(&other, &first);
    assert_int_equal(rig_head(r, "tea").seq, 6);
}

static void a_user_and_a_cid_do_not_run_into_each_other(void **state)
{
    struct journal_rig *r = *state;
    struct username *an = rig_user("an"), *a = rig_user("a");

    rig_keep(r, rig_with_cid(rig_message("tea", r->ann, "x"), "c"));
    rig_keep(r, rig_with_cid(rig_message("tea", an, "x"), "nc"));
    rig_keep(r, rig_with_cid(rig_message("tea", a, "x"), "nnc"));
    rig_repeat(r, rig_with_cid(rig_message("tea", a, "x"), "nnc"));
    username_unref(&an);
    username_unref(&a);
}

static void many_cids_are_all_remembered(void **state)
{
    struct journal_rig *r = *state;
    char cid[CID_MAX + 1];

    for (int round = 0; round < 2; round++) {
        for (uint64_t i = 0; i < 1000; i++) {
            snprintf(cid, sizeof cid, "%064" PRIu64, i);
            rig_post(r, rig_with_cid(rig_message("tea", r->ann, "x"), cid));
        }
    }
    rig_await(r, 2000);
    for (size_t i = 0; i < 2000; i++) {
        assert_int_equal(r->results[i].outcome, OK);
        assert_int_equal(r->results[i].seq, i % 1000 + 1);
        assert_int_equal(r->results[i].is_repeat, i >= 1000);
    }
}

static void edits_deletes_and_reacts_have_cids_too(void **state)
{
    struct journal_rig *r = *state;
    struct result message = rig_keep(r, rig_with_cid(rig_message("tea", r->ann, "x"), "1"));
    struct result edit =
        rig_keep(r, rig_with_cid(rig_about(EVENT_EDIT, "tea", r->ann, message.id, "y"), "2"));
    struct result react =
        rig_keep(r, rig_with_cid(rig_react("tea", r->ann, message.id, "z", true), "3"));
    struct result delete =
        rig_keep(r, rig_with_cid(rig_about(EVENT_DELETE, "tea", r->ann, message.id, ""), "4"));
    struct result again;

    r->now += 1000;
    again = rig_repeat(r, rig_with_cid(rig_about(EVENT_EDIT, "tea", r->ann, message.id, "y"), "2"));
    expect_first(&again, &edit);
    again = rig_repeat(r, rig_with_cid(rig_react("tea", r->ann, message.id, "z", true), "3"));
    expect_first(&again, &react);
    again =
        rig_repeat(r, rig_with_cid(rig_about(EVENT_DELETE, "tea", r->ann, message.id, ""), "4"));
    expect_first(&again, &delete);
    again = rig_repeat(r, rig_with_cid(rig_message("tea", r->ann, "x"), "1"));
    expect_first(&again, &message);
}

static void what_was_refused_may_be_tried_again_under_its_cid(void **state)
{
    struct journal_rig *r = *state;

    rig_refuse(r, rig_with_cid(rig_reply(rig_message("tea", r->ann, "x"), 1), "c"), ERR_NOT_FOUND);
    rig_keep(r, rig_message("tea", r->ann, "x"));
    rig_keep(r, rig_with_cid(rig_reply(rig_message("tea", r->ann, "x"), 1), "c"));
    rig_repeat(r, rig_with_cid(rig_reply(rig_message("tea", r->ann, "x"), 1), "c"));
}

/* A client that got no answer sends again, perhaps before the first was stored. */
static void repeats_are_known_before_the_first_has_come_back(void **state)
{
    struct journal_rig *r = *state;

    for (int i = 0; i < 300; i++) {
        rig_post(r, rig_with_cid(rig_message("tea", r->ann, "x"), "c"));
        rig_post(r, rig_message("tea", r->bob, "x"));
    }
    rig_await(r, 600);
    for (size_t i = 0; i < 600; i += 2) {
        assert_int_equal(r->results[i].outcome, OK);
        assert_int_equal(r->results[i].is_repeat, i != 0);
        assert_int_equal(r->results[i].seq, 1);
        assert_int_equal(r->results[i + 1].seq, i / 2 + 2);
    }
}

/* ---- what may be done to a message ---- */

static void only_the_author_edits_and_deletes(void **state)
{
    struct journal_rig *r = *state;
    struct message_id id = rig_keep(r, rig_message("tea", r->ann, "x")).id;

    rig_refuse(r, rig_about(EVENT_EDIT, "tea", r->bob, id, "y"), ERR_FORBIDDEN);
    rig_refuse(r, rig_about(EVENT_DELETE, "tea", r->bob, id, ""), ERR_FORBIDDEN);
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann_in_capitals, id, "y"));
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, id, "z"));
    rig_keep(r, rig_about(EVENT_DELETE, "tea", r->ann_in_capitals, id, ""));
}

static void what_is_deleted_stays_so(void **state)
{
    struct journal_rig *r = *state;
    struct message_id id = rig_keep(r, rig_message("tea", r->ann, "x")).id;

    rig_keep(r, rig_about(EVENT_DELETE, "tea", r->ann, id, ""));
    rig_refuse(r, rig_about(EVENT_DELETE, "tea", r->ann, id, ""), ERR_NOT_FOUND);
    rig_refuse(r, rig_about(EVENT_EDIT, "tea", r->ann, id, "y"), ERR_NOT_FOUND);
    rig_refuse(r, rig_about(EVENT_EDIT, "tea", r->bob, id, "y"), ERR_NOT_FOUND);
    rig_refuse(r, rig_react("tea", r->bob, id, "x", true), ERR_NOT_FOUND);
    rig_refuse(r, rig_react("tea", r->bob, id, "x", false), ERR_NOT_FOUND);
    assert_int_equal(rig_head(r, "tea").seq, 2);
}

static void refuse_all_kinds(struct journal_rig *r, const char *room, struct message_id id)
{
    rig_refuse(r, rig_about(EVENT_EDIT, room, r->ann, id, "y"), ERR_NOT_FOUND);
    rig_refuse(r, rig_about(EVENT_DELETE, room, r->ann, id, ""), ERR_NOT_FOUND);
    rig_refuse(r, rig_react(room, r->ann, id, "x", true), ERR_NOT_FOUND);
}

static void only_messages_of_this_room_can_be_meant(void **state)
{
    struct journal_rig *r = *state;
    struct message_id tea = rig_keep(r, rig_message("tea", r->ann, "x")).id;
    struct message_id milk = rig_keep(r, rig_message("milk", r->ann, "x")).id;
    struct message_id id;

    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, tea, "y"));
    rig_keep(r, rig_react("tea", r->ann, tea, "x", true));
    refuse_all_kinds(r, "tea", milk);
    refuse_all_kinds(r, "nowhere", tea);
    id = (struct message_id){tea.epoch + 1, tea.room, tea.seq};
    refuse_all_kinds(r, "tea", id);
    id = (struct message_id){tea.epoch, tea.room + 1000, tea.seq};
    refuse_all_kinds(r, "tea", id);
    for (uint64_t seq = 2; seq < 6; seq++) { /* the edit, the react, what will be, what may be */
        id = (struct message_id){tea.epoch, tea.room, seq};
        refuse_all_kinds(r, "tea", id);
    }
    id = (struct message_id){tea.epoch, tea.room, UINT64_MAX};
    refuse_all_kinds(r, "tea", id);
    id = (struct message_id){tea.epoch, tea.room, 0};
    refuse_all_kinds(r, "tea", id);
    assert_int_equal(rig_head(r, "nowhere").room, 0);
}

static void a_reaction_that_changes_nothing_is_a_repeat(void **state)
{
    struct journal_rig *r = *state;
    struct message_id id = rig_keep(r, rig_message("tea", r->ann, "x")).id;
    struct result result;

    rig_repeat(r, rig_react("tea", r->bob, id, "x", false));
    rig_keep(r, rig_react("tea", r->bob, id, "x", true));
    result = rig_repeat(r, rig_react("tea", r->bob, id, "x", true));
    assert_memory_equal(&result.id, &id, sizeof id);
    assert_int_in_range(result.seq, id.seq, 2);
    assert_int_not_equal(result.ts, 0);
    rig_keep(r, rig_react("tea", r->ann, id, "x", true));
    rig_repeat(r, rig_react("tea", r->ann_in_capitals, id, "x", true));
    rig_keep(r, rig_react("tea", r->bob, id, "y", true));
    rig_keep(r, rig_react("tea", r->bob, id, "x", false));
    rig_repeat(r, rig_react("tea", r->bob, id, "x", false));
    rig_keep(r, rig_react("tea", r->bob, id, "x", true));
    assert_int_equal(rig_head(r, "tea").seq, 6);
}

static void a_message_has_at_most_fifty_emoji(void **state)
{
    struct journal_rig *r = *state;
    struct message_id id = rig_keep(r, rig_message("tea", r->ann, "x")).id;
    struct message_id other = rig_keep(r, rig_message("tea", r->ann, "x")).id;
    char emoji[EMOJI_MAX + 1];

    for (int i = 0; i < 50; i++) {
        snprintf(emoji, sizeof emoji, "%064d", i);
        rig_keep(r, rig_react("tea", r->ann, id, emoji, true));
    }
    rig_refuse(r, rig_react("tea", r->ann, id, "one more", true), ERR_FULL);
    rig_refuse(r, rig_react("tea", r->bob, id, "one more", true), ERR_FULL);
    rig_repeat(r, rig_react("tea", r->ann, id, "one more", false));
    rig_keep(r, rig_react("tea", r->bob, id, emoji, true));
    rig_keep(r, rig_react("tea", r->ann, other, "one more", true));
    rig_keep(r, rig_react("tea", r->ann, id, emoji, false));
    rig_refuse(r, rig_react("tea", r->bob, id, "one more", true), ERR_FULL);
    rig_keep(r, rig_react("tea", r->bob, id, emoji, false));
    rig_keep(r, rig_react("tea", r->bob, id, "one more", true));
}

static void a_message_has_so_many_reactions_at_most(void **state)
{
    struct journal_rig *r = *state;
    struct message_id id = rig_keep(r, rig_message("tea", r->ann, "x")).id;
    char name[32];

    for (int i = 0; i < MESSAGE_REACTIONS_MAX; i++) {
        struct username *user;

        snprintf(name, sizeof name, "person %d", i);
        user = rig_user(name);
        assert_true(rig_post(r, rig_react("tea", user, id, i % 2 != 0 ? "a" : "b", true)));
        username_unref(&user);
    }
    rig_await(r, 1 + MESSAGE_REACTIONS_MAX);
    rig_refuse(r, rig_react("tea", r->ann, id, "a", true), ERR_FULL);
    rig_refuse(r, rig_react("tea", r->ann, id, "c", true), ERR_FULL);
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, id, "y"));
    rig_keep(r,
             rig_react("tea", r->bob, rig_keep(r, rig_message("tea", r->ann, "z")).id, "a", true));
    rig_keep(r, rig_about(EVENT_DELETE, "tea", r->ann, id, ""));
}

static void a_reply_is_to_a_message_that_is_there(void **state)
{
    struct journal_rig *r = *state;
    struct message_id id;

    rig_refuse(r, rig_reply(rig_message("tea", r->ann, "x"), 1), ERR_NOT_FOUND);
    assert_int_equal(rig_head(r, "tea").room, 0);
    id = rig_keep(r, rig_message("tea", r->ann, "x")).id;
    rig_refuse(r, rig_reply(rig_message("tea", r->bob, "x"), 2), ERR_NOT_FOUND);
    rig_refuse(r, rig_reply(rig_message("tea", r->bob, "x"), UINT64_MAX), ERR_NOT_FOUND);
    rig_refuse(r, rig_reply(rig_message("milk", r->bob, "x"), 1), ERR_NOT_FOUND);
    rig_keep(r, rig_reply(rig_message("tea", r->bob, "x"), 1));
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, id, "y"));
    rig_refuse(r, rig_reply(rig_message("tea", r->bob, "x"), 3), ERR_NOT_FOUND);
    rig_keep(r, rig_about(EVENT_DELETE, "tea", r->ann, id, ""));
    rig_keep(r, rig_reply(rig_message("tea", r->bob, "x"), 1));
}

/* What is done in a row and not waited for is judged by what is before it, stored or not. */
static void all_of_it_holds_in_one_batch(void **state)
{
    struct journal_rig *r = *state;
    struct message_id id = rig_keep(r, rig_message("tea", r->ann, "x")).id;
    struct message_id next = {id.epoch, id.room, 2};
    static const enum err outcomes[] = {OK, OK, OK, OK, ERR_NOT_FOUND, ERR_FORBIDDEN, OK, OK};

    rig_post(r, rig_message("tea", r->ann, "y"));
    rig_post(r, rig_about(EVENT_EDIT, "tea", r->ann, next, "z"));
    rig_post(r, rig_react("tea", r->bob, next, "x", true));
    rig_post(r, rig_about(EVENT_DELETE, "tea", r->ann, id, ""));
    rig_post(r, rig_react("tea", r->bob, id, "x", true));
    rig_post(r, rig_about(EVENT_DELETE, "tea", r->bob, next, ""));
    rig_post(r, rig_react("tea", r->bob, next, "x", true));
    rig_post(r, rig_reply(rig_message("tea", r->ann, "y"), 2));
    rig_await(r, 9);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal(r->results[i + 1].outcome, outcomes[i]);
    assert_true(r->results[7].is_repeat);
    assert_int_equal(rig_head(r, "tea").seq, 6);
}

/* ---- threads ---- */

enum { THREADS = 4, MESSAGES_EACH = 2000, ROOMS = 3 };

static const char *const room_names[ROOMS] = {"tea", "milk", "sugar"};

struct appender {
    pthread_t thread;
    struct journal_rig *rig;
    struct username *user;
    int number;
};

/* Each fifth message is sent a second time. */
static void *append_many(void *arg)
{
    struct appender *a = arg;
    char text[32];

    for (int i = 0; i < MESSAGES_EACH; i++) {
        snprintf(text, sizeof text, "%d-%d", a->number, i);
        for (int k = 0; k < (i % 5 == 0 ? 2 : 1); k++)
            while (!rig_post(a->rig,
                             rig_with_cid(rig_message(room_names[i % ROOMS], a->user, text), text)))
                sched_yield();
    }
    return NULL;
}

/* Reads on from where it is, as those do who come back; returns the new place. */
static uint64_t read_on(struct journal_rig *r, const char *room, uint64_t seen)
{
    struct query *q = rig_events(r, room, seen);

    for (size_t i = 0; i < q->item_count; i++)
        assert_int_equal(q->items[i]->seq, ++seen);
    assert_int_equal(q->head.seq, seen);
    assert_int_equal(q->head.oldest, 1);
    assert_false(q->more);
    query_free(q);
    return seen;
}

static void many_threads_make_one_order(void **state)
{
    struct journal_rig *r = *state;
    struct appender appenders[THREADS];
    const size_t total = (size_t)THREADS * (MESSAGES_EACH + MESSAGES_EACH / 5);
    uint64_t seen[ROOMS] = {0}, next[ROOMS] = {0}, last_ts[ROOMS] = {0};
    size_t repeats = 0, so_far;
    bool is_over = false;
    char name[32];

    for (int i = 0; i < THREADS; i++) {
        snprintf(name, sizeof name, "user%d", i);
        appenders[i] = (struct appender){.rig = r, .user = rig_user(name), .number = i};
        assert_int_equal(pthread_create(&appenders[i].thread, NULL, append_many, &appenders[i]), 0);
    }
    while (!is_over) {
        pthread_mutex_lock(&r->lock);
        so_far = r->count;
        pthread_mutex_unlock(&r->lock);
        is_over = so_far == total;
        rig_await(r, so_far + 100 < total ? so_far + 100 : total);
        for (int room = 0; room < ROOMS; room++)
            seen[room] = read_on(r, room_names[room], seen[room]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(appenders[i].thread, NULL);
        username_unref(&appenders[i].user);
    }
    for (size_t i = 0; i < r->count; i++) {
        const struct result *result = &r->results[i];
        int room = 0;

        assert_int_equal(result->outcome, OK);
        while (strcmp(room_names[room], result->room) != 0)
            room++;
        repeats += result->is_repeat;
        if (result->is_repeat) {
            assert_int_in_range(result->seq, 1, next[room]);
        } else {
            assert_int_equal(result->seq, ++next[room]);
            assert_true(result->ts >= last_ts[room]);
            last_ts[room] = result->ts;
        }
    }
    assert_int_equal(repeats, THREADS * MESSAGES_EACH / 5);
    for (int room = 0; room < ROOMS; room++)
        assert_int_equal(read_on(r, room_names[room], seen[room]), next[room]);
}

/* ---- stop, and a new start ---- */

static void stop_stores_and_answers_all_that_waits(void **state)
{
    struct journal_rig *r = *state;

    assert_true(r->journal->ops->is_available(r->journal));
    assert_false(r->journal->ops->is_strained(r->journal));
    for (int i = 0; i < 500; i++) {
        assert_true(rig_post(r, rig_message("tea", r->ann, "x")));
        if (i % 10 == 0)
            r->journal->ops->ask(r->journal,
                                 query_make(QUERY_HEAD, (struct session_id){0, 0, 0}, "tea"));
    }
    journal_rig_stop(r);
    assert_int_equal(r->count, 500);
    assert_int_equal(r->answer_count, 50);
    for (size_t i = 0; i < 500; i++)
        assert_int_equal(r->results[i].seq, i + 1);
}

static void all_is_there_after_a_new_start(void **state)
{
    struct journal_rig *r = *state;
    uint64_t epoch = r->journal->epoch, start = r->now;
    struct result first, again;
    struct query *q;

    if (r->factory->reopen == NULL)
        skip();
    first = rig_keep(r, rig_with_cid(rig_message("tea", r->ann, "good morning"), "c"));
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, first.id, "good evening"));
    rig_keep(r, rig_react("tea", r->eve, first.id, "x", true));
    rig_keep(r, rig_react("tea", r->bob, first.id, "x", true));
    r->now = start + 1000;
    rig_keep(r, rig_reply(rig_message("tea", r->bob, "bye"), 1));
    journal_rig_reopen(r);

    assert_int_equal(r->journal->epoch, epoch);
    r->now = start;
    again = rig_repeat(r, rig_with_cid(rig_message("tea", r->ann, "good morning"), "c"));
    expect_first(&again, &first);
    again = rig_keep(r, rig_message("tea", r->ann, "x"));
    assert_int_equal(again.seq, 6);
    assert_int_equal(again.ts, start + 1000);
    assert_int_equal(again.id.room, first.id.room);
    assert_int_not_equal(rig_keep(r, rig_message("milk", r->ann, "x")).id.room, first.id.room);
    q = rig_page(r, "tea", PAGE_LAST, 0, 10);
    assert_int_equal(q->item_count, 3);
    assert_string_equal(rig_tell(q->items[0]), "1 good evening [edited] {x: eve bob}");
    assert_int_equal(q->items[0]->ts, start);
    assert_string_equal(rig_tell(q->items[1]), "5 bye");
    assert_int_equal(q->items[1]->reply_to, 1);
    query_free(q);
    q = rig_search(r, "tea", "evening", 10);
    assert_int_equal(q->item_count, 1);
    query_free(q);
    rig_repeat(r, rig_react("tea", r->eve, first.id, "x", true));
    rig_refuse(r, rig_about(EVENT_EDIT, "tea", r->bob, first.id, "y"), ERR_FORBIDDEN);
    rig_keep(r, rig_about(EVENT_DELETE, "tea", r->ann_in_capitals, first.id, ""));
}

void contract_expect_items(const struct query *q, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < q->item_count && i < count; i++)
        assert_string_equal(rig_tell(q->items[i]), texts[i]);
    assert_int_equal(q->item_count, count);
}

int journal_contract_run(const struct journal_factory *factory)
{
    const struct CMUnitTest writes[] = {
        contract_test(a_rooms_events_are_numbered_from_one_without_a_hole),
        contract_test(the_event_itself_comes_back_and_is_let_go_at_the_end),
        contract_test(an_id_names_the_log_the_room_and_the_place),
        contract_test(ts_is_the_clocks_and_never_decreases),
        contract_test(a_cid_is_stored_once_for_each_user_and_room),
        contract_test(a_user_and_a_cid_do_not_run_into_each_other),
        contract_test(many_cids_are_all_remembered),
        contract_test(edits_deletes_and_reacts_have_cids_too),
        contract_test(what_was_refused_may_be_tried_again_under_its_cid),
        contract_test(repeats_are_known_before_the_first_has_come_back),
        contract_test(only_the_author_edits_and_deletes),
        contract_test(what_is_deleted_stays_so),
        contract_test(only_messages_of_this_room_can_be_meant),
        contract_test(a_reaction_that_changes_nothing_is_a_repeat),
        contract_test(a_message_has_at_most_fifty_emoji),
        contract_test(a_message_has_so_many_reactions_at_most),
        contract_test(a_reply_is_to_a_message_that_is_there),
        contract_test(all_of_it_holds_in_one_batch),
        contract_test(many_threads_make_one_order),
        contract_test(stop_stores_and_answers_all_that_waits),
        contract_test(all_is_there_after_a_new_start),
    };

    the_factory = factory;
    return cmocka_run_group_tests_name("journal: append", writes, NULL, NULL) +
           contract_run_reads() + contract_run_search();
}
