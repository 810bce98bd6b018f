/* How long a question may take, and wait, by a clock that a test sets. */
#include "support/cm.h"
#include "support/journal_rig.h"
#include "support/sqlite_file.h"
#include "base/clock.h"
#include "base/mem.h"
#include "journal/sqlite.h"
#include "journal/sqlite_read.h"

#include <poll.h>
#include <stdatomic.h>

enum { MESSAGES = 5, STEPS_MAX = 10000 };

static char path[SQLITE_FILE_PATH];

uint64_t __real_clock_mono_ms(void);
uint64_t __wrap_clock_mono_ms(void);

/* By how much the clock is fast, and by how much more at each look. */
static _Atomic uint64_t ahead_ms, step_ms;

uint64_t __wrap_clock_mono_ms(void)
{
    return __real_clock_mono_ms() + atomic_fetch_add(&ahead_ms, atomic_load(&step_ms));
}

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
    for (int i = 0; i < 10; i++)
        rig_keep(&rig, rig_message("tea", rig.ann, "green tea"));
    query_free(rig_search(&rig, "tea", "tea", 10)); /* the words are in the index now */
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    ahead_ms = step_ms = 0;
    journal_rig_close(*state);
    return 0;
}

static struct query *question(enum query_kind kind)
{
    struct query *q = query_make(kind, (struct session_id){0, 0, 1}, "tea");

    q->text = mem_strdup("tea");
    q->limit = 10;
    return q;
}

static void ask(struct journal_rig *r, struct query *q)
{
    r->journal->ops->ask(r->journal, q);
}

/* Until so many questions are answered from first on; the first of them. */
static struct query **await_answers(struct journal_rig *r, size_t first, size_t count)
{
    bool is_there = false;

    for (int tries = 0; tries < 2000 && !is_there; tries++) {
        pthread_mutex_lock(&r->lock);
        is_there = r->answer_count >= first + count;
        pthread_mutex_unlock(&r->lock);
        if (!is_there)
            poll(NULL, 0, 10);
    }
    assert_true(is_there);
    return &r->answers[first];
}

static void a_search_ends_when_its_time_is_over_and_the_next_one_begins(void **state)
{
    struct journal_rig *r = *state;
    size_t first = r->answer_count;
    struct query *q;

    step_ms = 3000;
    ask(r, question(QUERY_SEARCH));
    assert_int_equal(await_answers(r, first, 1)[0]->outcome, ERR_FULL);
    step_ms = 0;
    q = rig_search(r, "tea", "tea", 10);
    assert_int_equal(q->item_count, 10);
    query_free(q);
}

static void a_page_is_given_whatever_it_takes(void **state)
{
    struct journal_rig *r = *state;
    struct query *q;

    step_ms = 3000;
    q = rig_page(r, "tea", PAGE_LAST, 0, 10);
    assert_int_equal(q->item_count, 10);
    query_free(q);
}

static void a_search_gets_less_time_while_others_wait(void **state)
{
    struct journal_rig *r = *state;
    size_t first = r->answer_count;
    struct query **answers;

    pthread_mutex_lock(&r->lock); /* the first answer does not get through */
    for (int i = 0; i < 3; i++)
        ask(r, question(QUERY_SEARCH));
    step_ms = 300;
    pthread_mutex_unlock(&r->lock);
    answers = await_answers(r, first, 3);
    assert_int_equal(answers[1]->outcome, ERR_FULL);
    assert_int_equal(answers[2]->outcome, OK);
    assert_int_equal(answers[2]->item_count, 10);
}

/* It is one look-up, and somebody waits for it to come into a room. */
static void a_head_goes_before_all_that_wait(void **state)
{
    struct journal_rig *r = *state;
    size_t first = r->answer_count;
    struct query **answers;

    pthread_mutex_lock(&r->lock); /* the first answer does not get through */
    for (int i = 0; i < 3; i++)
        ask(r, question(i == 1 ? QUERY_EVENTS : QUERY_PAGE));
    ask(r, question(QUERY_HEAD));
    pthread_mutex_unlock(&r->lock);
    answers = await_answers(r, first, 4);
    assert_true(answers[0]->kind == QUERY_HEAD || answers[1]->kind == QUERY_HEAD);
    assert_int_equal(answers[0]->head.seq, answers[3]->head.seq);
}

static void a_search_that_has_waited_for_long_is_not_begun(void **state)
{
    struct journal_rig *r = *state;
    size_t first = r->answer_count;

    pthread_mutex_lock(&r->lock);
    for (int i = 0; i < 2; i++)
        ask(r, question(QUERY_SEARCH));
    ahead_ms += 6000;
    pthread_mutex_unlock(&r->lock);
    assert_int_equal(await_answers(r, first, 2)[1]->outcome, ERR_FULL);
}

static void what_nobody_waits_for_is_not_looked_for(void **state)
{
    static const enum query_kind kinds[] = {QUERY_SEARCH, QUERY_PAGE, QUERY_EVENTS};
    struct journal_rig *r = *state;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t first = r->answer_count;
        struct query *q = question(kinds[i]);

        q->is_dropped = true;
        ask(r, q);
        await_answers(r, first, 1);
        assert_int_not_equal(q->outcome, OK);
        assert_int_equal(q->item_count, 0);
    }
}

static int break_off(void *arg)
{
    (void)arg;
    return 1;
}

/* Of a message's reactions as well, which are another statement. */
static void it_says_that_it_was_broken_off_wherever_that_was(void **state)
{
    static const enum query_kind kinds[] = {QUERY_SEARCH, QUERY_PAGE, QUERY_EVENTS};
    struct journal_rig *rig = *state;

    for (int i = 0; i < MESSAGES; i++) {
        struct result made = rig_keep(rig, rig_message("tea", rig->ann, "black tea"));

        rig_keep(rig, rig_react("tea", rig->bob, made.id, "+", true));
    }
    query_free(rig_search(rig, "tea", "tea", MESSAGES)); /* the words are in the index now */
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
#define patience_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        patience_test(a_search_ends_when_its_time_is_over_and_the_next_one_begins),
        patience_test(a_page_is_given_whatever_it_takes),
        patience_test(a_search_gets_less_time_while_others_wait),
        patience_test(a_head_goes_before_all_that_wait),
        patience_test(a_search_that_has_waited_for_long_is_not_begun),
        patience_test(what_nobody_waits_for_is_not_looked_for),
        patience_test(it_says_that_it_was_broken_off_wherever_that_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
