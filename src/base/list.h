/* list - a doubly linked ring with the links inside the elements (as in the Linux kernel's
 * lists).
 * Threads:    none of its own; the owner of the list says which lock covers it.
 * Owns:       nothing: linking and unlinking never allocates.
 * Invariant:  an unlinked element points at itself, so list_remove may be called twice.
 * Fails:      never. */
#ifndef HUBBUB_BASE_LIST_H
#define HUBBUB_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

/* The element of the given type that holds the link at p in its member. */
#define LIST_ENTRY(p, type, member) ((type *)(void *)(((char *)(p)) - offsetof(type, member)))

/* Walks all elements; the one at pos may be removed (and freed) inside the body. */
#define LIST_EACH(head, pos, after)                                                                \
    for (struct list *pos = (head)->next, *after = pos->next; pos != (head);                       \
         pos = after, after = pos->next)

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

static inline void list_append(struct list *head, struct list *element)
{
    element->prev = head->prev;
    element->next = head;
    head->prev->next = element;
    head->prev = element;
}

static inline void list_prepend(struct list *head, struct list *element)
{
    list_append(head->next, element);
}

static inline void list_remove(struct list *element)
{
    element->prev->next = element->next;
    element->next->prev = element->prev;
    list_init(element);
}

/* Moves all elements of from, in order, to the end of to. */
static inline void list_take(struct list *from, struct list *to)
{
    if (list_empty(from))
        return;
    from->next->prev = to->prev;
    from->prev->next = to;
    to->prev->next = from->next;
    to->prev = from->prev;
    list_init(from);
}

#endif
