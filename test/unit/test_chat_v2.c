/* What only version 2 has, through the whole core: holes that are noticed, questions, what is remembered of a room, typing. */
#include "support/cm.h"
#include "support/chat_rig.h"
#include "core/hub.h"
#include "core/hub_state.h"

#include <stdio.h>
#include <string.h>

void *__real_mem_try(size_t size);
void *__wrap_mem_try(size_t size);

/* For events without a body; there is enough for all else. */
static bool memory_is_short;

void *__wrap_mem_try(size_t size)
{
    return memory_is_short && size == sizeof(struct event) + 1 ? NULL : __real_mem_try(size);
}

#define assert_next(rig, c, wanted) assert_string_equal(rig_next(rig, c), wanted)

static struct rig_client *join_v2(struct rig *rig, uint32_t worker, const char *json)
{
    struct rig_client *c = rig_open_v2(rig, worker);

    rig_skip(rig, c);
    rig_say(c, json);
    rig_turn(rig);
    return c;
}

static void whoever_sees_a_hole_joins_once_more_and_nobody_else_notices(void **state)
{
    struct rig *rig = *state;
    struct rig_client *bob = join_v2(rig, 1, "{\"type\":\"join\",\"username\":\"bob\"}");
    struct rig_client *ann = join_v2(rig, 0, "{\"type\":\"join\",\"username\":\"ann\"}");
    const char *joined;

    rig_say(bob, "{\"type\":\"message\",\"room\":\"lobby\",\"body\":\"one\"}");
    rig_say(bob, "{\"type\":\"message\",\"room\":\"lobby\",\"body\":\"two\"}");
    rig_turn(rig);
    rig_skip(rig, ann);
    rig_skip(rig, bob);
    rig_say(bob, "{\"type\":\"message\",\"room\":\"lobby\",\"body\":\"on its way\"}");
    rig_say(ann, "{\"type\":\"join\",\"cid\":\"j\",\"room\":\"lobby\","
                 "\"since\":{\"epoch\":\"abc\",\"seq\":1}}");
    rig_say(bob, "{\"type\":\"message\",\"room\":\"lobby\",\"body\":\"after\"}");
    rig_turn(rig);
    joined = rig_next(rig, ann);
    assert_non_null(strstr(joined, "\"joined\",\"cid\":\"j\""));
    assert_non_null(strstr(joined, "\"seq\":3,\"recovered\":true,\"users\":[\"bob\",\"ann\"]"));
    assert_null(strstr(joined, "\"one\""));
    assert_non_null(strstr(joined, "\"two\""));
    assert_non_null(strstr(joined, "\"on its way\""));
    assert_non_null(strstr(rig_next(rig, ann), "\"after\""));
    assert_next(rig, ann, "");
    for (int i = 0; i < 4; i++) /* its two acks and messages, but nothing of ann */
        assert_null(strstr(rig_next(rig, bob), "ann"));
    assert_next(rig, bob, "");
    rig_leave(ann);
    rig_turn(rig);
    assert_non_null(
        strstr(rig_next(rig, bob), "\"leave\",\"room\":\"lobby\",\"username\":\"ann\""));
}

static void joining_twice_without_since_is_an_error(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = join_v2(rig, 0, "{\"type\":\"join\",\"username\":\"ann\"}");

    rig_skip(rig, ann);
    rig_say(ann, "{\"type\":\"join\",\"room\":\"lobby\"}");
    rig_turn(rig);
    assert_non_null(strstr(rig_next(rig, ann), "\"code\":\"bad_request\""));
    assert_next(rig, ann, "");
}

static void who_is_sent_away_while_it_waits_for_answers_is_read_to_its_end(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = join_v2(rig, 0, "{\"type\":\"join\",\"username\":\"ann\"}");
    static const char ask[] = "{\"type\":\"history\",\"room\":\"lobby\"}";

    for (int i = 0; i < 4; i++)
        session_receive(ann->session, ask, sizeof ask - 1);
    assert_true(session_is_owed(ann->session));
    assert_true(session_is_busy(ann->session));
    assert_non_null(ann->session->asked);
    session_close(ann->session, CLOSE_TRY_AGAIN_LATER, "a test");
    assert_null(ann->session->asked); /* the questions are not there for as long as the session */
    assert_false(session_is_busy(ann->session));
    rig_turn(rig);
    assert_false(session_is_busy(ann->session));
}

