#include "support/cm.h"
#include "base/list.h"

#include <stdlib.h>

struct element {
    int number;
    struct list link;
};

/* Fails unless the list holds exactly these numbers, both ways. */
static void expect_numbers(struct list *head, const int *numbers, size_t count)
{
    size_t i = 0;
    struct list *p;

    for (p = head->next; p != head; p = p->next) {
        assert_true(i < count);
        assert_int_equal(LIST_ENTRY(p, struct element, link)->number, numbers[i++]);
    }
    assert_int_equal(i, count);
    for (p = head->prev; p != head; p = p->prev)
        assert_int_equal(LIST_ENTRY(p, struct element, link)->number, numbers[--i]);
    assert_int_equal(i, 0);
    assert_int_equal(list_empty(head), count == 0);
}

#define EXPECT(head, ...)                                                                          \
    expect_numbers(head, (const int[]){__VA_ARGS__},                                               \
                   sizeof((const int[]){__VA_ARGS__}) / sizeof(int))

static void appends_at_the_end_and_removes_anywhere(void **state)
{
    struct element e[4] = {{.number = 0}, {.number = 1}, {.number = 2}, {.number = 3}};
    struct list head;

    (void)state;
    list_init(&head);
    expect_numbers(&head, NULL, 0);
    for (size_t i = 0; i < 4; i++)
        list_append(&head, &e[i].link);
    EXPECT(&head, 0, 1, 2, 3);
    list_remove(&e[1].link);
    EXPECT(&head, 0, 2, 3);
    list_remove(&e[0].link);
    list_remove(&e[3].link);
    EXPECT(&head, 2);
    list_append(&head, &e[0].link);
    EXPECT(&head, 2, 0);
    list_remove(&e[2].link);
    list_remove(&e[0].link);
    expect_numbers(&head, NULL, 0);
}

static void removing_twice_does_no_harm(void **state)
{
    struct element a = {.number = 1}, b = {.number = 2};
    struct list head;

    (void)state;
    list_init(&head);
    list_append(&head, &a.link);
    list_append(&head, &b.link);
    list_remove(&a.link);
    list_remove(&a.link);
    assert_true(list_empty(&a.link));
    EXPECT(&head, 2);
}

static void a_walk_may_remove_and_free_its_element(void **state)
{
    struct list head;
    int sum = 0;

    (void)state;
    list_init(&head);
    for (int i = 1; i <= 5; i++) {
        struct element *e = malloc(sizeof *e);

        e->number = i;
        list_append(&head, &e->link);
    }
    LIST_EACH(&head, pos, after)
    {
        struct element *e = LIST_ENTRY(pos, struct element, link);

        sum += e->number;
        list_remove(pos);
        free(e);
    }
    assert_int_equal(sum, 15);
    assert_true(list_empty(&head));
}

static void taking_moves_all_in_order(void **state)
{
    struct element e[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    struct list from, to;

    (void)state;
    list_init(&from);
    list_init(&to);
    list_take(&from, &to);
    expect_numbers(&to, NULL, 0);
    for (size_t i = 0; i < 3; i++)
        list_append(&from, &e[i].link);
    list_take(&from, &to);
    EXPECT(&to, 1, 2, 3);
    expect_numbers(&from, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_at_the_end_and_removes_anywhere),
        cmocka_unit_test(removing_twice_does_no_harm),
        cmocka_unit_test(a_walk_may_remove_and_free_its_element),
        cmocka_unit_test(taking_moves_all_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
