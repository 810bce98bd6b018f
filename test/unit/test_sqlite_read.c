/* What is broken off in the middle of a question. */
#include "support/cm.h"
#include "support/journal_rig.h"
#include "support/sqlite_file.h"
#include "base/mem.h"
#include "journal/sqlite.h"
#include "journal/sqlite_read.h"

enum { MESSAGES = 5, STEPS_MAX = 10000 };

static char path[SQLITE_FILE_PATH];

static struct journal *create(void *arg, const struct journal_listener *listener)
{
    const struct sqlite_config config = {.path = path};

    (void)arg;
    sqlite_file_choose(path);
    return sqlite_journal_open(&config, listener);
}

static void destroy(void *arg, struct journal *j)
{
    (void)arg;
    j->ops->destroy(j);
    sqlite_file_remove(path);
}

static const struct journal_factory factory = {create, NULL, destroy, NULL};

static int setup(void **state)
{
    static struct journal_rig rig;

    journal_rig_open(&rig, &factory);
    for (int i = 0; i < MESSAGES; i++) {
        struct result made = rig_keep(&rig, rig_message("tea", rig.ann, "green tea"));

        rig_keep(&rig, rig_react("tea", rig.bob, made.id, "+", true));
    }
    query_free(rig_search(&rig, "tea", "tea", MESSAGES)); /* the words are in the index now */
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    journal_rig_close(*state);
    return 0;
}

static int break_off(void *arg)
{
    (void)arg;
    return 1;
}

static struct query *question(enum query_kind kind)
{
    struct query *q = query_make(kind, (struct session_id){0, 0, 1}, "tea");

    q->text = mem_strdup("tea");
    q->limit = 2 * MESSAGES;
    return q;
}

/* Of a message's reactions as well, which are another statement. */
static void it_says_that_it_was_broken_off_wherever_that_was(void **state)
{
    static const enum query_kind kinds[] = {QUERY_SEARCH, QUERY_PAGE, QUERY_EVENTS};

    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int steps = 0, rc;

        do {
            struct store *s = store_open(path, STORE_READ, false); /* or it would count on */
            struct query *q = question(kinds[i]);

            assert_non_null(s);
            sqlite3_progress_handler(s->db, ++steps, break_off, NULL);
            rc = read_query(s, q);
            assert_true(rc == SQLITE_INTERRUPT || (rc == SQLITE_OK && q->item_count >= MESSAGES));
            query_free(q);
            store_close(s);
        } while (rc != SQLITE_OK && steps < STEPS_MAX);
        assert_int_equal(rc, SQLITE_OK);
        assert_true(steps > 10 * MESSAGES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_says_that_it_was_broken_off_wherever_that_was, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