/* A list takes the server the longer the more people are in it. */
static void who_asks_for_long_lists_again_and_again_is_told_to_wait(void **state)
{
    enum { BURST = 10, PEOPLE = 512, COST = 1 + PEOPLE / 256 };
    struct rig *rig = *state;
    struct rig_client *ann;
    char name[16];

    rig->rules.message_rate = (struct limit_rule){.rate = 1, .burst = BURST};
    ann = join_v2(rig, 0, "{\"type\":\"join\",\"username\":\"ann\"}");
    for (int i = 1; i < PEOPLE; i++) {
        snprintf(name, sizeof name, "u%d", i);
        rig_join(rig, (uint32_t)i % RIG_WORKERS, "lobby", name);
        for (int k = 0; k < rig->client_count; k++)
            rig_skip(rig, &rig->clients[k]);
    }
    rig_advance(rig, 1000 * BURST);
    rig_skip(rig, ann);
    for (int left = BURST; left > 0; left -= COST) {
        rig_say(ann, "{\"type\":\"users\",\"room\":\"lobby\"}");
        assert_non_null(strstr(rig_next(rig, ann), "\"type\":\"users\""));
    }
    rig_say(ann, "{\"type\":\"users\",\"room\":\"lobby\"}");
    assert_non_null(strstr(rig_next(rig, ann), "\"code\":\"rate_limited\""));
    assert_next(rig, ann, "");
}

/* A request of so many KiB, and what is answered. */
static const char *ping(struct rig *rig, struct rig_client *c, int kib)
{
    static char text[32 * 1024];

    snprintf(text, sizeof text, "{\"type\":\"ping\",\"x\":\"%0*d\"}", kib * 1024 + 1, 0);
    rig_say(c, text);
    return rig_next(rig, c);
}

static void what_is_refused_costs_its_length(void **state)
{
    enum { BURST = 20 };
    struct rig *rig = *state;
    struct rig_client *ann;

    rig->rules.message_rate = (struct limit_rule){.rate = 1, .burst = BURST};
    ann = rig_open_v2(rig, 0);
    rig_skip(rig, ann);
    assert_non_null(strstr(ping(rig, ann, 10), "\"pong\""));
    assert_non_null(strstr(ping(rig, ann, 10), "\"retry_after\":4000")); /* and not 2000 */
    rig_advance(rig, 4000);
    assert_non_null(strstr(ping(rig, ann, 10), "\"pong\""));
}

/* So who waits as long as it is told to is taken then. */
static void what_is_refused_and_short_costs_nothing(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann;

    rig->rules.message_rate = (struct limit_rule){.rate = 1, .burst = 1};
    ann = rig_open_v2(rig, 0);
    rig_skip(rig, ann);
    assert_non_null(strstr(ping(rig, ann, 0), "\"pong\""));
    for (int i = 0; i < 50; i++)
        assert_non_null(strstr(ping(rig, ann, 0), "\"retry_after\":1000}"));
    rig_advance(rig, 1000);
    assert_non_null(strstr(ping(rig, ann, 0), "\"pong\""));
}

/* One that waits for answers is not read, so an answer that is lost would be missed for ever. */
static void what_is_asked_is_answered_even_if_memory_is_short(void **state)
{
    enum { QUESTIONS = 4 /* as many as may be open */ };
    struct rig *rig = *state;
    struct rig_client *ann = rig_open_v2(rig, 0);

    rig_say(ann, "{\"type\":\"join\",\"room\":\"lobby\",\"username\":\"ann\"}");
    rig_turn(rig);
    rig_skip(rig, ann);
    memory_is_short = true;
    for (int i = 0; i < QUESTIONS; i++)
        rig_say(ann, "{\"type\":\"history\",\"room\":\"lobby\"}");
    memory_is_short = false;
    assert_true(session_is_owed(ann->session));
    rig_turn(rig);
    assert_false(session_is_owed(ann->session));
    for (int i = 0; i < QUESTIONS; i++)
        assert_non_null(strstr(rig_next(rig, ann), "\"type\":\"history\""));
    assert_next(rig, ann, "");
}

