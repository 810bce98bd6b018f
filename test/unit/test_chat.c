/* The chat as people live it, through the whole core: session, command, hub and shards of three
 * workers. */
#include "support/cm.h"
#include "support/chat_rig.h"
#include "core/hub.h"
#include "core/hub_state.h"

#include <stdio.h>
#include <string.h>

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
    assert_int_in_range(errors, 10, 999);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        RIG_TEST(a_joiner_gets_join_and_users),
        RIG_TEST(all_members_on_all_workers_get_a_message_the_sender_too),
        RIG_TEST(rooms_are_independent),
        RIG_TEST(a_name_in_use_is_refused_and_its_holder_notices_nothing),
        RIG_TEST(a_bad_name_closes_with_4400),
        RIG_TEST(leave_is_told_to_those_who_stay),
        RIG_TEST(users_are_in_join_order_and_snapshots_collapse),
        RIG_TEST(in_a_large_room_only_the_joiner_gets_a_snapshot),
        RIG_TEST(a_message_before_joining_is_an_error),
        RIG_TEST(a_message_sent_right_behind_the_join_comes_after_it),
        RIG_TEST(joining_twice_is_an_error),
        RIG_TEST(no_join_in_time_closes_with_4408),
        RIG_TEST(ten_faults_in_a_row_close_with_4400),
        RIG_TEST(a_body_over_the_limit_is_refused_with_both_numbers),
        RIG_TEST(invalid_utf8_closes_with_1007),
        RIG_TEST(over_the_rate_is_refused_and_then_closed_with_4429),
        RIG_TEST(a_slow_reader_is_shed_then_closed_and_hurts_nobody),
        RIG_TEST(what_was_shed_is_made_good_by_a_snapshot),
        RIG_TEST(many_slow_readers_closed_in_one_delivery_leave_a_sound_room),
        RIG_TEST(nothing_follows_the_close_frame),
        RIG_TEST(a_connection_that_ends_before_its_join_came_through_is_gone),
        RIG_TEST(a_worker_that_is_too_far_behind_makes_senders_wait),
        RIG_TEST(time_never_decreases_within_a_room),
        RIG_TEST(a_reader_with_nothing_waiting_is_never_slow),
        RIG_TEST(a_snapshot_larger_than_a_ring_lets_people_join),
        RIG_TEST(workers_whose_clocks_differ_do_not_multiply_snapshots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
