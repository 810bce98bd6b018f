/* v2_client - clients that speak chat.v2, all in one thread.
 * Threads:    one; all clients share one epoll.
 * Owns:       each client its socket and buffers, from v2_open to v2_close.
 * Invariant:  a client that was closed can be opened again and remembers key, epoch and seq.
 * Fails:      what the server does wrong, a closed connection too, ends the program with exit code 1. */
#ifndef HUBBUB_BENCH_V2_CLIENT_H
#define HUBBUB_BENCH_V2_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct v2_client {
    char name[32], room[32];
    char key[40], epoch[24]; /* as joined told them; "" before */
    uint64_t seq;            /* of the newest event that it has seen */
    bool is_joined, is_recovered;
    /* Each frame but joined and hello; text is NUL-terminated. */
    void (*on_frame)(struct v2_client *c, const char *text, size_t length, uint64_t now_ns);

    int fd; /* -1: closed */
    bool is_upgraded, watches_output;
    char *input, *output; /* owned */
    size_t input_length, input_capacity, output_length, output_capacity;
};

uint64_t v2_now_ns(void);

/* Connects and joins the room; with since, if it had joined before. */
void v2_open(struct v2_client *c, uint16_t port);
void v2_close(struct v2_client *c);

/* Queues one text frame; v2_flush sends what is queued. */
void v2_send(struct v2_client *c, const char *text, size_t length);
void v2_flush(struct v2_client *c);

/* Handles what the sockets have, waiting at most timeout_ms for it. */
void v2_turn(int timeout_ms);

/* The number, or the text, behind the first "field": of a frame; 0 or "" if it is not there. */
uint64_t v2_number(const char *text, const char *field);
void v2_text(const char *text, const char *field, char *out, size_t size);

/* In a process that was forked: watches nothing any more of what its parent has open. */
void v2_start_anew(void);

bool v2_is(const char *text, const char *type);

void v2_fail(const struct v2_client *c, const char *what) __attribute__((noreturn));

#endif
