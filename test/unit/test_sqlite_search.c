#include "support/cm.h"
#include "support/journal_rig.h"
#include "support/sqlite_file.h"
#include "journal/sqlite_append.h"
#include "journal/sqlite_read.h"
#include "journal/sqlite_search.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_expression_is_made_of_words_alone),
        cmocka_unit_test(words_of_every_script_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
