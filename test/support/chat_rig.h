/* chat_rig - the whole core without sockets or threads: workers' shards, one hub, and clients whose
 * wires only record. Time stands still unless a test moves it.
 * Threads: one. Owns: everything it made; rig_free gives it back. Invariant: rig_turn delivers all
 * that waits. Fails: asserts. */
#ifndef HUBBUB_TEST_CHAT_RIG_H
#define HUBBUB_TEST_CHAT_RIG_H

#include "base/mailbox.h"
#include "core/session.h"
#include "core/shard.h"

#include <stdbool.h>

enum { RIG_WORKERS = 3, RIG_CLIENTS_MAX = 600, RIG_HOLD_MS = 10000 };

struct rig_client {
    struct rig *rig;
    struct session *session; /* NULL after rig_drop */
    bool has_frames, is_aborted;
};

struct rig {
    struct mailbox boxes[RIG_WORKERS];
    struct hub *hub;
    struct journal *journal; /* in memory */
    struct shard shards[RIG_WORKERS];
    struct rules rules;
    struct moment now;
    struct rig_client clients[RIG_CLIENTS_MAX];
    int client_count;
    char text[64 * 1024]; /* what rig_next returned last */
};

struct rig *rig_make(void);
void rig_free(struct rig *rig);

/* The fixture; *state is the rig. */
int rig_setup(void **state);
int rig_teardown(void **state);
#define RIG_TEST(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

/* A connection to the given worker, not joined. */
struct rig_client *rig_open(struct rig *rig, uint32_t worker, const char *room);
/* The same, speaking version 2; its hello waits. */
struct rig_client *rig_open_v2(struct rig *rig, uint32_t worker);
/* Version 1, joined; ends with a turn. */
struct rig_client *rig_join(struct rig *rig, uint32_t worker, const char *room, const char *name);

/* A message of the client, which is read as a wire would: after a turn if the session has to wait. */
void rig_say(struct rig_client *c, const char *json);
/* The connection breaks. */
void rig_drop(struct rig_client *c);
/* It ends with a good-bye. */
void rig_leave(struct rig_client *c);

/* Delivers what the hub posted, to all workers. */
void rig_turn(struct rig *rig);
void rig_advance(struct rig *rig, uint64_t ms);

/* Takes the oldest frame that waits for the client: its JSON, "close CODE REASON", or "" if none.
 */
const char *rig_next(struct rig *rig, struct rig_client *c);
/* Takes and forgets all. */
void rig_skip(struct rig *rig, struct rig_client *c);

#endif
