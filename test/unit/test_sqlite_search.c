#include "support/cm.h"
#include "support/journal_rig.h"
#include "support/sqlite_file.h"
#include "journal/sqlite_append.h"
#include "journal/sqlite_index.h"
#include "journal/sqlite_read.h"
#include "journal/sqlite_retention.h"
#include "journal/sqlite_schema.h"
#include "journal/sqlite_search.h"
#include "journal/sqlite_tokenizer.h"

#include "base/mem.h"

#include <string.h>

static void an_expression_is_made_of_words_alone(void **state)
{
    static const struct {
        const char *text, *expression; /* NULL: nothing to look for */
    } cases[] = {
        {"tea", "body : (\"tea\"* )"},
        {"  Black tea ", "body : (\"Black\"* \"tea\"* )"},
        {"x\" OR body:y*", "body : (\"x\"* \"OR\"* \"body\"* \"y\"* )"},
        {"na\xc3\xafve-ly", "body : (\"na\xc3\xafve\"* \"ly\"* )"},
        {"", NULL},
        {"\"\"(*) - :", NULL},
    };
    const int64_t rooms[] = {1, 20};
    char *expression;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        expression = search_expression(cases[i].text, NULL, 0);
        if (cases[i].expression == NULL)
            assert_null(expression);
        else
            assert_string_equal(expression, cases[i].expression);
        mem_free(expression);
    }
    expression = search_expression("tea", rooms, 2);
    assert_string_equal(expression, "body : (\"tea\"* ) AND room : (\"r1\" OR \"r20\")");
    mem_free(expression);
}

/* How many messages a search in the room tea finds. */
static size_t find(struct store *s, const char *text)
{
    struct query *q = query_make(QUERY_SEARCH, (struct session_id){0, 0, 0}, "tea");
    size_t count;

    q->text = mem_strdup(text);
    q->limit = 10;
    assert_int_equal(read_query(s, q), SQLITE_OK);
    count = q->item_count;
    query_free(q);
    return count;
}

static const struct {
    const char *body, *found, *missed;
} texts[] = {
    {"Na\xc3\xafve caf\xc3\xa9", "naive CAFE", "aive"},
    /* "the weather is good today": "weather", "weather today" */
    {"\xe4\xbb\x8a\xe5\xa4\xa9\xe5\xa4\xa9\xe6\xb0\x94\xe5\xbe\x88\xe5\xa5\xbd",
     "\xe5\xa4\xa9\xe6\xb0\x94", "\xe6\xb0\x94\xe5\xa4\xa9"},
    /* "a cat is here" with a word of Latin letters; the second letter of it is none of its beginnings */
    {"\xe7\x8c\xab\xe3\x81\x8chubbub\xe3\x81\xab\xe3\x81\x84\xe3\x82\x8b",
     "\xe7\x8c\xab\xe3\x81\x8chub", "ubbub"},
    /* Thai: "good morning" without its beginning */
    {"\xe0\xb8\xa7\xe0\xb8\xa3\xe0\xb8\xa3\xe0\xb8\x93\xe0\xb8\x81", "\xe0\xb8\xa3\xe0\xb8\x93",
     "\xe0\xb8\x93\xe0\xb8\xa3"},
    /* Russian, Greek, Arabic and Korean have blanks: where a word begins */
    {"\xd0\xa7\xd0\xb0\xd0\xb9 \xd0\xb3\xd0\xbe\xd1\x82\xd0\xbe\xd0\xb2",
     "\xd1\x87\xd0\xb0\xd0\xb9 \xd0\xb3\xd0\xbe", "\xd0\xbe\xd1\x82\xd0\xbe\xd0\xb2"},
    {"\xec\xb0\xa8\xea\xb0\x80 \xec\x9e\x88\xec\x96\xb4", "\xec\xb0\xa8", "\xea\xb0\x80"},
};

