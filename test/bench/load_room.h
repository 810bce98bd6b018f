/* load_room - what was delivered to a room, and whether each member got exactly that.
 * Threads:    one.
 * Owns:       the rooms' records, until the program ends.
 * Invariant:  the first member to get a message writes the room's record; everybody else must get
 *             the same bytes at the same place. A sender's messages are numbered without a hole.
 *             So a message that is lost, doubled, changed or out of order is noticed at once.
 * Fails:      a mistake of the server ends the program with exit code 1 and a text. */
#ifndef HUBBUB_BENCH_LOAD_ROOM_H
#define HUBBUB_BENCH_LOAD_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entry {
    size_t offset; /* in the record's bytes */
    uint32_t length;
    uint32_t sender;
    uint64_t sent_ns;
};

struct load_room {
    char name[24];
    size_t members;
    struct entry *entries; /* owned */
    size_t count, capacity;
    char *bytes; /* owned: the payloads one after another */
    size_t bytes_length, bytes_capacity;
    uint64_t joins; /* join events seen by all members together */
};

/* One client that sends, as the check knows it. */
struct sender {
    const struct load_room *room; /* borrowed: the only one where its messages may be seen */
    uint32_t client;              /* who it is */
    uint32_t sent;                /* messages given to the kernel, or about to be */
    uint32_t recorded;            /* messages that were delivered to a first member */
};

enum { BODY_SIZE_MIN = 32 };

/* Writes the body of a sender's next message: size characters that need no escapes in JSON. */
void body_write(char *out, size_t size, uint32_t sender, uint32_t seq, uint64_t sent_ns);

/* Checks the message that a member got after `position` others. senders: count of them, by number.
 * Returns its entry. */
const struct entry *room_deliver(struct load_room *r, uint32_t member, size_t position,
                                 const char *payload, size_t length, struct sender *senders,
                                 size_t count, size_t body_size);

/* Says what the server did wrong, and exits with 1. */
void mistake(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
