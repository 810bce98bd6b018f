/* loop - what a worker's thread sleeps in: libuv's loop, with libwebsockets as its guest, or,
 * where libwebsockets' libuv plugin is not installed, libwebsockets' own loop on poll(2).
 * Threads:    loop_wake any; all else the worker's, or main while the worker's does not run.
 * Owns:       its handles.
 * Invariant:  end_of_turn runs once after each batch of callbacks, before the thread sleeps again.
 * Fails:      never, once the context was created on it. */
#ifndef HUBBUB_NET_LOOP_H
#define HUBBUB_NET_LOOP_H

#include <libwebsockets.h>
#include <stdatomic.h>
#include <stdint.h>
#include <uv.h>

struct loop;

struct loop_kind {
    const char *name;
    uint64_t context_options; /* for lws_create_context */
    void (*init)(struct loop *l);
    void (*run)(struct loop *l);
    void (*run_once)(struct loop *l); /* without sleeping */
    void (*stop)(struct loop *l);
    void (*wake)(struct loop *l);
    void (*set_timer)(struct loop *l, uint64_t wait_ms);
    void (*clear_timer)(struct loop *l);
    void (*destroy)(struct loop *l);
};

extern const struct loop_kind loop_uv, loop_poll;

struct loop {
    const struct loop_kind *kind;
    void (*end_of_turn)(void *arg);
    void (*timer_due)(void *arg);
    void *arg; /* borrowed */
    struct lws_context
        *context; /* owned by the worker; NULL before it was created and after its end */
    union {
        struct {
            uv_loop_t loop;
            uv_async_t wake;
            uv_prepare_t prepare;
            uv_timer_t timer;
        } uv;
        struct {
            lws_sorted_usec_list_t timer;
            atomic_bool is_stopped;
        } poll;
    };
};

#endif
