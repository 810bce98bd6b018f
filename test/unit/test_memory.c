#include "unit/journal_contract_rig.h"
#include "base/clock.h"
#include "base/mem.h"
#include "journal/memory.h"

#include <stdio.h>
#include <string.h>

/* What the contract leaves to each journal: here the bounds, and that they cannot be mistaken for a
 * past in which nothing happened. */

static struct journal *create(void *arg, const struct journal_listener *listener)
{
    return memory_journal_create(arg, listener, 0xabcdef);
}

static void destroy(void *arg, struct journal *j)
{
    (void)arg;
    j->ops->destroy(j);
}

static const struct journal_factory *factory_of(struct memory_limits *limits)
{
    static struct journal_factory factory;

    factory = (struct journal_factory){create, NULL, destroy, limits};
    return &factory;
}

/* What the hub says to one who comes back: all that you missed is in the answer. */
static bool is_recoverable(const struct journal_head *head, uint64_t since)
{
    return since >= head->oldest - 1 && since <= head->seq;
}

static void the_epoch_is_the_one_it_was_given(void **state)
{
    struct memory_limits limits = {.events = 1, .rooms = 1};
    struct journal_rig rig;

    (void)state;
    journal_rig_open(&rig, factory_of(&limits));
    assert_int_equal(rig.journal->epoch, 0xabcdef);
    journal_rig_close(&rig);
}

static void a_room_keeps_its_newest_events(void **state)
{
    (void)state;
    for (uint32_t keep = 1; keep <= 70; keep++) {
        struct memory_limits limits = {.events = keep, .rooms = 10};
        struct journal_rig r;

        journal_rig_open(&r, factory_of(&limits));
        for (uint64_t n = 1; n <= 150; n++) {
            struct journal_head head;
            struct query *q;

            assert_int_equal(rig_keep(&r, rig_message("tea", r.ann, "x")).seq, n);
            head = rig_head(&r, "tea");
            assert_int_equal(head.seq, n);
            assert_int_equal(head.oldest, n > keep ? n - keep + 1 : 1);
            if (n % 10 != 0)
                continue;
            q = rig_events(&r, "tea", 0);
            assert_int_equal(q->item_count, n + 1 - head.oldest);
            for (size_t i = 0; i < q->item_count; i++)
                assert_int_equal(q->items[i]->seq, head.oldest + i);
            query_free(q);
            q = rig_page(&r, "tea", PAGE_LAST, 0, 200);
            assert_int_equal(q->item_count, n + 1 - head.oldest);
            assert_false(q->more);
            query_free(q);
        }
        journal_rig_close(&r);
    }
}

static void what_is_cut_is_forgotten_with_all_that_was_known_of_it(void **state)
{
    struct memory_limits limits = {.events = 4, .rooms = 10};
    struct journal_rig r;
    struct message_id id;
    struct query *q;

    (void)state;
    journal_rig_open(&r, factory_of(&limits));
    id = rig_keep(&r, rig_with_cid(rig_message("tea", r.ann, "cut"), "c")).id;
    rig_keep(&r, rig_react("tea", r.bob, id, "x", true));
    rig_keep(&r, rig_about(EVENT_EDIT, "tea", r.ann, id, "cut soon"));
    rig_repeat(&r, rig_with_cid(rig_message("tea", r.ann, "cut"), "c"));
    rig_keep(&r, rig_reply(rig_message("tea", r.bob, "x"), 1));
    rig_keep(&r, rig_message("tea", r.bob, "x")); /* the fifth */

    rig_refuse(&r, rig_about(EVENT_EDIT, "tea", r.ann, id, "y"), ERR_NOT_FOUND);
    rig_refuse(&r, rig_about(EVENT_DELETE, "tea", r.ann, id, ""), ERR_NOT_FOUND);
    rig_refuse(&r, rig_react("tea", r.bob, id, "x", true), ERR_NOT_FOUND);
    rig_refuse(&r, rig_reply(rig_message("tea", r.bob, "x"), 1), ERR_NOT_FOUND);
    assert_int_equal(rig_keep(&r, rig_with_cid(rig_message("tea", r.ann, "new"), "c")).seq, 6);
    q = rig_search(&r, "tea", "cut", 10);
    assert_int_equal(q->item_count, 0);
    query_free(q);
    q = rig_events(&r, "tea", 0);
    assert_int_equal(q->item_count, 4);
    assert_int_equal(q->items[0]->type, EVENT_EDIT);
    query_free(q);
    journal_rig_close(&r);
}

