#include "support/cm.h"
#include "support/journal_rig.h"
#include "support/sqlite_file.h"
#include "journal/sqlite_append.h"
#include "journal/sqlite_read.h"
#include "journal/sqlite_retention.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* The writer's parts without its thread, so that each step is the test's. */
struct log {
    char path[SQLITE_FILE_PATH];
    struct store *store;
    struct appender appender;
    struct username *ann, *bob;
    uint64_t now;
    bool is_indexed; /* each event at once; else many together, or none */
};

static int setup(void **state)
{
    struct log *l = mem_alloc(sizeof *l);

    sqlite_file_choose(l->path);
    l->store = store_open(l->path, STORE_SERVE, false);
    assert_non_null(l->store);
    l->appender.store = l->store;
    l->ann = rig_user("ann");
    l->bob = rig_user("bob");
    l->now = 1000000;
    *state = l;
    return 0;
}

static int setup_indexed(void **state)
{
    setup(state);
    ((struct log *)*state)->is_indexed = true;
    return 0;
}

static int teardown(void **state)
{
    struct log *l = *state;

    append_end(&l->appender);
    store_close(l->store);
    sqlite_file_remove(l->path);
    username_unref(&l->ann);
    username_unref(&l->bob);
    mem_free(l);
    return 0;
}

/* Stores it and gives it back. */
static struct event *keep(struct log *l, struct event *e)
{
    e->ts = l->now;
    assert_int_equal(append_begin(&l->appender), SQLITE_OK);
    assert_int_equal(append_event(&l->appender, e), SQLITE_OK);
    assert_int_equal(append_commit(&l->appender), SQLITE_OK);
    assert_int_equal(e->outcome, OK);
    if (l->is_indexed)
        assert_int_equal(append_index(&l->appender), SQLITE_OK);
    return e;
}

static struct message_id say(struct log *l, const char *room, const char *body)
{
    struct event *e = keep(l, rig_message(room, l->ann, body));
    struct message_id id = e->id;

    event_unref(&e);
    return id;
}

static void change(struct log *l, struct event *e)
{
    keep(l, e);
    event_unref(&e);
}

static struct query *ask(struct log *l, enum query_kind kind, const char *room)
{
    struct query *q = query_make(kind, (struct session_id){0, 0, 0}, room);

    q->limit = 1000;
    q->text = mem_strdup("word");
    if (kind == QUERY_SEARCH)
        assert_int_equal(append_index(&l->appender), SQLITE_OK);
    assert_int_equal(read_query(l->store, q), SQLITE_OK);
    assert_int_equal(q->outcome, OK);
    return q;
}

/* The room has these events, from oldest on, and remembers its newest. */
static void expect_rest(struct log *l, const char *room, uint64_t oldest, uint64_t seq)
{
    struct query *q = ask(l, QUERY_EVENTS, room);

    assert_int_equal(q->head.oldest, oldest);
    assert_int_equal(q->head.seq, seq);
    assert_int_equal(q->item_count, seq + 1 - oldest);
    for (size_t i = 0; i < q->item_count; i++)
        assert_int_equal(q->items[i]->seq, oldest + i);
    query_free(q);
    sqlite_file_check_words(l->path);
}

/* Walks over all rooms; returns how many steps it took. */
static int walk(struct log *l, uint64_t max_age_ms, uint64_t max_events, unsigned step)
{
    struct retention r = {.max_age_ms = max_age_ms, .max_events = max_events};
    bool is_done = false;
    int steps = 0;

    for (; !is_done; steps++)
        assert_int_equal(retention_step(&r, l->store, l->now, step, &is_done), SQLITE_OK);
    return steps;
}

/* What somebody missed has begun to go: the rest would be no proof of anything. */
static void what_is_left_is_not_read_for_who_wants_all(void **state)
{
    struct log *l = *state;
    const uint64_t sinces[] = {14, 15};

    for (int i = 0; i < 20; i++)
        say(l, "tea", "a word");
    walk(l, 0, 5, 1000);
    for (size_t i = 0; i < 2; i++) {
        struct query *q = query_make(QUERY_EVENTS, (struct session_id){0, 0, 0}, "tea");

        q->seq = sinces[i];
        q->limit = 1000;
        q->wants_all = true;
        assert_int_equal(read_query(l->store, q), SQLITE_OK);
        assert_int_equal(q->more, i == 0);
        assert_int_equal(q->item_count, i == 0 ? 0 : 5);
        query_free(q);
    }
}

static void a_room_keeps_its_newest_events(void **state)
{
    struct log *l = *state;

    for (int i = 0; i < 20; i++)
        say(l, "tea", "a word");
    for (int i = 0; i < 5; i++)
        say(l, "milk", "a word");
    walk(l, 0, 5, 1000);
    expect_rest(l, "tea", 16, 20);
    expect_rest(l, "milk", 1, 5);
    say(l, "tea", "a word");
    expect_rest(l, "tea", 16, 21);
    walk(l, 0, 5, 1000);
    expect_rest(l, "tea", 17, 21);
}

