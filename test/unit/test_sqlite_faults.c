#include "unit/journal_contract_rig.h"
#include "support/sqlite_file.h"
#include "base/clock.h"
#include "base/mem.h"
#include "journal/sqlite.h"
#include "journal/sqlite_append.h"
#include "journal/sqlite_verify.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 60000,
    RETENTION_PATIENCE_MS =
        660000, /* it rests by what it took, which under valgrind is long: ten minutes at most */
    POLL_MS = 10,
};

static char path[SQLITE_FILE_PATH];
static struct sqlite_config config = {.path = path};

static struct journal *create(void *arg, const struct journal_listener *listener)
{
    (void)arg;
    sqlite_file_choose(path);
    return sqlite_journal_open(&config, listener);
}

static void (*while_closed)(void); /* called, if it is set, when nobody has the file open */

static struct journal *reopen(void *arg, struct journal *j, const struct journal_listener *listener)
{
    (void)arg;
    j->ops->destroy(j);
    if (while_closed != NULL)
        while_closed();
    return sqlite_journal_open(&config, listener);
}

static void destroy(void *arg, struct journal *j)
{
    (void)arg;
    j->ops->destroy(j);
    sqlite_file_remove(path);
}

static const struct journal_factory factory = {create, reopen, destroy, NULL};

static int setup(void **state)
{
    static struct journal_rig rig;

    journal_rig_open(&rig, &factory);
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    journal_rig_close(*state);
    config.max_events = 0;
    return 0;
}

/* No file may grow beyond its first bytes, as on a full disk; the kernel then says so to write(2). */
static void break_disk(void)
{
    const struct rlimit none = {1, RLIM_INFINITY};

    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
}

static void repair_disk(void)
{
    const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};

    assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
}

static void await_available(struct journal_rig *r)
{
    uint64_t deadline = clock_mono_ms() + PATIENCE_MS;

    while (!r->journal->ops->is_available(r->journal)) {
        assert_true(clock_mono_ms() < deadline);
        poll(NULL, 0, POLL_MS); /* under valgrind a loop keeps the writer from its work */
    }
}

static void what_cannot_be_stored_is_told_and_leaves_nothing(void **state)
{
    struct journal_rig *r = *state;
    struct result first = rig_keep(r, rig_with_cid(rig_message("tea", r->ann, "x"), "first"));
    size_t before;
    struct query *q;

    log_catch();
    break_disk();
    rig_refuse(r, rig_with_cid(rig_message("tea", r->ann, "y"), "second"), ERR_UNAVAILABLE);
    assert_false(r->journal->ops->is_available(r->journal));
    before = r->count;
    for (int i = 0; i < 200; i++) /* an edit that is fine is no better than the others */
        rig_post(r, i % 2 == 0 ? rig_message("tea", r->ann, "y")
                               : rig_about(EVENT_EDIT, "tea", r->ann, first.id, "z"));
    rig_await(r, before + 200);
    for (size_t i = before; i < r->count; i++) {
        assert_int_equal(r->results[i].outcome, ERR_UNAVAILABLE);
        assert_int_equal(r->results[i].seq, 0);
    }
    /* reading goes on */
    q = rig_page(r, "tea", PAGE_LAST, 0, 10);
    assert_int_equal(q->item_count, 1);
    assert_string_equal(rig_tell(q->items[0]), "1 x");
    query_free(q);

    LOG_EXPECT("error journal_unavailable path=\"", path, "hint=\"");

    log_catch();
    repair_disk();
    assert_int_equal(rig_keep(r, rig_with_cid(rig_message("tea", r->ann, "y"), "second")).seq, 2);
    await_available(r); /* without a sender, once it has been so for a while */
    log_await("info journal_available");
    rig_repeat(r, rig_with_cid(rig_message("tea", r->ann, "x"), "first"));
    journal_rig_reopen(r);
    assert_int_equal(rig_head(r, "tea").seq, 2);
    sqlite_file_check_words(path);
}

static void it_is_logged_once_and_not_for_each_batch(void **state)
{
    struct journal_rig *r = *state;
    const char *text, *at;

    log_catch();
    break_disk();
    for (int i = 0; i < 20; i++)
        rig_refuse(r, rig_message("tea", r->ann, "y"), ERR_UNAVAILABLE);
    repair_disk();
    rig_keep(r, rig_message("tea", r->ann, "y"));
    text = log_caught();
    at = strstr(text, "journal_unavailable");
    assert_non_null(at);
    assert_null(strstr(at + 1, "journal_unavailable"));
}

