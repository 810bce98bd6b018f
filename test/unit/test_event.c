#include "support/cm.h"
#include "base/mem.h"
#include "core/event.h"
#include "core/name.h"
#include "core/ports.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct username *user_of(const char *text)
{
    return username_restore(text, strlen(text), text, strlen(text));
}

static void an_event_has_its_own_copy_of_the_body(void **state)
{
    char body[] = "a\0b";
    struct event *e = event_with_body(EVENT_MESSAGE, NULL, body, 3);

    (void)state;
    body[0] = 'x';
    assert_int_equal(e->type, EVENT_MESSAGE);
    assert_int_equal(e->body_length, 3);
    assert_memory_equal(e->body, "a\0b", 4);
    assert_null(e->user);
    assert_int_equal(e->refs, 1);
    event_unref(&e);
    assert_null(e);
    event_unref(&e);

    e = event_make(EVENT_JOIN, NULL);
    assert_int_equal(e->body_length, 0);
    assert_string_equal(e->body, "");
    event_unref(&e);
}

static void a_fresh_event_says_nothing(void **state)
{
    struct event *e = event_make(EVENT_EDIT, NULL);

    (void)state;
    assert_int_equal(e->outcome, OK);
    assert_false(e->is_repeat);
    assert_int_equal(e->seq, 0);
    assert_int_equal(e->reply_to, 0);
    assert_int_equal(e->origin.generation, 0);
    assert_null(e->cid);
    assert_null(e->state);
    assert_null(e->query);
    assert_null(e->room);
    assert_null(event_cache(e, NULL));
    event_unref(&e);
}

static void only_four_types_are_stored(void **state)
{
    (void)state;
    for (int type = 0; type < EVENT_TYPES; type++)
        assert_int_equal(event_type_is_durable((enum event_type)type),
                         type == EVENT_MESSAGE || type == EVENT_EDIT || type == EVENT_DELETE ||
                             type == EVENT_REACT);
}

/* Whatever an event may own: a sanitizer finds what is not freed, or is freed twice. */
static void the_last_reference_frees_all_that_it_owns(void **state)
{
    struct username *ann = user_of("ann");
    struct event *e = event_with_body(EVENT_JOIN, ann, "x", 1), *again = event_ref(e);
    struct event *missed = event_make(EVENT_MESSAGE, ann);
    struct reaction *reaction;

    (void)state;
    assert_true(event_set_cid(e, "cid", 2));
    assert_string_equal(e->cid, "ci");
    assert_true(event_reserve_users(e, 2));
    e->users[e->user_count++] = username_ref(ann);
    e->users[e->user_count++] = username_ref(ann);
    e->missed = mem_alloc(sizeof *e->missed);
    e->missed[e->missed_count++] = event_ref(missed);
    e->query = query_make(QUERY_PAGE, e->origin, "tea");
    assert_true(query_add_item(e->query, event_ref(missed), NULL));
    e->state = message_state_make();
    assert_int_equal(e->state->reaction_count, 0);
    reaction = e->state->reactions = mem_alloc(sizeof *reaction);
    e->state->reaction_count = 1;
    reaction->emoji = mem_strdup("x");
    reaction->usernames = mem_alloc(sizeof(char *));
    reaction->usernames[reaction->count++] = mem_strdup("ann");
    assert_non_null(event_cache(e, mem_strdup("text")));
    assert_int_equal(ann->refs, 5);

    event_unref(&e);
    assert_int_equal(again->refs, 1);
    assert_int_equal(missed->refs, 3);
    event_unref(&again);
    assert_int_equal(missed->refs, 1);
    event_unref(&missed);
    assert_int_equal(ann->refs, 1);
    username_unref(&ann);
    message_state_free(NULL);
}

static void room_for_no_users_is_room(void **state)
{
    struct event *e = event_make(EVENT_USERS, NULL);

    (void)state;
    assert_true(event_reserve_users(e, 0));
    assert_int_equal(e->user_count, 0);
    event_unref(&e);
}

static void the_first_text_is_kept(void **state)
{
    struct event *e = event_make(EVENT_MESSAGE, NULL);
    char *first = mem_strdup("first");

    (void)state;
    assert_null(event_cache(e, NULL));
    assert_ptr_equal(event_cache(e, first), first);
    assert_ptr_equal(event_cache(e, mem_strdup("second")), first);
    assert_ptr_equal(event_cache(e, NULL), first);
    event_unref(&e);
}

/* ---- several threads ---- */

enum { THREADS = 4, TURNS = 20000 };

struct turner {
    pthread_t thread;
    struct event *event;
    const char *text;
    int number;
};

static void *turn(void *arg)
{
    struct turner *t = arg;
    char text[32];

    snprintf(text, sizeof text, "text of %d", t->number);
    t->text = event_cache(t->event, mem_strdup(text));
    for (int i = 0; i < TURNS; i++) {
        struct event *e = event_ref(t->event);

        event_unref(&e);
    }
    return NULL;
}

static void threads_share_an_event_and_its_text(void **state)
{
    struct event *e = event_make(EVENT_MESSAGE, NULL);
    struct turner turners[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        turners[i] = (struct turner){.event = event_ref(e), .number = i};
        assert_int_equal(pthread_create(&turners[i].thread, NULL, turn, &turners[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(turners[i].thread, NULL);
    for (int i = 0; i < THREADS; i++) {
        assert_ptr_equal(turners[i].text, event_cache(e, NULL));
        event_unref(&turners[i].event);
    }
    assert_int_equal(e->refs, 1);
    event_unref(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_has_its_own_copy_of_the_body),
        cmocka_unit_test(a_fresh_event_says_nothing),
        cmocka_unit_test(only_four_types_are_stored),
        cmocka_unit_test(the_last_reference_frees_all_that_it_owns),
        cmocka_unit_test(room_for_no_users_is_room),
        cmocka_unit_test(the_first_text_is_kept),
        cmocka_unit_test(threads_share_an_event_and_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