static void take_too_long(struct journal *j, struct query *q)
{
    q->outcome = ERR_FULL;
    j->listener.answered(j->listener.arg, q);
}

static void a_search_that_takes_too_long_is_told_when_to_try_again(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = join_v2(rig, 0, "{\"type\":\"join\",\"username\":\"ann\"}");
    const struct journal_ops *ops = rig->journal->ops;
    struct journal_ops hasty = *ops;
    const char *answer;

    rig_skip(rig, ann);
    hasty.ask = take_too_long;
    rig->journal->ops = &hasty;
    rig_say(ann, "{\"type\":\"search\",\"q\":\"tea\",\"cid\":\"s\"}");
    rig_turn(rig);
    rig->journal->ops = ops;
    answer = rig_next(rig, ann);
    assert_non_null(strstr(answer, "\"code\":\"unavailable\""));
    assert_non_null(strstr(answer, "\"cid\":\"s\""));
    assert_non_null(strstr(answer, "\"retry_after\":2000"));
    assert_non_null(strstr(answer, "did not end in time"));
}

static struct query *questions[2];
static size_t question_count;

static void keep_question(struct journal *j, struct query *q)
{
    (void)j;
    questions[question_count++] = q;
}

/* A journal may be long in answering, so it is told when nobody waits any more. */
static void what_nobody_waits_for_any_more_is_dropped(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = join_v2(rig, 0, "{\"type\":\"join\",\"username\":\"ann\"}");
    const struct journal_ops *ops = rig->journal->ops;
    struct journal_ops slow = *ops;

    slow.ask = keep_question;
    rig->journal->ops = &slow;
    question_count = 0;
    rig_say(ann, "{\"type\":\"search\",\"q\":\"tea\"}");
    rig_say(ann, "{\"type\":\"join\",\"room\":\"new\"}"); /* asks too */
    rig->journal->ops = ops;
    assert_int_equal(question_count, 2);
    assert_false(questions[0]->is_dropped);
    ops->ask(rig->journal, questions[0]); /* which answers at once */
    rig_turn(rig);
    assert_false(questions[1]->is_dropped);
    rig_drop(ann);
    assert_true(questions[1]->is_dropped);
    ops->ask(rig->journal, questions[1]);
    rig_turn(rig);
}

static struct rig_client *enter_v2(struct rig *rig, const char *name, const char *more)
{
    char request[200];

    snprintf(request, sizeof request,
             "{\"type\":\"join\",\"room\":\"lobby\",\"username\":\"%s\"%s}", name, more);
    return join_v2(rig, 0, request);
}

static void say_v2(struct rig_client *c, int times)
{
    for (int i = 0; i < times; i++) {
        rig_say(c, "{\"type\":\"message\",\"room\":\"lobby\",\"body\":\"x\"}");
        rig_turn(c->rig);
    }
}

static void say_long(struct rig_client *c, int times)
{
    char json[1100];

    snprintf(json, sizeof json, "{\"type\":\"message\",\"room\":\"lobby\",\"body\":\"%0*d\"}", 1000,
             0);
    for (int i = 0; i < times; i++) {
        rig_say(c, json);
        rig_turn(c->rig);
        rig_skip(c->rig, c);
    }
}

static void ask_history(struct rig_client *c)
{
    rig_say(c, "{\"type\":\"history\",\"room\":\"lobby\",\"limit\":200}");
    rig_turn(c->rig);
}

