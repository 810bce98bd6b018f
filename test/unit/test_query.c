#include "support/cm.h"
#include "base/mem.h"
#include "core/ports.h"

#include <stdio.h>
#include <string.h>

static const struct session_id asker = {1, 2, 3};

static void a_query_has_what_it_was_made_with(void **state)
{
    struct query *q = query_make(QUERY_PAGE, asker, "tea");

    (void)state;
    assert_int_equal(q->kind, QUERY_PAGE);
    assert_memory_equal(&q->origin, &asker, sizeof asker);
    assert_int_equal(q->room_count, 1);
    assert_string_equal(q->rooms[0], "tea");
    assert_int_equal(q->outcome, OK);
    assert_int_equal(q->item_count, 0);
    assert_int_equal(q->before.epoch, 0);
    assert_false(q->more);
    query_free(q);
    q = query_make(QUERY_ROOMS, asker, NULL);
    assert_int_equal(q->room_count, 0);
    query_free(q);
    query_free(NULL);
}

static void rooms_are_kept_in_order_as_copies(void **state)
{
    struct query *q = query_make(QUERY_SEARCH, asker, NULL);
    char name[16];

    (void)state;
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "room%d", i);
        query_add_room(q, name);
    }
    assert_int_equal(q->room_count, 100);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "room%d", i);
        assert_string_equal(q->rooms[i], name);
    }
    query_free(q);
}

/* Over all the sizes at which the arrays grow; a sanitizer sees a write past their end. */
static void items_are_kept_in_order_and_let_go_at_the_end(void **state)
{
    (void)state;
    for (size_t count = 0; count <= 66; count++) {
        struct query *page = query_make(QUERY_PAGE, asker, "tea");
        struct query *search = query_make(QUERY_SEARCH, asker, NULL);
        struct event *e = event_make(EVENT_MESSAGE, NULL);
        char name[16];

        for (size_t i = 0; i < count; i++) {
            snprintf(name, sizeof name, "room%zu", i);
            assert_true(query_add_item(page, event_ref(e), NULL));
            assert_true(query_add_item(search, event_ref(e), name));
        }
        assert_int_equal(e->refs, 2 * count + 1);
        assert_int_equal(page->item_count, count);
        assert_null(page->item_rooms);
        for (size_t i = 0; i < count; i++) {
            snprintf(name, sizeof name, "room%zu", i);
            assert_ptr_equal(page->items[i], e);
            assert_string_equal(search->item_rooms[i], name);
        }
        query_free(page);
        query_free(search);
        assert_int_equal(e->refs, 1);
        event_unref(&e);
    }
}

/* A page that is cut and filled again does not outgrow its array. */
static void items_may_be_taken_away_at_the_end_and_added_again(void **state)
{
    struct query *q = query_make(QUERY_PAGE, asker, "tea");

    (void)state;
    for (size_t round = 1; round <= 40; round++) {
        while (q->item_count < round)
            assert_true(query_add_item(q, event_make(EVENT_MESSAGE, NULL), NULL));
        for (size_t i = 0; i < round / 2; i++)
            event_unref(&q->items[--q->item_count]);
    }
    query_free(q);
}

static void infos_are_copies(void **state)
{
    struct query *q = query_make(QUERY_ROOMS, asker, NULL);
    char name[16], topic[16];

    (void)state;
    for (uint64_t i = 0; i < 66; i++) {
        snprintf(name, sizeof name, "room%d", (int)i);
        snprintf(topic, sizeof topic, "of %d", (int)i);
        assert_true(query_add_info(q, name, topic, i, 2 * i));
    }
    assert_int_equal(q->info_count, 66);
    for (uint64_t i = 0; i < 66; i++) {
        snprintf(name, sizeof name, "room%d", (int)i);
        snprintf(topic, sizeof topic, "of %d", (int)i);
        assert_string_equal(q->infos[i].name, name);
        assert_string_equal(q->infos[i].topic, topic);
        assert_int_equal(q->infos[i].seq, i);
        assert_int_equal(q->infos[i].ts, 2 * i);
    }
    query_free(q);
}

static void a_query_frees_what_the_asker_gave_it(void **state)
{
    struct query *q = query_make(QUERY_SEARCH, asker, "tea");

    (void)state;
    q->cid = mem_strdup("cid");
    q->text = mem_strdup("text");
    query_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_has_what_it_was_made_with),
        cmocka_unit_test(rooms_are_kept_in_order_as_copies),
        cmocka_unit_test(items_are_kept_in_order_and_let_go_at_the_end),
        cmocka_unit_test(items_may_be_taken_away_at_the_end_and_added_again),
        cmocka_unit_test(infos_are_copies),
        cmocka_unit_test(a_query_frees_what_the_asker_gave_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