static void words_of_every_script_are_found(void **state)
{
    char path[SQLITE_FILE_PATH];
    struct username *ann = rig_user("ann");
    struct appender a = {.store = NULL};

    (void)state;
    sqlite_file_choose(path);
    a.store = store_open(path, STORE_SERVE, false);
    assert_int_equal(append_begin(&a), SQLITE_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct event *e = rig_message("tea", ann, texts[i].body);

        assert_int_equal(append_event(&a, e), SQLITE_OK);
        event_unref(&e);
    }
    assert_int_equal(append_commit(&a), SQLITE_OK);
    assert_int_equal(append_index(&a), SQLITE_OK);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (find(a.store, texts[i].found) != 1)
            fail_msg("a search for <%s> did not find <%s>", texts[i].found, texts[i].body);
        if (find(a.store, texts[i].missed) != 0)
            fail_msg("a search for <%s> found <%s>", texts[i].missed, texts[i].body);
    }
    sqlite_file_check_words(path);
    append_end(&a);
    store_close(a.store);
    sqlite_file_remove(path);
    username_unref(&ann);
}

/* ---- the index is behind ---- */

struct log {
    char path[SQLITE_FILE_PATH];
    struct appender appender;
    struct username *ann;
};

static int setup(void **state)
{
    struct log *l = mem_alloc(sizeof *l);

    sqlite_file_choose(l->path);
    l->ann = rig_user("ann");
    *state = l;
    return 0;
}

static void open_log(struct log *l)
{
    l->appender.store = store_open(l->path, STORE_SERVE, false);
    assert_non_null(l->appender.store);
}

static int teardown(void **state)
{
    struct log *l = *state;

    append_end(&l->appender);
    store_close(l->appender.store);
    sqlite_file_remove(l->path);
    username_unref(&l->ann);
    mem_free(l);
    return 0;
}

static struct message_id keep(struct log *l, struct event *e)
{
    struct message_id id;

    assert_int_equal(append_begin(&l->appender), SQLITE_OK);
    assert_int_equal(append_event(&l->appender, e), SQLITE_OK);
    assert_int_equal(append_commit(&l->appender), SQLITE_OK);
    id = e->id;
    event_unref(&e);
    return id;
}

static struct message_id say(struct log *l, const char *body)
{
    return keep(l, rig_message("tea", l->ann, body));
}

static int64_t debt_of(struct log *l)
{
    int64_t debt;

    assert_int_equal(index_debt(l->appender.store, &debt), SQLITE_OK);
    sqlite_file_check_words(l->path); /* which has to hold whatever the debt is */
    return debt;
}

static void catch_up(struct log *l)
{
    assert_int_equal(append_index(&l->appender), SQLITE_OK);
    assert_int_equal(debt_of(l), 0);
}

static void words_are_indexed_many_together(void **state)
{
    struct log *l = *state;

    open_log(l);
    say(l, "one");
    assert_int_equal(debt_of(l), 1);
    assert_int_equal(find(l->appender.store, "one"), 0);
    for (int i = 0; i < 510; i++)
        say(l, "another");
    assert_int_equal(debt_of(l), 511);
    assert_false(append_index_is_due(&l->appender));
    say(l, "last");
    assert_true(append_index_is_due(&l->appender));
    catch_up(l);
    assert_false(append_index_is_due(&l->appender));
    assert_int_equal(find(l->appender.store, "one"), 1);
    assert_int_equal(find(l->appender.store, "last"), 1);
}

static void what_is_behind_is_found_by_the_next_start(void **state)
{
    struct log *l = *state;

    open_log(l);
    say(l, "one");
    append_end(&l->appender);
    store_close(l->appender.store);
    open_log(l);
    assert_int_equal(debt_of(l), 1);
    say(l, "two");
    catch_up(l);
    assert_int_equal(find(l->appender.store, "one"), 1);
    assert_int_equal(find(l->appender.store, "two"), 1);
}