/* Beside a busy room something may always wait: what counts is that the answer is gone. */
static void an_answer_is_unread_until_it_has_left_whatever_follows_it(void **state)
{
    struct rig_client *ann = enter_v2(*state, "ann", ""), *bob;
    struct session *s = ann->session;

    bob = enter_v2(*state, "bob", "");
    say_long(bob, 5);
    rig_skip(*state, ann);
    ask_history(ann);
    assert_int_equal(s->unread, ANSWER_SENT);
    assert_int_equal(s->shard->unread_kib, 6);
    say_v2(bob, 1);
    assert_non_null(strstr(rig_next(*state, ann), "\"history\""));
    assert_int_not_equal(s->ring.count, 0);
    assert_int_equal(s->unread, NOTHING_UNREAD);
    assert_int_equal(s->shard->unread_kib, 0);

    ask_history(ann);
    assert_int_equal(s->shard->unread_kib, 6);
    session_flushed(s, true); /* the wire is full */
    assert_int_equal(s->unread, ANSWER_STUCK);
    say_v2(bob, 1);
    rig_next(*state, ann);
    assert_int_equal(s->unread, ANSWER_STUCK); /* the answer is behind what bob has said */
    rig_next(*state, ann);
    session_flushed(s, true);
    assert_int_not_equal(s->ring.count, 0);
    session_flushed(s, false);
    assert_int_equal(s->unread, NOTHING_UNREAD);
}

/* Not because it was asked for before its turn was over. */
static void only_who_does_not_read_gets_short_pages(void **state)
{
    struct rig_client *ann = enter_v2(*state, "ann", "");

    say_long(ann, 40);
    for (int i = 0; i < 3; i++)
        ask_history(ann);
    session_flushed(ann->session, true);
    ask_history(ann);
    for (int i = 0; i < 3; i++)
        assert_non_null(strstr(rig_next(*state, ann), "\"more\":false"));
    assert_non_null(strstr(rig_next(*state, ann), "\"more\":true"));
    ask_history(ann);
    assert_non_null(strstr(rig_next(*state, ann), "\"more\":false"));
}

static unsigned returning_after(struct shard *shard)
{
    unsigned count = 0;

    shard_settle(shard);
    LIST_EACH(&shard->returning, pos, next)
    {
        count++;
    }
    return count;
}

/* Ten who want all that was said: more is what the request says of that. */
static void come_in(struct rig *rig, const char *more)
{
    for (char name = 'b'; name < 'l'; name++) {
        struct rig_client *c = rig_open_v2(rig, 0);
        char request[200];

        snprintf(request, sizeof request,
                 "{\"type\":\"join\",\"room\":\"lobby\",\"username\":\"%c\",%s}", name, more);
        rig_skip(rig, c);
        rig_say(c, request);
    }
}

static void come_back(struct rig *rig)
{
    come_in(rig, "\"since\":{\"epoch\":\"abc\",\"seq\":0}");
}

static void assert_all_recovered(struct rig *rig)
{
    rig_turn(rig);
    for (int i = 1; i < rig->client_count; i++)
        assert_non_null(strstr(rig_next(rig, &rig->clients[i]), "\"recovered\":true"));
}

/* What they are given is among the events, so more of it than is delivered would delay all that is said. */
static void of_those_who_come_back_fewer_go_on_while_events_wait(void **state)
{
    struct rig *rig = *state;
    struct shard *shard = &rig->shards[0];

    say_long(enter_v2(rig, "ann", ""), 14); /* a bit more than a turn delivers */
    shard_settle(shard);
    shard->is_behind = true;
    come_back(rig);
    assert_int_equal(returning_after(shard), 8); /* one at once, one in the next turn */
    assert_int_equal(returning_after(shard), 7);
    shard->is_behind = false;
    assert_int_equal(returning_after(shard), 3);
    assert_int_equal(returning_after(shard), 0);
    assert_all_recovered(rig);
}

/* What waits for a worker, without the end of its turn. */
static void deliver(struct rig *rig, uint32_t worker)
{
    void **events;
    size_t count = mailbox_take(&rig->boxes[worker], &events);

    for (size_t i = 0; i < count; i++) {
        struct event *e = events[i];

        shard_deliver(&rig->shards[worker], e);
        event_unref(&e);
    }
    mailbox_done(&rig->boxes[worker], count);
}

static unsigned count_texts(const char *in, const char *text)
{
    unsigned count = 0;

    for (; (in = strstr(in, text)) != NULL; in++)
        count++;
    return count;
}