/* The event that is done to a message may be the one that cuts the message. */
static void a_message_may_be_cut_by_what_is_done_to_it(void **state)
{
    static const enum event_type types[] = {EVENT_EDIT, EVENT_DELETE, EVENT_REACT};
    struct memory_limits limits = {.events = 1, .rooms = 10};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct journal_rig r;
        struct message_id id;
        struct event *e;

        journal_rig_open(&r, factory_of(&limits));
        id = rig_keep(&r, rig_with_cid(rig_message("tea", r.ann, "x"), "1")).id;
        e = rig_with_cid(rig_about(types[i], "tea", r.ann, id, "y"), "2");
        e->on = true;
        assert_int_equal(rig_keep(&r, e).seq, 2);
        assert_int_equal(rig_head(&r, "tea").oldest, 2);
        query_free(rig_events(&r, "tea", 0));
        rig_keep(&r, rig_with_cid(rig_message("tea", r.ann, "x"), "1"));
        journal_rig_close(&r);
    }
}

/* Long enough for the ring to go round many times, and for chains of cids to be cut in the middle. */
static void cids_are_known_exactly_as_long_as_their_events(void **state)
{
    struct memory_limits limits = {.events = 100, .rooms = 10};
    struct journal_rig r;
    char cid[32];

    (void)state;
    journal_rig_open(&r, factory_of(&limits));
    for (int i = 0; i < 1000; i++) {
        snprintf(cid, sizeof cid, "%d", i);
        rig_keep(&r, rig_with_cid(rig_message("tea", r.ann, "x"), cid));
        if (i >= 99) {
            snprintf(cid, sizeof cid, "%d", i - 99);
            rig_repeat(&r, rig_with_cid(rig_message("tea", r.ann, "x"), cid));
        }
    }
    for (int i = 0; i < 900; i++) {
        snprintf(cid, sizeof cid, "%d", i);
        rig_keep(&r, rig_with_cid(rig_message("tea", r.ann, "x"), cid));
    }
    journal_rig_close(&r);
}

static void the_room_that_was_silent_for_longest_goes_as_a_whole(void **state)
{
    struct memory_limits limits = {.events = 10, .rooms = 2};
    struct journal_rig r;
    struct message_id tea;
    struct journal_head head;

    (void)state;
    journal_rig_open(&r, factory_of(&limits));
    tea = rig_keep(&r, rig_with_cid(rig_message("tea", r.ann, "x"), "c")).id;
    rig_keep(&r, rig_message("milk", r.ann, "x"));
    rig_keep(&r, rig_react("tea", r.ann, tea, "x", true));
    rig_keep(&r, rig_message("sugar", r.ann, "x"));
    assert_int_equal(rig_head(&r, "milk").room, 0);
    assert_int_equal(rig_head(&r, "tea").seq, 2);
    rig_refuse(&r, rig_reply(rig_message("milk", r.ann, "x"), 1), ERR_NOT_FOUND);
    assert_int_equal(rig_head(&r, "tea").seq, 2); /* what is refused drops nothing */
    rig_keep(&r, rig_message("milk", r.ann, "x"));
    assert_int_equal(rig_head(&r, "tea").room, 0);

    rig_keep(&r, rig_with_cid(rig_message("tea", r.ann, "x"), "c"));
    head = rig_head(&r, "tea");
    assert_int_not_equal(head.room, tea.room);
    rig_refuse(&r, rig_react("tea", r.ann, tea, "x", true), ERR_NOT_FOUND);
    tea.seq = head.seq;
    rig_refuse(&r, rig_react("tea", r.ann, tea, "x", true), ERR_NOT_FOUND);
    journal_rig_close(&r);
}

/* Rooms come and go; whatever somebody saw last, he is told that nothing is missing only if that is so. */
static void all_rooms_together_keep_so_many_bytes(void **state)
{
    struct memory_limits limits = {.events = 1000, .rooms = 100, .bytes = 100000};
    struct journal_rig r;
    struct journal_head head;
    char body[10001];

    (void)state;
    journal_rig_open(&r, factory_of(&limits));
    snprintf(body, sizeof body, "%0*d", (int)sizeof body - 1, 0);
    rig_keep(&r, rig_message("silent", r.ann, "x"));
    rig_keep(&r, rig_message("tea", r.ann, "x"));
    for (int i = 0; i < 20; i++) {
        rig_keep(&r, rig_message("loud", r.ann, body));
        if (i == 1) /* there is room for both yet */
            rig_keep(&r, rig_message("tea", r.ann, "y"));
    }
    assert_int_equal(rig_head(&r, "silent").room, 0);
    assert_int_equal(rig_head(&r, "tea").room, 0);
    head = rig_head(&r, "loud");
    assert_int_equal(head.seq, 20);
    assert_int_in_range(head.seq - head.oldest, 2, 4);
    journal_rig_close(&r);
}

