/* The chat as people live it, through the whole core: session, command, hub and shards of three
 * workers. */
#include "support/cm.h"
#include "support/chat_rig.h"
#include "core/hub.h"
#include "core/hub_state.h"

#include <stdio.h>
#include <string.h>

static int setup(void **state)
{
    *state = rig_make();
    return 0;
}

static int teardown(void **state)
{
    rig_free(*state);
    return 0;
}

void *__real_mem_try(size_t size);
void *__wrap_mem_try(size_t size);

/* For events without a body; there is enough for all else. */
static bool memory_is_short;

void *__wrap_mem_try(size_t size)
{
    return memory_is_short && size == sizeof(struct event) + 1 ? NULL : __real_mem_try(size);
}

#define assert_next(rig, c, wanted) assert_string_equal(rig_next(rig, c), wanted)

static void a_joiner_gets_join_and_users(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = rig_join(rig, 0, "lobby", "ann");

    assert_next(rig, ann, "{\"type\":\"join\",\"username\":\"ann\"}");
    assert_next(rig, ann, "{\"type\":\"users\",\"users\":[\"ann\"]}");
    assert_next(rig, ann, "");
}

static void all_members_on_all_workers_get_a_message_the_sender_too(void **state)
{
    struct rig *rig = *state;
    struct rig_client *c[4];
    char first[200];

    for (uint32_t i = 0; i < 4; i++) {
        const char *const names[] = {"ann", "bob", "cy", "di"};

        c[i] = rig_join(rig, i % RIG_WORKERS, "lobby", names[i]);
    }
    rig_advance(rig, USERS_INTERVAL_MS);
    for (int i = 0; i < 4; i++)
        rig_skip(rig, c[i]);
    rig_say(c[2], "{\"type\":\"message\",\"body\":\"hi\"}");
    rig_turn(rig);
    strcpy(first, rig_next(rig, c[0]));
    assert_string_equal(first, "{\"type\":\"message\",\"id\":\"abc-1-1\",\"username\":\"cy\","
                               "\"body\":\"hi\",\"ts\":1690000000100}");
    for (int i = 1; i < 4; i++)
        assert_next(rig, c[i], first);
    for (int i = 0; i < 4; i++)
        assert_next(rig, c[i], "");
}

static void rooms_are_independent(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = rig_join(rig, 0, "a", "ann"), *other = rig_join(rig, 0, "b", "ann");

    rig_skip(rig, ann);
    assert_next(rig, other, "{\"type\":\"join\",\"username\":\"ann\"}");
    assert_next(rig, other, "{\"type\":\"users\",\"users\":[\"ann\"]}");
    rig_say(other, "{\"type\":\"message\",\"body\":\"hi\"}");
    rig_turn(rig);
    assert_next(rig, ann, "");
}

static void a_name_in_use_is_refused_and_its_holder_notices_nothing(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = rig_join(rig, 0, "lobby", "ann"), *second;

    rig_skip(rig, ann);
    second = rig_join(rig, 1, "lobby", "ANN");
    assert_non_null(strstr(rig_next(rig, second), "\"type\":\"error\""));
    assert_memory_equal(rig_next(rig, second), "close 4409", 10);
    assert_next(rig, second, "");
    assert_next(rig, ann, "");
    rig_drop(ann);
    ann = rig_join(rig, 1, "lobby", "ann");
    assert_next(rig, ann, "{\"type\":\"join\",\"username\":\"ann\"}");
}

static void a_bad_name_closes_with_4400(void **state)
{
    struct rig *rig = *state;
    struct rig_client *nobody = rig_join(rig, 0, "lobby", " \t");

    assert_non_null(strstr(rig_next(rig, nobody), "\"type\":\"error\""));
    assert_memory_equal(rig_next(rig, nobody), "close 4400", 10);
}

static void leave_is_told_to_those_who_stay(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = rig_join(rig, 0, "lobby", "ann");
    struct rig_client *bob = rig_join(rig, 1, "lobby", "bob");

    rig_advance(rig, USERS_INTERVAL_MS);
    rig_skip(rig, ann);
    rig_advance(rig, USERS_INTERVAL_MS);
    rig_drop(bob);
    rig_turn(rig);
    assert_next(rig, ann, "{\"type\":\"leave\",\"username\":\"bob\"}");
    assert_next(rig, ann, "{\"type\":\"users\",\"users\":[\"ann\"]}");
}