/* The newest messages are as much to give as those that somebody has missed. */
static void who_wants_the_last_messages_takes_turns_as_well(void **state)
{
    struct rig *rig = *state;
    struct shard *shard = &rig->shards[0];

    say_long(enter_v2(rig, "ann", ""), 14);
    shard_settle(shard);
    shard->is_behind = true;
    come_in(rig, "\"last\":14");
    deliver(rig, 0); /* what the journal has answered */
    assert_int_equal(returning_after(shard), 8);
    assert_int_equal(returning_after(shard), 7);
    shard->is_behind = false;
    assert_int_equal(returning_after(shard), 3);
    assert_int_equal(returning_after(shard), 0);
    rig_turn(rig);
    for (int i = 1; i < rig->client_count; i++)
        assert_int_equal(count_texts(rig_next(rig, &rig->clients[i]), "\"message\""), 14);
}

static void assert_tokens(const struct rig_client *c, int tokens)
{
    assert_int_equal(c->session->bucket.millitokens, tokens * 1000);
}

static void what_is_given_of_the_past_is_paid_for_by_its_size(void **state)
{
    enum { BURST = 20, MORE = 2 /* of 16 KiB each, beyond the first */ };
    struct rig *rig = *state;
    struct rig_client *ann = enter_v2(rig, "ann", ""), *bob, *eve;

    say_long(ann, 50);
    rig->rules.message_rate = (struct limit_rule){.rate = 1, .burst = BURST};
    bob = enter_v2(rig, "bob", ",\"since\":{\"epoch\":\"abc\",\"seq\":0}");
    assert_int_equal(count_texts(rig_next(rig, bob), "\"message\""), 50);
    assert_tokens(bob, BURST - 1 - MORE);
    eve = enter_v2(rig, "eve", ",\"last\":50");
    assert_int_equal(count_texts(rig_next(rig, eve), "\"message\""), 50);
    assert_tokens(eve, BURST - 1 - MORE);
    rig_skip(rig, eve);
    ask_history(eve);
    assert_int_equal(count_texts(rig_next(rig, eve), "\"message\""), 50);
    assert_tokens(eve, BURST - 2 - 2 * MORE);
    rig_say(eve, "{\"type\":\"search\",\"q\":\"000\"}");
    rig_turn(rig);
    assert_int_equal(count_texts(rig_next(rig, eve), "\"message\""), 50);
    assert_tokens(eve, BURST - 7 - 3 * MORE);
    rig_say(eve, "{\"type\":\"history\",\"room\":\"lobby\",\"limit\":20}");
    rig_turn(rig);
    assert_int_equal(count_texts(rig_next(rig, eve), "\"message\""), 20);
    assert_tokens(eve, BURST - 8 - 3 * MORE); /* up to 32 KiB nothing more */
}

static const char *joined_now(struct rig *rig, const char *name, const char *more)
{
    return rig_next(rig, enter_v2(rig, name, more));
}

/* Who does not read what it was given keeps the memory; others must not add to that without end. */
static void while_much_is_unread_nothing_large_is_given(void **state)
{
    struct rig *rig = *state;
    struct shard *shard = &rig->shards[0];
    const char *missed_all = ",\"since\":{\"epoch\":\"abc\",\"seq\":0}";
    const char *missed_both = ",\"last\":3,\"since\":{\"epoch\":\"abc\",\"seq\":0}";
    const char *missed_little = ",\"since\":{\"epoch\":\"abc\",\"seq\":38}";
    struct rig_client *ann = enter_v2(rig, "ann", "");

    say_long(ann, 40);
    shard->unread_kib += UNREAD_KIB_MAX + 1;
    assert_non_null(strstr(joined_now(rig, "b", missed_all), "\"recovered\":false"));
    assert_null(strstr(rig->text, "\"message\""));
    assert_non_null(strstr(joined_now(rig, "c", missed_both), "\"recovered\":false"));
    assert_null(strstr(rig->text, "\"message\""));
    assert_null(strstr(joined_now(rig, "d", ",\"last\":3"), "\"message\""));
    assert_non_null(strstr(joined_now(rig, "e", missed_little), "\"recovered\":true"));
    assert_int_equal(count_texts(rig->text, "\"message\""), 2);
    rig_skip(rig, ann);
    ask_history(ann);
    assert_int_in_range(count_texts(rig_next(rig, ann), "\"message\""), 30, 33);
    shard->unread_kib -= UNREAD_KIB_MAX + 1;
    assert_non_null(strstr(joined_now(rig, "f", missed_all), "\"recovered\":true"));
    assert_int_equal(count_texts(rig->text, "\"message\""), 40);
    assert_int_equal(count_texts(joined_now(rig, "g", ",\"last\":3"), "\"message\""), 3);
}