/* Stopping with a full disk is a stop too. */
static void a_stop_with_a_full_disk_is_a_stop(void **state)
{
    struct journal_rig *r = *state;

    rig_keep(r, rig_message("tea", r->ann, "x"));
    log_catch();
    break_disk();
    for (int i = 0; i < 100; i++)
        rig_post(r, rig_message("tea", r->ann, "y"));
    journal_rig_stop(r);
    assert_int_equal(r->count, 101);
    for (size_t i = 1; i < 101; i++)
        assert_int_equal(r->results[i].outcome, ERR_UNAVAILABLE);
    r->journal->ops->destroy(r->journal);
    repair_disk();
    log_caught();
    r->journal =
        sqlite_journal_open(&config, &(struct journal_listener){.committed = NULL, .arg = r});
    assert_non_null(r->journal);
}

/* A tool that stores beside the daemon: both go on from where the other was. */
static void another_process_may_store_too(void **state)
{
    struct journal_rig *r = *state;
    struct appender tool = {.store = NULL};
    struct event *e;

    rig_keep(r, rig_message("tea", r->ann, "x"));
    tool.store = store_open(path, STORE_WRITE, false);
    assert_non_null(tool.store);
    for (uint64_t i = 1; i <= 10; i++) {
        e = rig_with_cid(rig_message("tea", r->bob, "y"), "the tool's");
        e->cid[0] = (char)('0' + i);
        assert_int_equal(append_begin(&tool), SQLITE_OK);
        assert_int_equal(append_event(&tool, e), SQLITE_OK);
        assert_int_equal(append_commit(&tool), SQLITE_OK);
        assert_int_equal(e->seq, 2 * i);
        event_unref(&e);
        assert_int_equal(rig_keep(r, rig_message("tea", r->ann, "x")).seq, 2 * i + 1);
    }
    append_end(&tool);
    store_close(tool.store);
    sqlite_file_check_words(path);
}

/* While storing fails another program may store; what is known of the rooms is then old. */
static void another_process_may_store_meanwhile(void **state)
{
    struct journal_rig *r = *state;
    struct appender tool = {.store = store_open(path, STORE_WRITE, false)};
    struct result first = rig_keep(r, rig_message("tea", r->ann, "x"));
    struct event *e = rig_message("tea", r->bob, "y");

    assert_non_null(tool.store);
    log_catch();
    assert_int_equal(append_begin(&tool), SQLITE_OK);
    rig_refuse(r, rig_message("tea", r->ann, "z"), ERR_UNAVAILABLE); /* it is locked */
    assert_int_equal(append_event(&tool, e), SQLITE_OK);
    assert_int_equal(e->seq, 2);
    assert_int_equal(append_commit(&tool), SQLITE_OK);
    await_available(r);
    assert_int_equal(rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, first.id, "X")).seq, 3);
    LOG_EXPECT("error journal_unavailable path=\"", path, "hint=\"");
    event_unref(&e);
    append_end(&tool);
    store_close(tool.store);
}

/* A page copies what it tells, so it does not fetch what is too much to be told. */
static void a_page_fetches_little_more_than_it_may_tell(void **state)
{
    struct journal_rig *r = *state;
    const enum page_where wheres[] = {PAGE_LAST, PAGE_BEFORE, PAGE_AFTER, PAGE_AROUND};
    char body[1001];

    snprintf(body, sizeof body, "%0*d", (int)sizeof body - 1, 0);
    for (int i = 0; i < 50; i++)
        rig_keep(r, rig_message("tea", r->ann, body));
    for (int i = 0; i < 5; i++) {
        struct query *q =
            query_make(i < 4 ? QUERY_PAGE : QUERY_SEARCH, (struct session_id){0, 0, 1}, "tea");

        q->where = i < 4 ? wheres[i] : PAGE_LAST;
        q->text = mem_strdup("000");
        q->seq = 25;
        q->limit = 50;
        q->bytes_max = 3000;
        q = rig_ask(r, q);
        assert_int_in_range(q->item_count, 3, 6);
        query_free(q);
    }
}

static void ask_for_words(struct journal_rig *r, size_t times, const char *text)
{
    for (size_t i = 0; i < times; i++) {
        struct query *q = query_make(QUERY_SEARCH, (struct session_id){0, 0, 1}, "tea");

        q->text = mem_strdup(text);
        q->limit = 200;
        r->journal->ops->ask(r->journal, q);
    }
}