static void users_are_in_join_order_and_snapshots_collapse(void **state)
{
    static const char *const names[] = {"zoe", "ann", "mia", "bob"};
    struct rig *rig = *state;
    struct rig_client *c[4];

    for (uint32_t i = 0; i < 4; i++)
        c[i] = rig_join(rig, i % RIG_WORKERS, "lobby", names[i]);
    assert_next(rig, c[0], "{\"type\":\"join\",\"username\":\"zoe\"}");
    assert_next(rig, c[0], "{\"type\":\"users\",\"users\":[\"zoe\"]}");
    for (int i = 1; i < 4; i++)
        assert_non_null(strstr(rig_next(rig, c[0]), "\"type\":\"join\""));
    assert_next(rig, c[0], "");
    assert_true(hub_has_due(rig->hub));
    rig_advance(rig, USERS_INTERVAL_MS);
    assert_next(rig, c[0], "{\"type\":\"users\",\"users\":[\"zoe\",\"ann\",\"mia\",\"bob\"]}");
    assert_next(rig, c[0], "");
    assert_false(hub_has_due(rig->hub));
}

static void in_a_large_room_only_the_joiner_gets_a_snapshot(void **state)
{
    struct rig *rig = *state;
    struct rig_client *first = NULL, *last;
    char name[16];

    for (uint32_t i = 0; i < USERS_BROADCAST_MAX; i++) {
        struct rig_client *c;

        snprintf(name, sizeof name, "u%u", i);
        c = rig_join(rig, i % RIG_WORKERS, "lobby", name);
        if (first == NULL)
            first = c;
        for (uint32_t k = 0; k <= i; k++)
            rig_skip(rig, &rig->clients[k]);
    }
    rig_advance(rig, USERS_INTERVAL_MS);
    rig_advance(rig, USERS_INTERVAL_MS);
    rig_skip(rig, first);
    last = rig_join(rig, 1, "lobby", "last");
    assert_next(rig, first, "{\"type\":\"join\",\"username\":\"last\"}");
    assert_next(rig, first, "");
    assert_next(rig, last, "{\"type\":\"join\",\"username\":\"last\"}");
    assert_non_null(strstr(rig_next(rig, last), "\"u255\",\"last\"]"));
}

static void a_message_before_joining_is_an_error(void **state)
{
    struct rig *rig = *state;
    struct rig_client *c = rig_open(rig, 0, "lobby");

    rig_say(c, "{\"type\":\"message\",\"body\":\"hi\"}");
    assert_non_null(strstr(rig_next(rig, c), "Join first"));
    assert_false(c->session->closing);
    rig_say(c, "{\"type\":\"join\",\"username\":\"ann\"}");
    rig_turn(rig);
    assert_next(rig, c, "{\"type\":\"join\",\"username\":\"ann\"}");
}

static void a_message_sent_right_behind_the_join_comes_after_it(void **state)
{
    struct rig *rig = *state;
    struct rig_client *c = rig_open(rig, 0, "lobby");

    rig_say(c, "{\"type\":\"join\",\"username\":\"ann\"}");
    rig_say(c, "{\"type\":\"message\",\"body\":\"hi\"}");
    rig_turn(rig);
    assert_non_null(strstr(rig_next(rig, c), "\"join\""));
    assert_non_null(strstr(rig_next(rig, c), "\"users\""));
    assert_non_null(strstr(rig_next(rig, c), "\"message\""));
}

static void joining_twice_is_an_error(void **state)
{
    struct rig *rig = *state;
    struct rig_client *c = rig_join(rig, 0, "lobby", "ann");

    rig_skip(rig, c);
    rig_say(c, "{\"type\":\"join\",\"username\":\"bob\"}");
    assert_next(rig, c, "{\"type\":\"error\",\"error\":\"You have joined already.\"}");
    assert_false(c->session->closing);
}

static void no_join_in_time_closes_with_4408(void **state)
{
    struct rig *rig = *state;
    struct rig_client *late = rig_open(rig, 0, "lobby"), *ann = rig_join(rig, 0, "lobby", "ann");

    session_join_timeout(late->session);
    assert_non_null(strstr(rig_next(rig, late), "\"type\":\"error\""));
    assert_memory_equal(rig_next(rig, late), "close 4408", 10);
    session_join_timeout(ann->session);
    assert_false(ann->session->closing);
}