static void what_was_read_meanwhile_is_not_given_either(void **state)
{
    static const struct tail_limits limits = {.max_events = 1};
    struct rig *rig = *state;
    const struct journal_ops *ops = rig->journal->ops;
    struct journal_ops slow = *ops;
    struct rig_client *bob, *eve;

    hub_set_limits(rig->hub, &limits);
    say_v2(enter_v2(rig, "ann", ""), 3);
    slow.ask = keep_question;
    rig->journal->ops = &slow;
    question_count = 0;
    bob = enter_v2(rig, "bob", ",\"last\":3,\"since\":{\"epoch\":\"abc\",\"seq\":0}");
    eve = enter_v2(rig, "eve", ",\"last\":3");
    rig->journal->ops = ops;
    assert_int_equal(question_count, 2);
    rig->shards[0].unread_kib += UNREAD_KIB_MAX + 1;
    for (int i = 0; i < 2; i++)
        ops->ask(rig->journal, questions[i]);
    rig_turn(rig);
    assert_non_null(strstr(rig_next(rig, bob), "\"recovered\":false"));
    assert_null(strstr(rig->text, "\"message\""));
    assert_non_null(strstr(rig_next(rig, eve), "\"joined\""));
    assert_null(strstr(rig->text, "\"message\""));
    rig->shards[0].unread_kib -= UNREAD_KIB_MAX + 1;
}

/* Each may be news to all who are here, so the fewer turns they need the better. */
static void who_has_missed_little_goes_on_at_once(void **state)
{
    struct rig *rig = *state;
    struct shard *shard = &rig->shards[0];

    say_v2(enter_v2(rig, "ann", ""), 2);
    shard_settle(shard);
    shard->is_behind = true;
    come_back(rig);
    assert_true(list_empty(&shard->returning));
    assert_all_recovered(rig);
}

/* Also while nothing is said in the room and nobody comes. */
static void what_is_too_old_does_not_stay_in_memory(void **state)
{
    static const struct tail_limits limits = {.max_age_ms = 60000};
    struct rig *rig = *state;
    struct rig_client *ann;

    hub_set_limits(rig->hub, &limits);
    assert_int_equal(hub_due(rig->hub), 0);
    ann = enter_v2(rig, "ann", "");
    say_v2(ann, 3);
    assert_int_equal(rig->hub->rooms->tail.count, 3);
    for (int round = 0; round < 2; round++) {
        for (int passed = 0; passed <= 60000 + TAIL_LOOK_MS;) {
            uint64_t due = hub_due(rig->hub);

            assert_int_equal(rig->hub->rooms->tail.count, passed <= 60000 ? 3 : 0);
            assert_int_in_range(due, rig->now.mono_ms + 1, rig->now.mono_ms + TAIL_LOOK_MS);
            passed += (int)(due - rig->now.mono_ms);
            rig_advance(rig, due - rig->now.mono_ms);
        }
        assert_int_equal(rig->hub->rooms->tail.count, 0);
        say_v2(ann, 3); /* and so on */
    }
    rig_leave(ann);
    rig_advance(rig, TAIL_LOOK_MS);
    assert_int_equal(hub_due(rig->hub), 0);
}