/* Whoever asked is gone by then: nobody waits for the rest of it. */
static void a_stop_does_not_wait_for_all_questions(void **state)
{
    enum { QUESTIONS = 10000 };
    struct journal_rig *r = *state;
    size_t answered = 0;

    for (int i = 0; i < 1000; i++)
        rig_post(r, rig_message("tea", r->ann, "word"));
    rig_await(r, 1000);
    ask_for_words(r, QUESTIONS, "w");
    journal_rig_stop(r);
    assert_int_equal(r->answer_count, QUESTIONS);
    for (size_t i = 0; i < QUESTIONS; i++)
        answered += r->answers[i]->outcome == OK;
    assert_int_in_range(answered, 0, QUESTIONS - 1);
}

/* The words of what came last are not in the index yet, and the writer may go before it puts them there. */
static void a_stop_does_not_wait_for_the_index(void **state)
{
    enum { ROUNDS = 100, QUESTIONS = 3 };
    struct journal_rig *r = *state;

    for (int round = 1; round <= ROUNDS; round++) {
        rig_keep(r, rig_message("tea", r->ann, "word"));
        ask_for_words(r, QUESTIONS, "word");
        journal_rig_reopen(r);
        assert_int_equal(r->answer_count, round * QUESTIONS);
    }
}

static void await_oldest(struct journal_rig *r, uint64_t seq)
{
    uint64_t deadline = clock_mono_ms() + RETENTION_PATIENCE_MS;

    while (rig_head(r, "tea").oldest != seq) {
        assert_true(clock_mono_ms() < deadline);
        poll(NULL, 0, POLL_MS);
    }
}

static void retention_runs_by_itself(void **state)
{
    struct journal_rig *r = *state;

    for (int i = 0; i < 1000; i++)
        rig_post(r, rig_message("tea", r->ann, "x"));
    rig_await(r, 1000);
    config.max_events = 10;
    journal_rig_reopen(r);
    await_oldest(r, 991);
    /* and again while it is used */
    for (int i = 0; i < 1000; i++)
        rig_post(r, rig_message("tea", r->ann, "x"));
    rig_await(r, 2000);
    await_oldest(r, 1991);
    assert_int_equal(rig_head(r, "tea").seq, 2000);
}

/* ---- the index of words ---- */

static const char damage[] = "UPDATE words_data SET block = x'ff' WHERE id = 10";
/* What docs/operating.md tells the operator to do. */
static const char removal[] = "DELETE FROM words_data";

/* Some messages, in the index; the first of them. */
static struct result begin_index(struct journal_rig *r)
{
    struct result first = rig_keep(r, rig_message("tea", r->ann, "early bird"));

    rig_keep(r, rig_message("tea", r->bob, "early worm"));
    query_free(rig_search(r, "tea", "early", 10));
    return first;
}

static size_t count_found(struct journal_rig *r, const char *text)
{
    struct query *q = rig_search(r, "tea", text, 100);
    size_t count = q->item_count;

    query_free(q);
    return count;
}

/* FTS5 finds the damage when it writes, which is at the commit in later versions of SQLite. */
static void what_is_new_is_found_though_the_index_is_damaged(void **state)
{
    struct journal_rig *r = *state;

    begin_index(r);
    log_catch();
    sqlite_file_run(path, damage);
    rig_keep(r, rig_message("tea", r->ann, "early fox"));
    (void)count_found(r, "early"); /* which may find the damage and have it mended */
    rig_keep(r, rig_message("tea", r->ann, "early owl"));
    assert_int_equal(count_found(r, "early"), 4);
    LOG_EXPECT("error journal_index_damaged", "info journal_index_mended");
}

static void a_message_can_be_changed_though_the_index_is_damaged(void **state)
{
    struct journal_rig *r = *state;
    struct result first = begin_index(r);

    log_catch();
    sqlite_file_run(path, damage);
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, first.id, "late bird"));
    LOG_EXPECT("error journal_index_damaged path=\"", path, "hubbub verify",
               "info journal_index_mended");
    assert_int_equal(count_found(r, "early"), 1);
    assert_int_equal(count_found(r, "late"), 1);
    sqlite_file_check_words(path);
}

static void a_message_can_be_deleted_though_the_index_is_gone(void **state)
{
    struct journal_rig *r = *state;
    struct result first = begin_index(r);

    log_catch();
    sqlite_file_run(path, removal);
    rig_keep(r, rig_about(EVENT_DELETE, "tea", r->ann, first.id, ""));
    LOG_EXPECT("error journal_index_damaged", "info journal_index_mended");
    assert_int_equal(count_found(r, "bird"), 0);
    assert_int_equal(count_found(r, "worm"), 1);
    sqlite_file_check_words(path);
}