static void what_is_too_old_goes(void **state)
{
    struct log *l = *state;

    for (int i = 0; i < 20; i++) {
        say(l, "tea", "a word");
        l->now += 1000;
    }
    say(l, "milk", "a word");
    walk(l, 5500, 0, 1000); /* younger are those of 1, 2, 3, 4 and 5 s ago */
    expect_rest(l, "tea", 16, 20);
    expect_rest(l, "milk", 1, 1);
    l->now += 5501;
    walk(l, 5500, 0, 1000);
    expect_rest(l, "tea", 21, 20);
    expect_rest(l, "milk", 2, 1);
    /* an empty room goes on where it was */
    assert_int_equal(say(l, "tea", "a word").seq, 21);
    expect_rest(l, "tea", 21, 21);
}

static void it_goes_a_few_at_a_time(void **state)
{
    struct log *l = *state;
    struct retention r = {.max_events = 5};
    bool is_done = false;

    for (int i = 0; i < 50; i++)
        say(l, "tea", "a word");
    assert_int_equal(retention_step(&r, l->store, l->now, 10, &is_done), SQLITE_OK);
    assert_false(is_done);
    expect_rest(l, "tea", 11, 50);
    assert_int_equal(retention_step(&r, l->store, l->now, 10, &is_done), SQLITE_OK);
    expect_rest(l, "tea", 21, 50);
    assert_true(walk(l, 0, 5, 10) >= 3);
    expect_rest(l, "tea", 46, 50);
}

static void many_rooms_are_walked_over(void **state)
{
    struct log *l = *state;
    char room[16];

    for (int i = 0; i < 300; i++) {
        snprintf(room, sizeof room, "room%d", i);
        say(l, room, "a word");
        say(l, room, "a word");
    }
    walk(l, 0, 1, 7);
    assert_int_equal(sqlite_file_number(l->path, "SELECT count(*) FROM events"), 300);
    assert_int_equal(sqlite_file_number(l->path, "SELECT count(*) FROM rooms WHERE oldest = 2"),
                     300);
}

static void nothing_of_a_message_stays(void **state)
{
    struct log *l = *state;
    struct event *first = keep(l, rig_with_cid(rig_message("tea", l->ann, "a word"), "c")), *again;
    struct message_id deleted = say(l, "tea", "another word");
    struct query *q;

    change(l, rig_react("tea", l->bob, first->id, "x", true));
    change(l, rig_about(EVENT_DELETE, "tea", l->ann, deleted, ""));
    change(l, rig_about(EVENT_EDIT, "tea", l->ann, first->id, "a better word"));
    for (int i = 0; i < 4; i++)
        say(l, "tea", "something else");
    walk(l, 0, 4, 1000);
    expect_rest(l, "tea", 6, 9);
    q = ask(l, QUERY_SEARCH, "tea");
    assert_int_equal(q->item_count, 0);
    query_free(q);
    assert_int_equal(sqlite_file_number(l->path, "SELECT count(*) FROM reactions"), 0);
    /* its cid is forgotten with it, and it cannot be meant any more */
    again = rig_with_cid(rig_message("tea", l->ann, "a word"), "c");
    keep(l, again);
    assert_false(again->is_repeat);
    assert_int_equal(again->seq, 10);
    event_unref(&again);
    again = rig_about(EVENT_EDIT, "tea", l->ann, first->id, "y");
    assert_int_equal(append_begin(&l->appender), SQLITE_OK);
    assert_int_equal(append_event(&l->appender, again), SQLITE_OK);
    assert_int_equal(append_commit(&l->appender), SQLITE_OK);
    assert_int_equal(again->outcome, ERR_NOT_FOUND);
    event_unref(&again);
    event_unref(&first);
}

/* What was erased is erased in the file too, once the log of changes has gone back into it. */
static void a_deleted_text_is_nowhere_in_the_file(void **state)
{
    struct log *l = *state;
    struct message_id id = say(l, "tea", "my Passwort is hunter2, and it stays between us");
    static char bytes[1 << 20];
    size_t count;
    FILE *file;

    change(l, rig_about(EVENT_EDIT, "tea", l->ann, id, "my Passwort is hunter3"));
    change(l, rig_about(EVENT_DELETE, "tea", l->ann, id, ""));
    sqlite_file_run(l->path, "PRAGMA wal_checkpoint(TRUNCATE)");
    file = fopen(l->path, "rb");
    count = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_int_in_range(count, 4096, sizeof bytes - 1);
    assert_null(memmem(bytes, count, "Passwort", 8));
    assert_null(memmem(bytes, count, "between us", 10));
    assert_non_null(memmem(bytes, count, "tea", 3));
}

int main(void)
{
#define log_test(name)                                                                             \
    cmocka_unit_test_setup_teardown(name, setup, teardown),                                        \
        cmocka_unit_test_setup_teardown(name, setup_indexed, teardown)
    const struct CMUnitTest tests[] = {
        log_test(a_room_keeps_its_newest_events),
        log_test(what_is_left_is_not_read_for_who_wants_all),
        log_test(what_is_too_old_goes),
        log_test(it_goes_a_few_at_a_time),
        log_test(many_rooms_are_walked_over),
        log_test(nothing_of_a_message_stays),
        log_test(a_deleted_text_is_nowhere_in_the_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