/* It is told recovered with what the journal still has, and only that. */
static void of_what_is_over_the_limits_the_journal_tells(void **state)
{
    static const struct tail_limits limits = {.max_age_ms = 60000, .max_events = 5};
    struct rig *rig = *state;
    struct rig_client *ann, *bob;
    const char *joined;

    hub_set_limits(rig->hub, &limits);
    ann = enter_v2(rig, "ann", "");
    say_v2(ann, 10);
    assert_int_equal(rig->hub->rooms->tail.count, 5);
    bob = enter_v2(rig, "bob", ",\"since\":{\"epoch\":\"abc\",\"seq\":0}");
    joined = rig_next(rig, bob);
    assert_non_null(strstr(joined, "\"recovered\":true"));
    assert_non_null(strstr(joined, "\"abc-1-1\""));
    rig_advance(rig, 60000);
    assert_int_equal(rig->hub->rooms->tail.count, 5);
    rig->now.wall_ms++; /* between two looks */
    rig->now.mono_ms++;
    rig->shards[0].now = rig->now;
    bob = enter_v2(rig, "cy", ",\"since\":{\"epoch\":\"abc\",\"seq\":9}");
    assert_non_null(strstr(rig_next(rig, bob), "\"recovered\":true"));
    assert_int_equal(rig->hub->rooms->tail.count, 0);
}

/* Who comes back and has missed too much is not read a part of it that is thrown away. */
static void of_what_was_missed_all_is_asked_for_or_nothing(void **state)
{
    static const struct tail_limits limits = {.max_events = 1};
    struct rig *rig = *state;
    const struct journal_ops *ops = rig->journal->ops;
    struct journal_ops slow = *ops;
    struct rig_client *ann;

    hub_set_limits(rig->hub, &limits);
    ann = enter_v2(rig, "ann", "");
    say_v2(ann, 3);
    slow.ask = keep_question;
    rig->journal->ops = &slow;
    question_count = 0;
    (void)enter_v2(rig, "bob", ",\"since\":{\"epoch\":\"abc\",\"seq\":0}");
    rig->journal->ops = ops;
    assert_int_equal(question_count, 1);
    assert_int_equal(questions[0]->kind, QUERY_EVENTS);
    assert_true(questions[0]->wants_all);
    ops->ask(rig->journal, questions[0]);
    rig_turn(rig);
}

static struct event *waiting;

static enum err keep_event(struct journal *j, struct event *e, uint64_t now_wall_ms)
{
    (void)j;
    (void)now_wall_ms;
    waiting = event_ref(e);
    return OK;
}

/* The log is ahead of what was posted: by what comes through any moment, or by what another program stored. */
static void only_what_never_will_be_posted_is_learned_of_the_log(void **state)
{
    struct rig *rig = *state;
    const struct journal_ops *ops = rig->journal->ops;
    struct journal_ops slow = *ops;
    struct journal_head head;
    struct hub_room *room;

    say_v2(enter_v2(rig, "ann", ""), 3);
    room = rig->hub->rooms;
    head = room->head;
    assert_int_equal(head.seq, 3);
    slow.append = keep_event;
    rig->journal->ops = &slow;
    rig_say(&rig->clients[0], "{\"type\":\"message\",\"room\":\"lobby\",\"body\":\"x\"}");
    rig->journal->ops = ops;
    head.seq = 4;
    hub_learn(rig->hub, room, &head);
    assert_int_equal(room->head.seq, 3);
    waiting->seq = 4;
    waiting->ts = head.ts;
    hub_committed(rig->hub, &waiting, 1);
    event_unref(&waiting);
    rig_turn(rig);
    assert_int_equal(room->tail.count, 4);
    head.seq = 3;
    hub_learn(rig->hub, room, &head); /* an answer of before */
    assert_int_equal(room->head.seq, 4);
    head.seq = 9;
    hub_learn(rig->hub, room, &head);
    assert_int_equal(room->head.seq, 9);
    assert_int_equal(room->tail.count, 0);
}

static void note_room(void *arg, const char *room_key)
{
    strcat(arg, room_key);
    strcat(arg, " ");
}

