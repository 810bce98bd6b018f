#include "support/cm.h"
#include "net/deadline.h"

static void first_is_the_one_that_waits_longest(void **state)
{
    struct deadline_queue q;
    struct deadline a, b;

    (void)state;
    deadline_queue_init(&q, 100);
    deadline_init(&a);
    deadline_init(&b);
    assert_null(deadline_first(&q));
    deadline_start(&a, &q, 1000);
    deadline_start(&b, &q, 1001);
    assert_ptr_equal(deadline_first(&q), &a);
    assert_int_equal(a.due_ms, 1100);
    deadline_start(&a, &q, 1002);
    assert_ptr_equal(deadline_first(&q), &b);
    deadline_cancel(&b);
    assert_ptr_equal(deadline_first(&q), &a);
    deadline_cancel(&a);
    deadline_cancel(&a); /* twice is once */
    assert_null(deadline_first(&q));
}

static void starting_in_another_queue_leaves_the_first(void **state)
{
    struct deadline_queue q, other;
    struct deadline a;

    (void)state;
    deadline_queue_init(&q, 100);
    deadline_queue_init(&other, 200);
    deadline_init(&a);
    deadline_start(&a, &q, 0);
    deadline_start(&a, &other, 0);
    assert_null(deadline_first(&q));
    assert_ptr_equal(deadline_first(&other), &a);
    assert_ptr_equal(a.queue, &other);
    deadline_cancel(&a);
}

static void nothing_is_ever_due_in_a_queue_that_is_off(void **state)
{
    struct deadline_queue off;
    struct deadline a;

    (void)state;
    deadline_queue_init(&off, 0);
    deadline_init(&a);
    deadline_start(&a, &off, 0);
    assert_null(deadline_first(&off));
    assert_ptr_equal(a.queue, &off);
    deadline_cancel(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_is_the_one_that_waits_longest),
        cmocka_unit_test(starting_in_another_queue_leaves_the_first),
        cmocka_unit_test(nothing_is_ever_due_in_a_queue_that_is_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