static void ten_faults_in_a_row_close_with_4400(void **state)
{
    struct rig *rig = *state;
    struct rig_client *c = rig_join(rig, 0, "lobby", "ann");

    for (int i = 0; i < 9; i++)
        rig_say(c, "nonsense");
    rig_say(c, "{\"type\":\"message\",\"body\":\"fine\"}");
    rig_turn(rig);
    rig_skip(rig, c);
    for (int i = 0; i < 9; i++) {
        rig_say(c, i % 2 ? "{\"type\":\"nothing\"}" : "{\"type\":\"message\",\"body\":\"\"}");
        assert_non_null(strstr(rig_next(rig, c), "\"type\":\"error\""));
    }
    assert_false(c->session->closing);
    rig_say(c, "[]");
    assert_true(c->session->closing);
    rig_next(rig, c);
    rig_next(rig, c);
    assert_memory_equal(rig_next(rig, c), "close 4400", 10);
}

static void a_body_over_the_limit_is_refused_with_both_numbers(void **state)
{
    struct rig *rig = *state;
    struct rig_client *c = rig_join(rig, 0, "lobby", "ann");
    char json[1200];

    rig_skip(rig, c);
    snprintf(json, sizeof json, "{\"type\":\"message\",\"body\":\"%0*d\"}", 1001, 0);
    rig_say(c, json);
    assert_next(rig, c,
                "{\"type\":\"error\",\"error\":\"The message is too long: it has 1001 bytes, "
                "the limit is 1000.\"}");
    snprintf(json, sizeof json, "{\"type\":\"message\",\"body\":\"%0*d\"}", 1000, 0);
    rig_say(c, json);
    rig_turn(rig);
    assert_non_null(strstr(rig_next(rig, c), "\"type\":\"message\""));
}

static void invalid_utf8_closes_with_1007(void **state)
{
    struct rig *rig = *state;
    struct rig_client *c = rig_join(rig, 0, "lobby", "ann");

    rig_skip(rig, c);
    rig_say(c, "{\"type\":\"message\",\"body\":\"\xff\"}");
    assert_memory_equal(rig_next(rig, c), "close 1007", 10);
}

static void over_the_rate_is_refused_and_then_closed_with_4429(void **state)
{
    struct rig *rig = *state;
    struct rig_client *c;
    int errors = 0;

    rig->rules.message_rate = (struct limit_rule){.rate = 1, .burst = 2};
    c = rig_join(rig, 0, "lobby", "ann");
    rig_skip(rig, c);
    for (int i = 0; i < 2; i++)
        rig_say(c, "{\"type\":\"message\",\"body\":\"hi\"}");
    rig_turn(rig);
    rig_skip(rig, c);
    for (int i = 0; i < 1000 && !c->session->closing; i++) {
        rig_say(c, "{\"type\":\"message\",\"body\":\"hi\"}");
        rig_turn(rig);
        assert_non_null(strstr(rig_next(rig, c), "too fast"));
        errors++;
    }
    assert_in_range(errors, 10, 999);
    assert_memory_equal(rig_next(rig, c), "close 4429", 10);
}

static void a_slow_reader_is_shed_then_closed_and_hurts_nobody(void **state)
{
    struct rig *rig = *state;
    struct rig_client *slow = rig_join(rig, 0, "lobby", "slow");
    struct rig_client *ann = rig_join(rig, 0, "lobby", "ann");

    rig_advance(rig, USERS_INTERVAL_MS);
    rig_skip(rig, slow);
    rig_skip(rig, ann);
    /* 64 frames fit; over 32 no presence is taken. */
    for (int i = 0; i < 40; i++) {
        rig_say(ann, "{\"type\":\"message\",\"body\":\"hi\"}");
        rig_turn(rig);
        assert_non_null(strstr(rig_next(rig, ann), "\"message\""));
    }
    assert_int_equal(slow->session->ring.frames, 40);
    rig_join(rig, 1, "lobby", "bob");
    assert_int_equal(slow->session->ring.frames, 40);
    assert_non_null(strstr(rig_next(rig, ann), "bob"));
    rig_skip(rig, ann);
    for (int i = 0; i < 24; i++) {
        assert_false(slow->session->closing);
        rig_say(ann, "{\"type\":\"message\",\"body\":\"hi\"}");
        rig_turn(rig);
    }
    rig_say(ann, "{\"type\":\"message\",\"body\":\"hi\"}");
    rig_turn(rig);
    assert_true(slow->session->closing);
    assert_memory_equal(rig_next(rig, slow), "close 1013", 10);
    assert_next(rig, slow, "");
    for (int i = 0; i < 25; i++)
        assert_non_null(strstr(rig_next(rig, ann), "\"message\""));
    assert_next(rig, ann, "{\"type\":\"leave\",\"username\":\"slow\"}");
}

