/* load_client - the many clients: connecting, reading, checking, answering, sending.
 * Threads:    one; all clients share one epoll and one input buffer.
 * Owns:       clients, their rooms and sockets, until the program ends.
 * Invariant:  client i is "b<i>". Senders are spread evenly over the order of connecting, so that
 *             a server that walks its members backwards has no advantage. Clients from `active`
 *             on are idle: in rooms of their own, where nobody says anything. After those come the stuck ones.
 * Fails:      what the server does wrong, a closed connection too, goes to mistake(). */
#ifndef HUBBUB_BENCH_LOAD_CLIENT_H
#define HUBBUB_BENCH_LOAD_CLIENT_H

#include "histogram.h"
#include "load_room.h"

#include <stdbool.h>
#include <stdint.h>

struct load {
    /* What to do: set before load_open. */
    uint16_t port;
    uint32_t active, idle, stuck, idle_room, rooms, senders, parallel;
    size_t body_size;
    bool ping_pong; /* a delivery makes the other sender send, not the one who sent */

    /* What happened. */
    uint32_t upgraded, joined;
    uint64_t deliveries, expected;
    uint64_t last_byte_ns; /* when a client last received anything */
    uint64_t last_delivery_ns;
    uint64_t joins, users; /* frames of these types */
    struct histogram latency;

    /* Asked before each answer in a closed loop. */
    bool (*may_send)(void);
};

extern struct load load;

uint64_t now_ns(void);

/* Connects the next clients, up to load.parallel that are not upgraded yet, and handles what the
 * sockets have, waiting at most timeout_ms for it. wake_fd: a descriptor that ends the waiting, -1
 * for none. */
void load_open(void);
void load_turn(int timeout_ms, int wake_fd);
bool load_all_joined(void);

/* One message of a sender, which carries sent_ns. */
void load_send(uint32_t sender, uint64_t sent_ns);

/* Ends the program with a mistake if somebody lacks a message, else returns. */
void load_check_complete(void);

/* Join events that clients should have seen if none were collapsed: n(n+1)/2 per room. */
uint64_t load_joins_expected(void);

#endif
