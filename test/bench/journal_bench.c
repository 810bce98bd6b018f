/* Measures the journal in an SQLite file by itself: no sockets, no rooms, one thread that appends.
 *
 *   journal_bench [--messages N] [--full] [--keep] FOLDER
 *
 * Prints a line a measurement, `name value unit`. The messages look like a chat's: a few words out of a
 * vocabulary in which some words are frequent, a hundred people, a random cid each. */
#include "base/clock.h"
#include "base/mem.h"
#include "core/name.h"
#include "journal/sqlite.h"
#include "proc.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PEOPLE = 100, WORDS = 20000, REACTIONS_EACH = 50, QUERIES = 100 };

struct bench {
    struct journal *journal;
    struct username *people[PEOPLE];
    char words[WORDS][12];
    uint64_t random;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t stored, failed;  /* [lock] */
    struct message_id last; /* [lock] */
    struct query *answer;   /* [lock] */
};

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* xorshift: the same messages in every run. */
static uint64_t draw(struct bench *b)
{
    b->random ^= b->random << 13;
    b->random ^= b->random >> 7;
    b->random ^= b->random << 17;
    return b->random;
}

/* ---- the listener ---- */

static void on_committed(void *arg, struct event *const *events, size_t count)
{
    struct bench *b = arg;
    size_t failed = 0;

    for (size_t i = 0; i < count; i++)
        failed += events[i]->outcome != OK;
    pthread_mutex_lock(&b->lock);
    b->stored += count;
    b->failed += failed;
    b->last = events[count - 1]->id;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

static void on_answered(void *arg, struct query *q)
{
    struct bench *b = arg;

    pthread_mutex_lock(&b->lock);
    b->answer = q;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

static void await(struct bench *b, size_t stored)
{
    pthread_mutex_lock(&b->lock);
    while (b->stored < stored)
        pthread_cond_wait(&b->changed, &b->lock);
    pthread_mutex_unlock(&b->lock);
}

static struct query *ask(struct bench *b, struct query *q)
{
    struct query *answer;

    b->journal->ops->ask(b->journal, q);
    pthread_mutex_lock(&b->lock);
    while (b->answer == NULL)
        pthread_cond_wait(&b->changed, &b->lock);
    answer = b->answer;
    b->answer = NULL;
    pthread_mutex_unlock(&b->lock);
    return answer;
}

/* ---- what is written ---- */

static void invent(struct bench *b)
{
    const char *reason;
    char name[32];

    for (int i = 0; i < PEOPLE; i++) {
        int length = snprintf(name, sizeof name, "person %d", i);

        if (username_make(name, (size_t)length, &b->people[i], &reason) != OK)
            abort();
    }
    for (int i = 0; i < WORDS; i++) {
        int length = 2 + (int)(draw(b) % 8);

        for (int k = 0; k < length; k++)
            b->words[i][k] = (char)('a' + draw(b) % 26);
    }
}

/* The first words are frequent, as in any language: a word's rank is spread evenly over its logarithm. */
static const char *draw_word(struct bench *b)
{
    unsigned bits = (unsigned)(draw(b) % 15);

    return b->words[draw(b) % WORDS % ((uint64_t)1 << bits)];
}

static struct event *make_message(struct bench *b)
{
    char body[256] = "", cid[40];
    int words = 3 + (int)(draw(b) % 13);
    struct event *e;

    for (int i = 0; i < words; i++) {
        strcat(body, i == 0 ? "" : " ");
        strcat(body, draw_word(b));
    }
    e = event_with_body(EVENT_MESSAGE, b->people[draw(b) % PEOPLE], body, strlen(body));
    snprintf(cid, sizeof cid, "%016" PRIx64 "%016" PRIx64, draw(b), draw(b));
    e->room_key = "lobby";
    if (!event_set_cid(e, cid, strlen(cid)))
        abort();
    return e;
}

static void append(struct bench *b, struct event *e)
{
    while (b->journal->ops->append(b->journal, e, clock_wall_ms()) != OK)
        sched_yield();
    b->journal->ops->flush(b->journal);
    event_unref(&e);
}

/* ---- measurements ---- */

static void measure_appends(struct bench *b, size_t messages, const char *name)
{
    size_t before = b->stored;
    double start = seconds(), cpu = cpu_seconds();

    for (size_t i = 0; i < messages; i++)
        append(b, make_message(b));
    await(b, before + messages);
    printf("%s %.0f messages/s\n", name, (double)messages / (seconds() - start));
    printf("%s_cpu %.1f us\n", name, (cpu_seconds() - cpu) * 1e6 / (double)messages);
    fflush(stdout);
}

/* One after the other, each waited for: what a sender in an idle server feels. */
static void measure_latency(struct bench *b)
{
    double start = seconds(), cpu = cpu_seconds();

    for (size_t i = 0; i < 1000; i++) {
        size_t before = b->stored; /* nothing is under way, so nobody changes it */

        append(b, make_message(b));
        await(b, before + 1);
    }
    printf("append_alone %.0f us\n", (seconds() - start) * 1e3);
    printf("append_alone_cpu %.0f us\n", (cpu_seconds() - cpu) * 1e3);
}

static void add_reactions(struct bench *b, size_t count)
{
    size_t before = b->stored;
    struct message_id id = b->last;

    for (size_t i = 0; i < count; i++) {
        char emoji[8];
        int length = snprintf(emoji, sizeof emoji, "e%zu", i / PEOPLE % REACTIONS_EACH);
        struct event *e =
            event_with_body(EVENT_REACT, b->people[i % PEOPLE], emoji, (size_t)length);

        e->room_key = "lobby";
        e->id = id;
        e->on = i / PEOPLE / REACTIONS_EACH % 2 == 0;
        append(b, e);
    }
    await(b, before + count);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Half of the queries and all but one of a hundred took no longer than these. */
static void report(const char *name, double *times, size_t count)
{
    qsort(times, count, sizeof *times, compare);
    printf("%s_p50 %.0f us\n%s_p99 %.0f us\n", name, times[count / 2] * 1e6, name,
           times[count * 99 / 100] * 1e6);
    fflush(stdout);
}

static void measure_pages(struct bench *b, size_t messages)
{
    double times[QUERIES];
    size_t items = 0;

    for (int i = 0; i < QUERIES; i++) {
        struct query *q = query_make(QUERY_PAGE, (struct session_id){0, 0, 0}, "lobby");
        double start;

        q->where = i % 3 == 0 ? PAGE_LAST : PAGE_BEFORE;
        q->seq = 51 + draw(b) % messages;
        q->limit = 50;
        start = seconds();
        q = ask(b, q);
        times[i] = seconds() - start;
        items += q->item_count;
        query_free(q);
    }
    printf("page_items %zu\n", items / QUERIES);
    report("page", times, QUERIES);
}

static void measure_search(struct bench *b, const char *name, const char *const *texts,
                           size_t count)
{
    double times[QUERIES];
    size_t items = 0;

    for (int i = 0; i < QUERIES; i++) {
        struct query *q = query_make(QUERY_SEARCH, (struct session_id){0, 0, 0}, "lobby");
        double start = seconds();

        q->text = mem_strdup(texts[(size_t)i % count]);
        q->limit = 50;
        q = ask(b, q);
        times[i] = seconds() - start;
        items += q->item_count;
        query_free(q);
    }
    printf("%s_items %zu\n", name, items / QUERIES);
    report(name, times, QUERIES);
}

static void measure_searches(struct bench *b)
{
    const char *rare[] = {b->words[15000], b->words[15001], b->words[15002]};
    const char *frequent[] = {b->words[0], b->words[1], b->words[2]};
    char two[32];
    const char *both[] = {two};
    const char *letter[] = {"a", "b", "c"};

    snprintf(two, sizeof two, "%s %s", b->words[0], b->words[1]);
    measure_search(b, "search_rare", rare, 3);
    measure_search(b, "search_frequent", frequent, 3);
    measure_search(b, "search_two_frequent", both, 1);
    measure_search(b, "search_one_letter", letter, 3);
}

static void measure_size(const char *path, size_t messages)
{
    struct stat st;

    if (stat(path, &st) == 0)
        printf("file %.0f bytes/message\n", (double)st.st_size / (double)messages);
    printf("memory %.1f MB\n", (double)proc_rss(getpid()) / 1e6);
}

int main(int argc, char **argv)
{
    struct bench *b = mem_alloc(sizeof *b);
    struct sqlite_config config = {.path = NULL};
    struct journal_listener listener = {on_committed, on_answered, b};
    size_t messages = 1000000;
    char path[4096] = "";
    bool is_kept = false;
    double start;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--messages") == 0 && i + 1 < argc)
            messages = (size_t)atoll(argv[++i]);
        else if (strcmp(argv[i], "--full") == 0)
            config.is_full = true;
        else if (strcmp(argv[i], "--keep") == 0)
            is_kept = true;
        else
            snprintf(path, sizeof path, "%s/hubbub.db", argv[i]);
    }
    if (path[0] == '\0' || messages < 1000) {
        fputs("usage: journal_bench [--messages N] [--full] [--keep] FOLDER\n", stderr);
        return 2;
    }
    config.path = path;
    unlink(path);
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->changed, NULL);
    b->random = 88172645463325252;
    invent(b);
    b->journal = sqlite_journal_open(&config, &listener);
    if (b->journal == NULL)
        return 1;
    measure_appends(b, messages / 10, "append_first");
    measure_appends(b, messages - messages / 10, "append");
    measure_latency(b);
    measure_size(path, messages);
    measure_pages(b, messages);
    add_reactions(b, messages / 10);
    measure_pages(b, messages);
    measure_searches(b);
    measure_size(path, messages);
    start = seconds();
    b->journal->ops->stop(b->journal);
    b->journal->ops->destroy(b->journal);
    printf("stop %.0f ms\n", (seconds() - start) * 1e3);
    printf("failed %zu\n", b->failed);
    for (int i = 0; i < PEOPLE; i++)
        username_unref(&b->people[i]);
    if (!is_kept)
        unlink(path);
    mem_free(b);
    return 0;
}
