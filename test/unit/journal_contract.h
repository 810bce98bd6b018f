/* The contract of core/ports.h as tests that every journal passes. A journal brings a factory and its own
 * program, whose main runs journal_contract_run.
 *
 * What ports.h leaves open is decided so:
 * - reply_to and the id of an edit, delete or react must name a message whose event is kept; an edit is
 *   no message.
 * - a cid is looked at before anything else, and whatever the type; one that was refused is free again.
 * - a reaction that changes nothing has a seq from that of its message to that of the room's head.
 * - an emoji that nobody uses any more is gone; who uses it again comes last.
 * - what was deleted is told to nobody any more: not in a page, a search or QUERY_EVENTS, and neither is
 *   what an edit had made of it.
 * - PAGE_AROUND gives (limit + 1) / 2 messages up to seq and limit / 2 above, each if there are so many.
 * - a word of a search is found where a word begins with it; what has no words finds nothing.
 * - bytes_max counts the bodies of the items, as JSON writes them, and their reactions; the item that would exceed it is left for later. */
#ifndef HUBBUB_TEST_JOURNAL_CONTRACT_H
#define HUBBUB_TEST_JOURNAL_CONTRACT_H

#include "core/ports.h"

struct journal_factory {
    /* An empty journal that keeps at least 20,000 events a room and calls this listener; NULL: it could
     * not be made. */
    struct journal *(*create)(void *arg, const struct journal_listener *listener);
    /* Destroys a stopped journal and opens what it has stored. NULL: it stores nothing. */
    struct journal *(*reopen)(void *arg, struct journal *j,
                              const struct journal_listener *listener);
    /* Destroys a stopped journal and removes what it has stored. */
    void (*destroy)(void *arg, struct journal *j);
    void *arg;
};

/* All tests; returns how many failed. */
int journal_contract_run(const struct journal_factory *factory);

#endif
