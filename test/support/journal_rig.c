#include "support/cm.h"
#include "support/journal_rig.h"
#include "base/mem.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATIENCE_S = 20 };

static const struct session_id somebody = {1, 2, 3};

/* Room for more elements behind count; it doubles. */
static void *grown(void *array, size_t count, size_t more, size_t size)
{
    size_t capacity = 64;

    while (capacity < count)
        capacity *= 2;
    if (count != 0 && count + more <= capacity)
        return array;
    while (capacity < count + more)
        capacity *= 2;
    array = mem_resize(array, capacity * size);
    if (array == NULL)
        abort();
    return array;
}

static void on_committed(void *arg, struct event *const *events, size_t count)
{
    struct journal_rig *r = arg;

    if (r->inside++ != 0)
        r->overlaps++;
    pthread_mutex_lock(&r->lock);
    r->results = grown(r->results, r->count, count, sizeof *r->results);
    for (size_t i = 0; i < count; i++) {
        struct event *e = events[i];

        r->results[r->count++] = (struct result){
            .event = event_ref(e),
            .room = e->room_key,
            .seq = e->seq,
            .ts = e->ts,
            .id = e->id,
            .outcome = e->outcome,
            .is_repeat = e->is_repeat,
        };
        e->room_key = NULL; /* as the hub leaves it */
    }
    if (r->count >= r->wanted)
        pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
    r->inside--;
}

static void on_answered(void *arg, struct query *q)
{
    struct journal_rig *r = arg;

    pthread_mutex_lock(&r->lock);
    r->answers = grown(r->answers, r->answer_count, 1, sizeof *r->answers);
    r->answers[r->answer_count++] = q;
    if (r->answer_count >= r->answers_wanted)
        pthread_cond_signal(&r->changed);
    pthread_mutex_unlock(&r->lock);
}

static struct journal_listener listener_of(struct journal_rig *r)
{
    return (struct journal_listener){on_committed, on_answered, r};
}

struct username *rig_user(const char *text)
{
    struct username *user = NULL;
    const char *reason = NULL;

    assert_int_equal(username_make(text, strlen(text), &user, &reason), OK);
    return user;
}

void journal_rig_open(struct journal_rig *r, const struct journal_factory *factory)
{
    struct journal_listener listener = listener_of(r);

    *r = (struct journal_rig){
        .factory = factory, .now = 1700000000000, .wanted = SIZE_MAX, .answers_wanted = SIZE_MAX};
    pthread_mutex_init(&r->lock, NULL);
    pthread_cond_init(&r->changed, NULL);
    r->ann = rig_user("ann");
    r->ann_in_capitals = rig_user("ANN");
    r->bob = rig_user("bob");
    r->eve = rig_user("eve");
    r->journal = factory->create(factory->arg, &listener);
    assert_non_null(r->journal);
}

void journal_rig_stop(struct journal_rig *r)
{
    r->journal->ops->stop(r->journal);
    r->is_stopped = true;
}

void journal_rig_reopen(struct journal_rig *r)
{
    struct journal_listener listener = listener_of(r);

    journal_rig_stop(r);
    r->journal = r->factory->reopen(r->factory->arg, r->journal, &listener);
    assert_non_null(r->journal);
    r->is_stopped = false;
}

void journal_rig_close(struct journal_rig *r)
{
    if (!r->is_stopped)
        journal_rig_stop(r);
    r->factory->destroy(r->factory->arg, r->journal);
    for (size_t i = 0; i < r->count; i++)
        event_unref(&r->results[i].event);
    for (size_t i = 0; i < r->answer_count; i++)
        query_free(r->answers[i]);
    mem_free(r->results);
    mem_free(r->answers);
    username_unref(&r->ann);
    username_unref(&r->ann_in_capitals);
    username_unref(&r->bob);
    username_unref(&r->eve);
    pthread_cond_destroy(&r->changed);
    pthread_mutex_destroy(&r->lock);
}

/* ---- events ---- */

static struct event *make(enum event_type type, const char *room, struct username *user,
                          const char *body)
{
    struct event *e = event_with_body(type, user, body, strlen(body));

    e->room_key = room;
    e->origin = somebody;
    return e;
}

struct event *rig_message(const char *room, struct username *user, const char *body)
{
    return make(EVENT_MESSAGE, room, user, body);
}

struct event *rig_with_cid(struct event *e, const char *cid)
{
    if (!event_set_cid(e, cid, strlen(cid)))
        fail_msg("no memory");
    return e;
}

struct event *rig_reply(struct event *e, uint64_t seq)
{
    e->reply_to = seq;
    return e;
}

struct event *rig_about(enum event_type type, const char *room, struct username *user,
                        struct message_id id, const char *body)
{
    struct event *e = make(type, room, user, body);

    e->id = id;
    return e;
}

struct event *rig_react(const char *room, struct username *user, struct message_id id,
                        const char *emoji, bool on)
{
    struct event *e = rig_about(EVENT_REACT, room, user, id, emoji);

    e->on = on;
    return e;
}