/* Until the question is answered, well or not; it stays the rig's. */
static void await_answer(struct journal_rig *r, struct query *q)
{
    uint64_t deadline = clock_mono_ms() + PATIENCE_MS;
    size_t wanted = r->answer_count + 1, count = 0;

    r->journal->ops->ask(r->journal, q);
    while (count < wanted) {
        assert_true(clock_mono_ms() < deadline);
        poll(NULL, 0, POLL_MS);
        pthread_mutex_lock(&r->lock);
        count = r->answer_count;
        pthread_mutex_unlock(&r->lock);
    }
}

/* Whoever searches first is told that it failed; for the next one the index is there again. */
static void a_search_has_a_damaged_index_made_anew(void **state)
{
    struct journal_rig *r = *state;
    struct query *q;

    begin_index(r);
    sqlite_file_run(path, removal);
    log_catch();
    q = query_make(QUERY_SEARCH, (struct session_id){0, 0, 1}, "tea");
    q->text = mem_strdup("early");
    await_answer(r, q);
    assert_int_equal(q->outcome, ERR_UNAVAILABLE);
    log_await("info journal_index_mended");
    assert_int_equal(count_found(r, "early"), 2);
    sqlite_file_check_words(path);
}

static void retention_goes_on_though_the_index_is_damaged(void **state)
{
    struct journal_rig *r = *state;

    for (int i = 0; i < 100; i++)
        rig_post(r, rig_message("tea", r->ann, "x"));
    rig_await(r, 100);
    assert_int_equal(count_found(r, "x"), 100);
    journal_rig_stop(r);
    sqlite_file_run(path, removal); /* as if it had been damaged while nobody served it */
    log_catch();
    config.max_events = 10;
    journal_rig_reopen(r);
    await_oldest(r, 91);
    LOG_EXPECT("error journal_index_damaged", "info journal_index_mended");
    assert_int_equal(count_found(r, "x"), 10);
    sqlite_file_check_words(path);
}

/* ---- its pages ---- */

enum { PAGE = 4096, MANY = 2000 };

/* So many messages with words of their own that the index has pages below its root. */
static void fill_index(struct journal_rig *r)
{
    char body[64];

    for (int i = 0; i < MANY; i++) {
        snprintf(body, sizeof body, "early w%dx w%dy w%dz", i, i, i);
        rig_post(r, rig_message("tea", r->ann, body));
    }
    rig_await(r, MANY);
    assert_int_equal(count_found(r, "w7x"), 1);
}

/* Garbage in the root of a table, or in the last page below it. */
static void damage_page_of(const char *table, bool is_root)
{
    unsigned char page[PAGE];
    char sql[100];
    off_t number;
    int fd = open(path, O_RDWR | O_CLOEXEC);

    snprintf(sql, sizeof sql, "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", table);
    number = sqlite_file_number(path, sql);
    if (!is_root) {
        assert_int_equal(pread(fd, page, PAGE, (number - 1) * PAGE), PAGE);
        assert_int_equal(page[0], 5); /* it has some */
        number = page[8] << 24 | page[9] << 16 | page[10] << 8 | page[11];
    }
    memset(page, 0xa5, PAGE);
    assert_int_equal(pwrite(fd, page, PAGE, (number - 1) * PAGE), PAGE);
    close(fd);
}

static void keep_sentence(void *arg, const char *sentence)
{
    strncat(arg, sentence, 1000);
}

static struct verify_result verify(char told[8192])
{
    struct verify_result result;

    told[0] = '\0';
    assert_true(verify_file(path, &result, keep_sentence, told));
    return result;
}

/* For the beginnings of all words, until one is in the damaged page. */
static void search(struct journal_rig *r)
{
    static const char *const words[] = {"w",  "e",  "w1", "w2", "w3", "w4",
                                        "w5", "w6", "w7", "w8", "w9"};
    enum err outcome = OK;

    for (size_t i = 0; i < sizeof words / sizeof *words && outcome == OK; i++) {
        struct query *q = query_make(QUERY_SEARCH, (struct session_id){0, 0, 1}, "tea");

        q->text = mem_strdup(words[i]);
        q->limit = 10;
        await_answer(r, q);
        outcome = q->outcome;
    }
    assert_int_equal(outcome, ERR_UNAVAILABLE);
    log_await("info journal_index_mended");
}