/* However many other rooms are occupied. */
static void rooms_in_which_nothing_was_said_are_found(void **state)
{
    struct rig *rig = *state;
    char names[64] = "";
    struct rig_client *ann = rig_join(rig, 0, "loud", "ann");

    rig_join(rig, 1, "louder", "ann");
    rig_join(rig, 0, "still", "ann");
    rig_join(rig, 0, "stiller", "ann");
    rig_say(ann, "{\"type\":\"message\",\"body\":\"x\"}");
    rig_say(&rig->clients[1], "{\"type\":\"message\",\"body\":\"x\"}");
    rig_turn(rig);
    hub_each_silent_room(rig->hub, 2, note_room, names);
    assert_string_equal(names, "still stiller ");
    names[0] = '\0';
    hub_each_silent_room(rig->hub, 1, note_room, names);
    assert_string_equal(names, "still ");
    rig_leave(&rig->clients[2]); /* and the room is gone */
    names[0] = '\0';
    hub_each_silent_room(rig->hub, 2, note_room, names);
    assert_string_equal(names, "stiller ");
    rig_drop(ann);
    rig_join(rig, 2, "loud", "bob"); /* its log is read, and not empty */
    names[0] = '\0';
    hub_each_silent_room(rig->hub, 2, note_room, names);
    assert_string_equal(names, "stiller ");
}

static void nobody_is_told_of_typing_while_a_worker_is_behind(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = join_v2(rig, 0, "{\"type\":\"join\",\"username\":\"ann\"}");
    struct rig_client *bob = join_v2(rig, 1, "{\"type\":\"join\",\"username\":\"bob\"}");

    rig_skip(rig, bob);
    for (int i = 0; i < 200; i++) /* the rig's mailboxes take 1000 */
        rig_say(ann, "{\"type\":\"message\",\"room\":\"lobby\",\"body\":\"hi\"}");
    rig_say(ann, "{\"type\":\"typing\",\"room\":\"lobby\"}");
    rig->rules.ring = (struct ring_limits){.frames = 10000, .bytes = 1 << 20};
    rig_turn(rig);
    for (int i = 0; i < 200; i++)
        assert_non_null(strstr(rig_next(rig, bob), "\"message\""));
    assert_next(rig, bob, "");
    rig_advance(rig, 3000);
    rig_say(ann, "{\"type\":\"typing\",\"room\":\"lobby\"}");
    rig_turn(rig);
    assert_non_null(strstr(rig_next(rig, bob), "\"typing\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(whoever_sees_a_hole_joins_once_more_and_nobody_else_notices),
        RIG_TEST(joining_twice_without_since_is_an_error),
        RIG_TEST(who_is_sent_away_while_it_waits_for_answers_is_read_to_its_end),
        RIG_TEST(a_search_that_takes_too_long_is_told_when_to_try_again),
        RIG_TEST(what_nobody_waits_for_any_more_is_dropped),
        RIG_TEST(an_answer_is_unread_until_it_has_left_whatever_follows_it),
        RIG_TEST(only_who_does_not_read_gets_short_pages),
        RIG_TEST(what_is_refused_costs_its_length),
        RIG_TEST(what_is_refused_and_short_costs_nothing),
        RIG_TEST(who_asks_for_long_lists_again_and_again_is_told_to_wait),
        RIG_TEST(what_is_given_of_the_past_is_paid_for_by_its_size),
        RIG_TEST(what_is_asked_is_answered_even_if_memory_is_short),
        RIG_TEST(of_those_who_come_back_fewer_go_on_while_events_wait),
        RIG_TEST(who_wants_the_last_messages_takes_turns_as_well),
        RIG_TEST(while_much_is_unread_nothing_large_is_given),
        RIG_TEST(what_was_read_meanwhile_is_not_given_either),
        RIG_TEST(who_has_missed_little_goes_on_at_once),
        RIG_TEST(what_is_too_old_does_not_stay_in_memory),
        RIG_TEST(of_what_is_over_the_limits_the_journal_tells),
        RIG_TEST(rooms_in_which_nothing_was_said_are_found),
        RIG_TEST(only_what_never_will_be_posted_is_learned_of_the_log),
        RIG_TEST(of_what_was_missed_all_is_asked_for_or_nothing),
        RIG_TEST(nobody_is_told_of_typing_while_a_worker_is_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
