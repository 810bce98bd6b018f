#include "support/cm.h"
#include "support/sqlite_file.h"
#include "base/mem.h"
#include "core/name.h"
#include "journal/sqlite_append.h"
#include "journal/sqlite_walk.h"

#include <stdio.h>
#include <string.h>

static char path[SQLITE_FILE_PATH];

static int setup(void **state)
{
    (void)state;
    sqlite_file_choose(path);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    sqlite_file_remove(path);
    return 0;
}

/* So many messages of ann's in the room, each with a body of so many bytes. */
static void fill(const char *room, int count, size_t size)
{
    struct store *s = store_open(path, STORE_WRITE, false);
    struct appender a = {.store = s};
    struct username *ann = NULL;
    char *body = mem_alloc(size + 1);
    const char *reason;

    assert_non_null(s);
    assert_int_equal(username_make("ann", 3, &ann, &reason), OK);
    memset(body, 'x', size);
    assert_int_equal(append_begin(&a), SQLITE_OK);
    for (int i = 0; i < count; i++) {
        struct event *e = event_with_body(EVENT_MESSAGE, ann, body, size);

        e->room_key = room;
        e->ts = 1000;
        assert_int_equal(append_event(&a, e), SQLITE_OK);
        event_unref(&e);
    }
    assert_int_equal(append_commit(&a), SQLITE_OK);
    append_end(&a);
    store_close(s);
    username_unref(&ann);
    mem_free(body);
}

struct visits {
    int count, limit;
    uint64_t last;
};

static bool count_visit(void *arg, const struct event *e, const char *room)
{
    struct visits *v = arg;

    (void)room;
    assert_true(e->seq > v->last);
    v->last = e->seq;
    return ++v->count != v->limit;
}

/* Nobody can cut the write-ahead log back as long as somebody reads an older state of the file. */
static bool checkpoint(void *arg, const struct event *e, const char *room)
{
    if (((struct visits *)arg)->count % 100 == 0) {
        sqlite_file_run(path, "UPDATE meta SET value = 0 WHERE name = 'is_clean'");
        assert_int_equal(sqlite_file_number(path, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
    }
    return count_visit(arg, e, room);
}

static void nothing_is_held_while_it_tells(void **state)
{
    struct walk w = {.until = INT64_MAX};
    struct visits v = {.limit = -1};
    struct store *s;

    (void)state;
    fill("tea", 1200, 10);
    s = store_open(path, STORE_READ, false);
    assert_int_equal(walk_on(&w, s, checkpoint, &v), SQLITE_OK);
    assert_int_equal(v.count, 1200);
    store_close(s);
}

static void it_goes_on_where_the_visitor_had_enough(void **state)
{
    struct walk w = {.until = INT64_MAX};
    struct visits v = {.limit = 700};
    struct store *s;

    (void)state;
    fill("tea", 1200, 10);
    s = store_open(path, STORE_READ, false);
    assert_int_equal(walk_on(&w, s, count_visit, &v), SQLITE_OK);
    assert_int_equal(v.count, 700);
    assert_int_equal(walk_on(&w, s, count_visit, &v), SQLITE_OK);
    assert_int_equal(v.count, 1200);
    fill("tea", 3, 10);
    assert_int_equal(walk_on(&w, s, count_visit, &v), SQLITE_OK);
    assert_int_equal(v.count, 1203);
    store_close(s);
}

static void long_messages_are_all_told(void **state)
{
    struct walk w = {.until = INT64_MAX};
    struct visits v = {.limit = -1};
    struct store *s;

    (void)state;
    fill("tea", 20, 1 << 20); /* five times what one look takes into memory */
    s = store_open(path, STORE_READ, false);
    assert_int_equal(walk_on(&w, s, count_visit, &v), SQLITE_OK);
    assert_int_equal(v.count, 20);
    store_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_held_while_it_tells, setup, teardown),
        cmocka_unit_test_setup_teardown(it_goes_on_where_the_visitor_had_enough, setup, teardown),
        cmocka_unit_test_setup_teardown(long_messages_are_all_told, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