static void edit_one(struct journal_rig *r)
{
    rig_keep(r, rig_about(EVENT_EDIT, "tea", r->ann, r->results[MANY - 1].id, "late"));
    LOG_EXPECT("error journal_index_damaged path=\"", "info journal_index_mended");
}

static const struct {
    const char *table;
    bool is_root;
    void (*use)(struct journal_rig *r);
} page_damages[] = {
    {"words_data", true, search},    {"words_data", true, edit_one}, {"words_data", false, search},
    {"words_data", false, edit_one}, {"words_idx", true, edit_one},
};

static size_t page_damage; /* which of them */
static char told[8192];

static void damage_file(void)
{
    damage_page_of(page_damages[page_damage].table, page_damages[page_damage].is_root);
    assert_true(verify(told).faults != 0);
    assert_non_null(strstr(told, "the index of words is damaged: hubbub makes it anew"));
}

static void check_file_after(void)
{
    sqlite_file_check_words(path);
    assert_int_equal(verify(told).faults, 0);
    assert_non_null(strstr(told, "pages of the file are not used"));
    sqlite_file_run(path, "UPDATE meta SET value = 0 WHERE name = 'is_clean'");
}

static void reopen_after(struct journal_rig *r, void (*what)(void))
{
    while_closed = what;
    journal_rig_reopen(r);
    while_closed = NULL;
}

/* Nothing that SQLite does with such pages works, not even giving them back. */
static void an_index_whose_pages_are_damaged_is_made_anew(void **state)
{
    struct journal_rig *r = *state;

    for (page_damage = 0; page_damage < sizeof page_damages / sizeof *page_damages; page_damage++) {
        fill_index(r);
        reopen_after(r, damage_file);
        log_catch();
        page_damages[page_damage].use(r);
        assert_int_equal(count_found(r, "w7x"), 1);
        reopen_after(r, check_file_after); /* which nothing keeps from being served */
        teardown(state);
        setup(state);
    }
}

static void damage_after_crash(void)
{
    sqlite_file_run(path, "UPDATE meta SET value = 0 WHERE name = 'is_clean'");
    damage_page_of("words_data", true);
    log_catch();
}

static void a_file_is_not_refused_for_an_index_whose_pages_are_damaged(void **state)
{
    struct journal_rig *r = *state;

    fill_index(r);
    reopen_after(r, damage_after_crash);
    LOG_EXPECT("info journal_check", "error journal_index_damaged", "info journal_index_mended");
    assert_int_equal(count_found(r, "w7x"), 1);
    reopen_after(r, check_file_after);
}

/* It rests for long after a walk, but not after one that another program's lock has stopped. */
static void retention_goes_on_soon_after_a_lock(void **state)
{
    struct journal_rig *r = *state;
    struct store *other = store_open(path, STORE_WRITE, false);
    uint64_t unlocked_ms;

    assert_non_null(other);
    for (int i = 0; i < 100; i++)
        rig_post(r, rig_message("tea", r->ann, "x"));
    rig_await(r, 100);
    config.max_events = 10;
    journal_rig_reopen(r);
    assert_int_equal(store_run(other, SQL_BEGIN_WRITE, ""), SQLITE_OK);
    poll(NULL, 0, 300); /* the walk finds it locked */
    store_rollback(other);
    unlocked_ms = clock_mono_ms();
    store_close(other);
    await_oldest(r, 91);
    assert_true(clock_mono_ms() - unlocked_ms < 4000); /* the rest would be 5 s */
}

#define fault_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        fault_test(what_cannot_be_stored_is_told_and_leaves_nothing),
        fault_test(it_is_logged_once_and_not_for_each_batch),
        fault_test(a_stop_with_a_full_disk_is_a_stop),
        fault_test(another_process_may_store_too),
        fault_test(another_process_may_store_meanwhile),
        fault_test(a_page_fetches_little_more_than_it_may_tell),
        fault_test(a_stop_does_not_wait_for_all_questions),
        fault_test(a_stop_does_not_wait_for_the_index),
        fault_test(retention_runs_by_itself),
        fault_test(what_is_new_is_found_though_the_index_is_damaged),
        fault_test(a_message_can_be_changed_though_the_index_is_damaged),
        fault_test(a_message_can_be_deleted_though_the_index_is_gone),
        fault_test(a_search_has_a_damaged_index_made_anew),
        fault_test(retention_goes_on_though_the_index_is_damaged),
        fault_test(an_index_whose_pages_are_damaged_is_made_anew),
        fault_test(a_file_is_not_refused_for_an_index_whose_pages_are_damaged),
        fault_test(retention_goes_on_soon_after_a_lock),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