static void what_was_shed_is_made_good_by_a_snapshot(void **state)
{
    struct rig *rig = *state;
    struct rig_client *slow = rig_join(rig, 0, "lobby", "slow");
    struct rig_client *ann = rig_join(rig, 0, "lobby", "ann");

    rig_advance(rig, USERS_INTERVAL_MS);
    rig_skip(rig, slow);
    for (int i = 0; i < 40; i++)
        rig_say(ann, "{\"type\":\"message\",\"body\":\"hi\"}");
    rig_turn(rig);
    rig_join(rig, 1, "lobby", "bob");
    rig_advance(rig, USERS_INTERVAL_MS);
    for (int i = 0; i < 40; i++)
        assert_non_null(strstr(rig_next(rig, slow), "\"message\""));
    assert_next(rig, slow, "");
    rig_advance(rig, USERS_INTERVAL_MS);
    assert_next(rig, slow, "{\"type\":\"users\",\"users\":[\"slow\",\"ann\",\"bob\"]}");
}

static void many_slow_readers_closed_in_one_delivery_leave_a_sound_room(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = rig_join(rig, 0, "lobby", "ann");
    char name[16];

    for (int i = 0; i < 50; i++) {
        snprintf(name, sizeof name, "s%d", i);
        rig_join(rig, 0, "lobby", name);
        rig_skip(rig, ann);
    }
    for (int i = 0; i < 100; i++) {
        rig_say(ann, "{\"type\":\"message\",\"body\":\"hi\"}");
        rig_turn(rig);
        rig_skip(rig, ann);
    }
    rig_advance(rig, USERS_INTERVAL_MS);
    assert_next(rig, ann, "{\"type\":\"users\",\"users\":[\"ann\"]}");
    for (int i = 1; i <= 50; i++)
        assert_true(rig->clients[i].session->closing);
}

static void nothing_follows_the_close_frame(void **state)
{
    struct rig *rig = *state;
    struct rig_client *c = rig_join(rig, 0, "lobby", "ann");

    rig_skip(rig, c);
    session_close(c->session, CLOSE_GOING_AWAY, "stopping");
    rig_say(c, "{\"type\":\"message\",\"body\":\"late\"}");
    session_refuse(c->session, &(struct refusal){.text = "late"});
    session_close(c->session, CLOSE_BAD_REQUEST, "late");
    rig_turn(rig);
    assert_next(rig, c, "close 1001 stopping");
    assert_next(rig, c, "");
}

static void a_connection_that_ends_before_its_join_came_through_is_gone(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = rig_join(rig, 0, "lobby", "ann"), *ghost = rig_open(rig, 1, "lobby");
    struct rig_client *heir;

    rig_advance(rig, USERS_INTERVAL_MS);
    rig_skip(rig, ann);
    session_join(ghost->session, "ghost", 5);
    rig_drop(ghost);
    heir = rig_open(rig, 1, "lobby"); /* has the ghost's slot now, but not its generation */
    rig_turn(rig);
    assert_next(rig, ann, "{\"type\":\"join\",\"username\":\"ghost\"}");
    rig_skip(rig, ann);
    rig_say(ann, "{\"type\":\"message\",\"body\":\"hi\"}");
    rig_turn(rig);
    assert_next(rig, heir, "");
}

static void a_worker_that_is_too_far_behind_makes_senders_wait(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = rig_join(rig, 0, "lobby", "ann");
    struct rig_client *bob = rig_join(rig, 1, "lobby", "bob");

    rig_skip(rig, ann);
    for (int i = 0; i < 1000; i++) /* the rig's mailboxes take 1000 */
        rig_say(ann, "{\"type\":\"message\",\"body\":\"hi\"}");
    assert_int_equal(ann->session->ring.frames, 0);
    rig_say(ann, "{\"type\":\"message\",\"body\":\"one too many\"}");
    assert_non_null(strstr(rig_next(rig, ann), "Send it again"));
    assert_false(ann->session->closing);
    rig_drop(bob);
}

static void time_never_decreases_within_a_room(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = rig_join(rig, 0, "lobby", "ann");

    rig_skip(rig, ann);
    rig_say(ann, "{\"type\":\"message\",\"body\":\"1\"}");
    rig->shards[0].now.wall_ms -= 60000; /* somebody sets the clock */
    rig_say(ann, "{\"type\":\"message\",\"body\":\"2\"}");
    rig_turn(rig);
    assert_non_null(strstr(rig_next(rig, ann), "\"ts\":1690000000000"));
    assert_non_null(strstr(rig_next(rig, ann), "\"ts\":1690000000000"));
}