static void the_newest_event_is_kept_whatever_its_size(void **state)
{
    struct memory_limits limits = {.events = 1000, .rooms = 100, .bytes = 1};
    struct journal_rig r;
    struct journal_head head;

    (void)state;
    journal_rig_open(&r, factory_of(&limits));
    for (int i = 0; i < 3; i++)
        rig_keep(&r, rig_message("tea", r.ann, "x"));
    head = rig_head(&r, "tea");
    assert_int_equal(head.seq, 3);
    assert_int_equal(head.oldest, 3);
    journal_rig_close(&r);
}

static void nobody_is_told_that_nothing_is_missing_when_a_room_was_dropped(void **state)
{
    static const char *const rooms[] = {"a", "b", "c", "d", "e"};
    enum { ROOMS = 5, ROUNDS = 5000, SEEN = 4 };
    struct memory_limits limits = {.events = 8, .rooms = 3};
    struct {
        size_t events;         /* that ever were */
        uint64_t seqs[ROUNDS]; /* of all of them, in order */
        struct {
            uint64_t seq;
            size_t events;
        } seen[SEEN]; /* what some left with */
    } *logs = mem_alloc(ROOMS * sizeof *logs);
    struct journal_rig r;
    unsigned random = 1;
    size_t recovered = 0;

    (void)state;
    journal_rig_open(&r, factory_of(&limits));
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t n = (random = random * 1103515245 + 12345) >> 16 & 0x7fff, who = n % SEEN;
        size_t room = round / 40 % 2 == 0 ? n % ROOMS : n % 2;
        struct journal_head head;

        logs[room].seqs[logs[room].events++] =
            rig_keep(&r, rig_message(rooms[room], r.ann, "x")).seq;
        room = n / 7 % ROOMS;
        head = rig_head(&r, rooms[room]);
        /* one comes back */
        if (is_recoverable(&head, logs[room].seen[who].seq)) {
            struct query *q = rig_events(&r, rooms[room], logs[room].seen[who].seq);

            assert_int_equal(q->item_count, logs[room].events - logs[room].seen[who].events);
            for (size_t i = 0; i < q->item_count; i++)
                assert_int_equal(q->items[i]->seq,
                                 logs[room].seqs[logs[room].seen[who].events + i]);
            recovered += q->item_count != 0;
            query_free(q);
        }
        /* and leaves again */
        if (n % 3 == 0) {
            logs[room].seen[who].seq = head.seq;
            logs[room].seen[who].events = logs[room].events;
        }
    }
    assert_true(recovered > 200);
    journal_rig_close(&r);
    mem_free(logs);
}

static void ts_does_not_go_back_with_a_new_log(void **state)
{
    struct memory_limits limits = {.events = 8, .rooms = 1};
    struct journal_rig r;
    uint64_t ts;

    (void)state;
    journal_rig_open(&r, factory_of(&limits));
    ts = rig_keep(&r, rig_message("tea", r.ann, "x")).ts;
    r.now -= 1000;
    rig_keep(&r, rig_message("milk", r.ann, "x"));
    assert_int_equal(rig_keep(&r, rig_message("tea", r.ann, "x")).ts, ts);
    journal_rig_close(&r);
}