/* ---- appending ---- */

bool rig_post(struct journal_rig *r, struct event *e)
{
    bool is_taken = r->journal->ops->append(r->journal, e, r->now) == OK;

    r->journal->ops->flush(r->journal);
    event_unref(&e);
    return is_taken;
}

/* With r->lock held; false after the deadline. */
static bool await_locked(struct journal_rig *r, const size_t *count, size_t *wanted, size_t until)
{
    struct timespec deadline;
    int error = 0;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += PATIENCE_S;
    *wanted = until;
    while (*count < until && error != ETIMEDOUT)
        error = pthread_cond_timedwait(&r->changed, &r->lock, &deadline);
    *wanted = SIZE_MAX;
    return *count >= until;
}

void rig_await(struct journal_rig *r, size_t count)
{
    bool is_there;

    pthread_mutex_lock(&r->lock);
    is_there = await_locked(r, &r->count, &r->wanted, count);
    pthread_mutex_unlock(&r->lock);
    if (!is_there)
        fail_msg("only %zu of %zu events came back", r->count, count);
}

struct result rig_send(struct journal_rig *r, struct event *e)
{
    struct event *sent = e; /* only to be compared */
    size_t before = r->count;
    struct result result;

    assert_true(rig_post(r, e));
    rig_await(r, before + 1);
    pthread_mutex_lock(&r->lock);
    result = r->results[before];
    pthread_mutex_unlock(&r->lock);
    assert_ptr_equal(result.event, sent);
    return result;
}

struct result rig_keep(struct journal_rig *r, struct event *e)
{
    struct result result = rig_send(r, e);

    assert_int_equal(result.outcome, OK);
    assert_false(result.is_repeat);
    assert_int_not_equal(result.seq, 0);
    return result;
}

void rig_refuse(struct journal_rig *r, struct event *e, enum err outcome)
{
    struct result result = rig_send(r, e);

    assert_int_equal(result.outcome, outcome);
    assert_false(result.is_repeat);
}

struct result rig_repeat(struct journal_rig *r, struct event *e)
{
    struct result result = rig_send(r, e);

    assert_int_equal(result.outcome, OK);
    assert_true(result.is_repeat);
    return result;
}

/* ---- asking ---- */

struct query *rig_ask(struct journal_rig *r, struct query *q)
{
    struct query *answer = NULL;
    size_t before = r->answer_count;

    r->journal->ops->ask(r->journal, q);
    pthread_mutex_lock(&r->lock);
    if (await_locked(r, &r->answer_count, &r->answers_wanted, before + 1)) {
        answer = r->answers[before];
        r->answers[before] = NULL;
    }
    pthread_mutex_unlock(&r->lock);
    assert_ptr_equal(answer, q);
    assert_int_equal(answer->outcome, OK);
    return answer;
}

struct query *rig_events(struct journal_rig *r, const char *room, uint64_t since)
{
    struct query *q = query_make(QUERY_EVENTS, somebody, room);

    q->seq = since;
    q->limit = 1000000;
    q->bytes_max = (size_t)1 << 30;
    return rig_ask(r, q);
}

struct query *rig_page(struct journal_rig *r, const char *room, enum page_where where, uint64_t seq,
                       uint32_t limit)
{
    struct query *q = query_make(QUERY_PAGE, somebody, room);

    q->where = where;
    q->seq = seq;
    q->limit = limit;
    return rig_ask(r, q);
}

struct query *rig_search(struct journal_rig *r, const char *room, const char *text, uint32_t limit)
{
    struct query *q = query_make(QUERY_SEARCH, somebody, room);

    q->text = mem_strdup(text);
    q->limit = limit;
    return rig_ask(r, q);
}

struct journal_head rig_head(struct journal_rig *r, const char *room)
{
    struct query *q = rig_ask(r, query_make(QUERY_HEAD, somebody, room));
    struct journal_head head = q->head;

    query_free(q);
    return head;
}

/* ---- telling ---- */

static void add(char *text, size_t size, const char *prefix, const char *more)
{
    size_t length = strlen(text);

    snprintf(text + length, size - length, "%s%s", prefix, more);
}

const char *rig_tell(const struct event *e)
{
    static char texts[4][4096];
    static int turn;
    char *text = texts[turn = (turn + 1) % 4];

    snprintf(text, sizeof *texts, "%" PRIu64, e->seq);
    add(text, sizeof *texts, " ", e->body);
    if (e->state == NULL)
        return text;
    if (e->state->edited_ts != 0)
        add(text, sizeof *texts, "", " [edited]");
    if (e->state->is_deleted)
        add(text, sizeof *texts, "", " [deleted]");
    for (size_t i = 0; i < e->state->reaction_count; i++) {
        const struct reaction *reaction = &e->state->reactions[i];

        add(text, sizeof *texts, " {", reaction->emoji);
        for (size_t k = 0; k < reaction->count; k++)
            add(text, sizeof *texts, k == 0 ? ": " : " ", reaction->usernames[k]);
        add(text, sizeof *texts, "", "}");
    }
    return text;
}