static void a_reader_with_nothing_waiting_is_never_slow(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann;
    char json[1100];

    rig->rules.ring.bytes = 500;
    ann = rig_join(rig, 0, "lobby", "ann");
    rig_skip(rig, ann);
    snprintf(json, sizeof json, "{\"type\":\"message\",\"body\":\"%0*d\"}", 1000, 0);
    rig_say(ann, json);
    rig_turn(rig);
    assert_non_null(strstr(rig_next(rig, ann), "\"message\""));
    assert_false(ann->session->closing);
}

static void a_snapshot_larger_than_a_ring_lets_people_join(void **state)
{
    struct rig *rig = *state;
    struct rig_client *last = NULL;
    char name[64];

    rig->rules.ring.bytes = 500;
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "somebody with a long name %d", i);
        last = rig_join(rig, 0, "lobby", name);
        rig_advance(rig, USERS_INTERVAL_MS);
        for (int k = 0; k < i; k++)
            rig_skip(rig, &rig->clients[k]);
        assert_non_null(strstr(rig_next(rig, last), "\"join\""));
        assert_non_null(strstr(rig_next(rig, last), "\"users\""));
        assert_false(last->session->closing);
    }
}

static void workers_whose_clocks_differ_do_not_multiply_snapshots(void **state)
{
    struct rig *rig = *state;
    struct rig_client *ann = rig_join(rig, 0, "lobby", "ann");

    rig_skip(rig, ann);
    rig->shards[1].now.mono_ms -= 1; /* it looked at the clock a moment earlier */
    rig_join(rig, 1, "lobby", "bob");
    assert_next(rig, ann, "{\"type\":\"join\",\"username\":\"bob\"}");
    assert_next(rig, ann, "");
    rig->shards[1].now.mono_ms += 1;
}

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
            assert_in_range(due, rig->now.mono_ms + 1, rig->now.mono_ms + TAIL_LOOK_MS);
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

#define chat_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        chat_test(a_joiner_gets_join_and_users),
        chat_test(all_members_on_all_workers_get_a_message_the_sender_too),
        chat_test(rooms_are_independent),
        chat_test(a_name_in_use_is_refused_and_its_holder_notices_nothing),
        chat_test(a_bad_name_closes_with_4400),
        chat_test(leave_is_told_to_those_who_stay),
        chat_test(users_are_in_join_order_and_snapshots_collapse),
        chat_test(in_a_large_room_only_the_joiner_gets_a_snapshot),
        chat_test(a_message_before_joining_is_an_error),
        chat_test(a_message_sent_right_behind_the_join_comes_after_it),
        chat_test(joining_twice_is_an_error),
        chat_test(no_join_in_time_closes_with_4408),
        chat_test(ten_faults_in_a_row_close_with_4400),
        chat_test(a_body_over_the_limit_is_refused_with_both_numbers),
        chat_test(invalid_utf8_closes_with_1007),
        chat_test(over_the_rate_is_refused_and_then_closed_with_4429),
        chat_test(a_slow_reader_is_shed_then_closed_and_hurts_nobody),
        chat_test(what_was_shed_is_made_good_by_a_snapshot),
        chat_test(many_slow_readers_closed_in_one_delivery_leave_a_sound_room),
        chat_test(nothing_follows_the_close_frame),
        chat_test(a_connection_that_ends_before_its_join_came_through_is_gone),
        chat_test(a_worker_that_is_too_far_behind_makes_senders_wait),
        chat_test(time_never_decreases_within_a_room),
        chat_test(a_reader_with_nothing_waiting_is_never_slow),
        chat_test(a_snapshot_larger_than_a_ring_lets_people_join),
        chat_test(workers_whose_clocks_differ_do_not_multiply_snapshots),
        chat_test(whoever_sees_a_hole_joins_once_more_and_nobody_else_notices),
        chat_test(joining_twice_without_since_is_an_error),
        chat_test(who_is_sent_away_while_it_waits_for_answers_is_read_to_its_end),
        chat_test(a_search_that_takes_too_long_is_told_when_to_try_again),
        chat_test(what_nobody_waits_for_any_more_is_dropped),
        chat_test(who_asks_for_long_lists_again_and_again_is_told_to_wait),
        chat_test(what_is_asked_is_answered_even_if_memory_is_short),
        chat_test(what_is_too_old_does_not_stay_in_memory),
        chat_test(of_what_is_over_the_limits_the_journal_tells),
        chat_test(rooms_in_which_nothing_was_said_are_found),
        chat_test(only_what_never_will_be_posted_is_learned_of_the_log),
        chat_test(of_what_was_missed_all_is_asked_for_or_nothing),
        chat_test(nobody_is_told_of_typing_while_a_worker_is_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
