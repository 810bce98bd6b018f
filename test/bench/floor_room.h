/* floor_room - rooms of the floor program: one log of finished frames, one position per member.
 * Threads:    one.
 * Owns:       rooms and their logs, for ever: the program lives as long as one measurement. Clients
 *             are the caller's; a room borrows them between room_join and room_leave.
 * Invariant:  what a member has not got yet is the log from its position on, so a turn that gathers
 *             any number of frames costs one send() per member.
 * Fails:      memory that runs out ends the process; a socket error is left to the reading side. */
#ifndef HUBBUB_BENCH_FLOOR_ROOM_H
#define HUBBUB_BENCH_FLOOR_ROOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct room;
struct blob;

enum { NAME_SIZE = 48 };

struct client {
    int fd;
    struct room *room; /* borrowed; NULL until the handshake is done */
    uint64_t position; /* in the room's log, counted from the log's beginning of time */
    struct blob *own;  /* owned reference: a snapshot for this client alone, or NULL */
    size_t own_sent;   /* bytes of it */
    bool choked;       /* the kernel took only a part; the loop says when there is room again */
    char *input;       /* owned: the beginning of a request or frame; NULL if nothing waits */
    size_t input_length;
    char name[NAME_SIZE];
};

/* What to do wrong once per room, to prove that the load generator notices. */
enum fault { FAULT_NONE, FAULT_DROP, FAULT_DOUBLE, FAULT_SWAP };
void rooms_set_fault(enum fault fault);

/* Called when a client becomes choked, and when it no longer is. */
void rooms_on_choke(void (*changed)(struct client *c));

void room_join(struct client *c, const char *room_name);
void room_leave(struct client *c);
void room_message(struct client *c, const char *body, size_t length);

/* Sends to one client all that waits. */
void room_drain(struct client *c);

/* The end of a turn: user lists that are due, then everything that waits, to everybody.
 * Returns the milliseconds until the next list is due, or -1. */
int rooms_flush(void);

#endif
