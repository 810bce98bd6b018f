#include "support/cm.h"
#include "support/sqlite_file.h"
#include "base/mem.h"
#include "core/name.h"
#include "journal/sqlite_append.h"
#include "journal/sqlite_walk.h"

#include <stdio.h>
#include <string.h>

enum { PAGE = 4096, EVENTS = 1200 };

static struct message_state *message_state_with(const char *emoji, const char *name)
{
    struct message_state *state = message_state_make();

    state->reactions = mem_alloc(sizeof *state->reactions);
    state->reactions[0] = (struct reaction){.emoji = mem_strdup(emoji),
                                            .usernames = mem_alloc(sizeof(char *)),
                                            .count = 1};
    state->reactions[0].usernames[0] = mem_strdup(name);
    state->reaction_count = 1;
    return state;
}

/* So many messages of ann's, each with a reaction and a body of so many bytes: "<1>xxx(1>". */
static void fill(int count, size_t size)
{
    struct store *s = store_open(journal_path, STORE_WRITE, false);
    struct appender a = {.store = s};
    struct username *ann = NULL;
    char *body = mem_alloc(size + 1);
    const char *reason;

    assert_non_null(s);
    assert_int_equal(username_make("ann", 3, &ann, &reason), OK);
    assert_int_equal(append_begin(&a), SQLITE_OK);
    for (int i = 0; i < count; i++) {
        char number[16];
        struct event *e;

        memset(body, 'x', size);
        snprintf(number, sizeof number, "<%d>", i + 1);
        memcpy(body, number, strlen(number));
        memcpy(body + size - strlen(number), number, strlen(number));
        body[size - strlen(number)] = '(';
        e = event_with_body(EVENT_MESSAGE, ann, body, size);
        e->room_key = "tea";
        e->ts = 1000;
        e->state = message_state_with(":)", "ann");
        assert_int_equal(append_event(&a, e), SQLITE_OK);
        event_unref(&e);
    }
    /* The words are not indexed, so no other page than that of the table has a body in it. */
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
        sqlite_file_run(journal_path, "UPDATE meta SET value = 0 WHERE name = 'is_clean'");
        assert_int_equal(sqlite_file_number(journal_path, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
    }
    return count_visit(arg, e, room);
}

static void nothing_is_held_while_it_tells(void **state)
{
    struct walk w = {.until = INT64_MAX};
    struct visits v = {.limit = -1};
    struct store *s;

    (void)state;
    fill(EVENTS, 100);
    s = store_open(journal_path, STORE_READ, false);
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
    fill(EVENTS, 100);
    s = store_open(journal_path, STORE_READ, false);
    assert_int_equal(walk_on(&w, s, count_visit, &v), SQLITE_OK);
    assert_int_equal(v.count, 700);
    assert_int_equal(walk_on(&w, s, count_visit, &v), SQLITE_OK);
    assert_int_equal(v.count, 1200);
    fill(3, 100);
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
    fill(20, 1 << 20); /* five times what one look takes into memory */
    s = store_open(journal_path, STORE_READ, false);
    assert_int_equal(walk_on(&w, s, count_visit, &v), SQLITE_OK);
    assert_int_equal(v.count, 20);
    store_close(s);
}

/* ---- damage ---- */

static void write_page(FILE *file, long number)
{
    const char zeros[PAGE] = "";

    assert_int_equal(fseek(file, (number - 1) * PAGE, SEEK_SET), 0);
    assert_int_equal(fwrite(zeros, PAGE, 1, file), 1);
}

static int count_heads(const char *page)
{
    int count = 0;

    for (int i = 0; i + 3 <= PAGE; i++)
        count += memcmp(page + i, ">xx", 3) == 0;
    return count;
}

/* Wipes the page that has the text; returns how many messages began in it. */
static int wipe(const char *text)
{
    FILE *file = fopen(journal_path, "r+");
    char page[PAGE];
    int wiped = 0, heads = 0;

    assert_non_null(file);
    for (long number = 1;
         fseek(file, (number - 1) * PAGE, SEEK_SET) == 0 && fread(page, PAGE, 1, file) == 1;
         number++)
        if (memmem(page, PAGE, text, strlen(text)) != NULL) {
            write_page(file, number);
            heads += count_heads(page);
            wiped++;
        }
    fclose(file);
    assert_int_equal(wiped, 1);
    return heads;
}

static void wipe_root(const char *name)
{
    FILE *file = fopen(journal_path, "r+");
    char sql[128];

    snprintf(sql, sizeof sql, "SELECT rootpage FROM sqlite_master WHERE name = '%s'", name);
    write_page(file, (long)sqlite_file_number(journal_path, sql));
    fclose(file);
}

/* What became of each event. */
struct fates {
    char fate[EVENTS + 1]; /* from 1: v visited, l lost */
    int stretches, bare;
    bool to_end;
    uint64_t reactions;
};

static bool note_visit(void *arg, const struct event *e, const char *room)
{
    struct fates *f = arg;
    char head[16];

    snprintf(head, sizeof head, "<%d>x", (int)e->seq);
    assert_string_equal(room, "tea");
    assert_memory_equal(e->body, head, strlen(head));
    assert_int_equal(f->fate[e->seq], 0);
    f->fate[e->seq] = 'v';
    f->reactions += e->state != NULL ? e->state->reaction_count : 0;
    return true;
}

static void note_lost(void *arg, int64_t first, int64_t last)
{
    struct fates *f = arg;

    f->stretches++;
    f->to_end = last == INT64_MAX;
    for (int64_t n = first; n <= (f->to_end ? EVENTS : last); n++) {
        assert_int_equal(f->fate[n], 0);
        f->fate[n] = 'l';
    }
}

/* Each event is visited or reported, and once. */
static int count_lost(struct fates *f, const char *person)
{
    struct walk w = {.until = INT64_MAX, .lost = note_lost, .person = person};
    struct store *s = store_open(journal_path, STORE_READ, false);
    int lost = 0;

    assert_non_null(s);
    *f = (struct fates){.stretches = 0};
    assert_int_equal(walk_on(&w, s, note_visit, f), SQLITE_OK);
    store_close(s);
    f->bare = (int)w.bare;
    for (int i = 1; i <= EVENTS; i++) {
        assert_true(f->fate[i] != 0 || person != NULL);
        lost += f->fate[i] == 'l';
    }
    return lost;
}

static void it_ends_at_damage_unless_that_is_to_be_passed(void **state)
{
    struct walk w = {.until = INT64_MAX};
    struct visits v = {.limit = -1};
    struct store *s;

    (void)state;
    fill(EVENTS, 100);
    wipe("<600>");
    s = store_open(journal_path, STORE_READ, false);
    assert_int_equal(walk_on(&w, s, count_visit, &v) & 0xff, SQLITE_CORRUPT);
    assert_int_in_range(v.count, 500, 599);
    store_close(s);
}

static void what_stands_beside_damaged_pages_is_read(void **state)
{
    struct fates f;
    int lost;

    (void)state;
    fill(EVENTS, 100);
    assert_int_equal(count_lost(&f, NULL), 0);
    lost = wipe("<1>x") + wipe("<500>") + wipe("<700>");
    assert_int_in_range(lost, 3, 120);
    assert_int_equal(count_lost(&f, NULL), lost);
    assert_int_equal(f.stretches, 3);
    assert_true(f.fate[1] == 'l' && f.fate[500] == 'l' && f.fate[700] == 'l');
    assert_int_equal(f.bare, 0);
    assert_int_equal(f.reactions, EVENTS - lost);
    assert_int_in_range(count_lost(&f, "nobody"), lost,
                        lost + f.stretches); /* not told, nor lost */
}

static void the_damaged_end_of_the_log_is_an_end(void **state)
{
    struct fates f;
    int lost;

    (void)state;
    fill(EVENTS, 100);
    lost = wipe("<1200>");
    assert_int_equal(count_lost(&f, NULL), lost);
    assert_true(f.to_end);
    wipe_root("events");
    assert_int_equal(count_lost(&f, NULL), EVENTS);
    assert_int_equal(f.stretches, 1);
    assert_true(f.to_end);
}

static void a_message_whose_rest_is_damaged_takes_no_other_with_it(void **state)
{
    struct fates f;

    (void)state;
    fill(EVENTS, 2 * PAGE); /* each has a page for what does not fit where the message is */
    wipe("(600>");
    assert_int_equal(count_lost(&f, NULL), 1);
    assert_int_equal(f.fate[600], 'l');
}

static void messages_are_read_without_reactions_that_cannot_be(void **state)
{
    struct fates f;

    (void)state;
    fill(EVENTS, 100);
    wipe_root("reactions_who");
    assert_int_equal(count_lost(&f, NULL), 0);
    assert_int_equal(f.bare, EVENTS);
    assert_int_equal(f.reactions, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOURNAL_PATH_TEST(nothing_is_held_while_it_tells),
        JOURNAL_PATH_TEST(it_goes_on_where_the_visitor_had_enough),
        JOURNAL_PATH_TEST(long_messages_are_all_told),
        JOURNAL_PATH_TEST(it_ends_at_damage_unless_that_is_to_be_passed),
        JOURNAL_PATH_TEST(what_stands_beside_damaged_pages_is_read),
        JOURNAL_PATH_TEST(the_damaged_end_of_the_log_is_an_end),
        JOURNAL_PATH_TEST(a_message_whose_rest_is_damaged_takes_no_other_with_it),
        JOURNAL_PATH_TEST(messages_are_read_without_reactions_that_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