static void what_is_too_old_goes(void **state)
{
    struct memory_limits limits = {.events = 100, .rooms = 10, .max_age_ms = 60000};
    struct journal_rig r;
    struct query *q;

    (void)state;
    journal_rig_open(&r, factory_of(&limits));
    r.now = clock_wall_ms() - 61000;
    for (int i = 0; i < 20; i++)
        rig_keep(&r, rig_message("tea", r.ann, "x"));
    r.now = clock_wall_ms() - 30000; /* the others' time is over when the clock is looked at */
    for (int i = 0; i < 5; i++)
        rig_keep(&r, rig_message("milk", r.ann, "x"));
    rig_keep(&r, rig_message("tea", r.ann, "x"));
    assert_int_equal(rig_head(&r, "tea").oldest, 21);
    assert_int_equal(rig_head(&r, "tea").seq, 21);
    assert_int_equal(rig_head(&r, "milk").oldest, 1);
    q = rig_search(&r, "tea", "x", 100);
    assert_int_equal(q->item_count, 1);
    query_free(q);
    /* an empty room goes on where it was */
    r.now += 91000;
    assert_int_equal(rig_keep(&r, rig_message("milk", r.ann, "x")).seq, 6);
    assert_int_equal(rig_keep(&r, rig_message("tea", r.ann, "x")).seq, 22);
    assert_int_equal(rig_head(&r, "tea").oldest, 22);
    journal_rig_close(&r);
}

/* A message that was not changed is told by the event itself: nothing is copied, and its text is written
 * once. So is a changed one until it changes again. */
static void what_did_not_change_is_not_copied(void **state)
{
    struct memory_limits limits = {.events = 8, .rooms = 1};
    struct journal_rig r;
    struct message_id id;
    struct query *q[3];

    (void)state;
    journal_rig_open(&r, factory_of(&limits));
    id = rig_keep(&r, rig_message("tea", r.ann, "x")).id;
    rig_keep(&r, rig_message("tea", r.ann, "y"));
    rig_keep(&r, rig_about(EVENT_EDIT, "tea", r.ann, id, "z"));
    q[0] = rig_page(&r, "tea", PAGE_LAST, 0, 10);
    q[1] = rig_events(&r, "tea", 0);
    assert_ptr_equal(q[0]->items[1], r.results[1].event);
    assert_ptr_equal(q[1]->items[1], r.results[1].event);
    assert_ptr_equal(q[1]->items[2], r.results[2].event);
    assert_ptr_not_equal(q[0]->items[0], r.results[0].event);
    assert_ptr_equal(q[0]->items[0], q[1]->items[0]);
    rig_keep(&r, rig_react("tea", r.ann, id, "z", true));
    q[2] = rig_page(&r, "tea", PAGE_LAST, 0, 10);
    assert_ptr_not_equal(q[2]->items[0], q[0]->items[0]);
    for (int i = 0; i < 3; i++)
        query_free(q[i]);
    journal_rig_close(&r);
}

/* A search gives up after so much text, and says that there is more. */
static void a_search_has_its_limits(void **state)
{
    struct memory_limits limits = {.events = 1000, .rooms = 1};
    char *large = mem_alloc(16385);
    struct journal_rig r;
    struct query *q;

    (void)state;
    journal_rig_open(&r, factory_of(&limits));
    memset(large, 'x', 16384);
    rig_keep(&r, rig_message("tea", r.ann, "needle"));
    for (int i = 0; i < 900; i++)
        rig_keep(&r, rig_message("tea", r.ann, large));
    rig_keep(&r, rig_message("tea", r.ann, "needle"));
    q = rig_search(&r, "tea", "needle", 10);
    assert_int_equal(q->item_count, 1);
    assert_int_equal(q->items[0]->seq, 902);
    assert_true(q->more);
    query_free(q);
    journal_rig_close(&r);
    mem_free(large);
}

int main(void)
{
    struct memory_limits limits = {.events = 20000, .rooms = 100};
    const struct journal_factory factory = {create, NULL, destroy, &limits};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_epoch_is_the_one_it_was_given),
        cmocka_unit_test(a_room_keeps_its_newest_events),
        cmocka_unit_test(what_is_cut_is_forgotten_with_all_that_was_known_of_it),
        cmocka_unit_test(a_message_may_be_cut_by_what_is_done_to_it),
        cmocka_unit_test(cids_are_known_exactly_as_long_as_their_events),
        cmocka_unit_test(the_room_that_was_silent_for_longest_goes_as_a_whole),
        cmocka_unit_test(all_rooms_together_keep_so_many_bytes),
        cmocka_unit_test(the_newest_event_is_kept_whatever_its_size),
        cmocka_unit_test(nobody_is_told_that_nothing_is_missing_when_a_room_was_dropped),
        cmocka_unit_test(ts_does_not_go_back_with_a_new_log),
        cmocka_unit_test(what_is_too_old_goes),
        cmocka_unit_test(what_did_not_change_is_not_copied),
        cmocka_unit_test(a_search_has_its_limits),
    };

    return journal_contract_run(&factory) + cmocka_run_group_tests(tests, NULL, NULL);
}