static void changes_before_and_after_indexing_count_once(void **state)
{
    struct log *l = *state;
    struct message_id edited, deleted;

    open_log(l);
    for (int round = 0; round < 2; round++) {
        edited = say(l, "early bird");
        deleted = say(l, "lost");
        if (round == 1)
            catch_up(l);
        keep(l, rig_about(EVENT_EDIT, "tea", l->ann, edited, "late bird"));
        keep(l, rig_about(EVENT_DELETE, "tea", l->ann, deleted, ""));
        assert_int_not_equal(debt_of(l), 0);
        catch_up(l);
        assert_int_equal(find(l->appender.store, "early"), 0);
        assert_int_equal(find(l->appender.store, "lost"), 0);
        assert_int_equal(find(l->appender.store, "late"), (size_t)round + 1);
    }
}

/* Or who follows the log by the number would miss what comes. */
static void a_number_is_not_given_again(void **state)
{
    struct log *l = *state;
    struct retention r = {.max_age_ms = 1};
    bool is_done = false;

    open_log(l);
    say(l, "one");
    catch_up(l);
    say(l, "two");
    assert_int_equal(retention_step(&r, l->appender.store, 1000000, 100, &is_done), SQLITE_OK);
    assert_int_equal(sqlite_file_number(l->path, "SELECT count(*) FROM events"), 0);
    assert_int_equal(debt_of(l), 0);
    say(l, "three");
    assert_int_equal(sqlite_file_number(l->path, "SELECT n FROM events"), 3);
    assert_int_equal(debt_of(l), 1);
    catch_up(l);
    assert_int_equal(find(l->appender.store, "three"), 1);
}

/* Messages are stored though their words cannot be. */
static void a_damaged_index_does_not_stop_the_messages(void **state)
{
    struct log *l = *state;

    open_log(l);
    say(l, "one");
    catch_up(l);
    sqlite_file_run(l->path, "UPDATE words_data SET block = x'ff' WHERE id = 10");
    for (int i = 0; i < 300; i++)
        say(l, "another");
    assert_int_equal(sqlite_file_number(l->path, "SELECT count(*) FROM events"), 301);
    assert_int_not_equal(append_index(&l->appender), SQLITE_OK);
}

static void a_file_of_the_first_version_is_searched_on(void **state)
{
    struct log *l = *state;
    const struct schema first = {schema_current.steps, 1};
    sqlite3 *db;

    sqlite_file_run(l->path, "PRAGMA journal_mode = WAL");
    assert_int_equal(sqlite3_open(l->path, &db), SQLITE_OK);
    assert_int_equal(tokenizer_register(db), SQLITE_OK);
    assert_int_equal(schema_migrate(db, &first, 0), SQLITE_OK);
    sqlite3_close(db);
    sqlite_file_run(l->path,
                    "INSERT INTO rooms(id, name, seq, ts, oldest) VALUES(1, 'tea', 1, 5, 1);"
                    "INSERT INTO users(id, name, key) VALUES(1, 'ann', 'ann');"
                    "INSERT INTO events(room, seq, type, ts, user, body, flag)"
                    " VALUES(1, 1, 0, 5, 1, 'of old', 0);"
                    "INSERT INTO words(rowid, body, room) VALUES(1, 'of old', 'r1')");
    open_log(l);
    assert_int_equal(debt_of(l), 0);
    assert_int_equal(find(l->appender.store, "old"), 1);
    say(l, "old and new");
    catch_up(l);
    assert_int_equal(find(l->appender.store, "old"), 2);
}

int main(void)
{
#define log_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_expression_is_made_of_words_alone),
        cmocka_unit_test(words_of_every_script_are_found),
        log_test(words_are_indexed_many_together),
        log_test(what_is_behind_is_found_by_the_next_start),
        log_test(changes_before_and_after_indexing_count_once),
        log_test(a_number_is_not_given_again),
        log_test(a_damaged_index_does_not_stop_the_messages),
        log_test(a_file_of_the_first_version_is_searched_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
