/* The way of every byte that a client sends: UTF-8 check, JSON, table of commands, handlers, and
 * back out through the encoders. The input is split at newlines into the messages of one
 * connection. */
#include "base/mem.h"
#include "base/mailbox.h"
#include "core/hub.h"
#include "core/session.h"
#include "core/shard.h"
#include "journal/memory.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *wire)
{
    (void)wire;
}

static const struct wire_ops ops = {.want_write = ignore, .abort = ignore};

static void deliver(struct mailbox *box, struct shard *shard)
{
    void **events;
    size_t count;

    while ((count = mailbox_take(box, &events)) != 0) {
        for (size_t i = 0; i < count; i++) {
            struct event *e = events[i];

            shard_deliver(shard, e);
            event_unref(&e);
        }
        mailbox_done(box, count);
        shard_settle(shard);
    }
}

/* What goes out must be frames whose text is UTF-8 JSON, and nothing may follow a CLOSE frame. */
static void check_frames(const uint8_t *at, const uint8_t *end, bool is_last_range)
{
    while (at < end) {
        size_t header = at[1] < 126 ? 2 : at[1] == 126 ? 4 : 10;
        size_t length = at[1] < 126 ? at[1] : (size_t)at[2] << 8 | at[3];
        json_t *json;

        if (at[0] == 0x88) {
            if (!is_last_range || at + header + length != end)
                abort();
            return;
        }
        json = json_loadb((const char *)at + header, length, 0, NULL);
        if (json == NULL)
            abort();
        json_decref(json);
        at += header + length;
    }
}

static void check_ring(const struct session *s)
{
    for (uint32_t i = 0; i < s->ring.count; i++) {
        const struct range *r = ring_peek(&s->ring, i);
        const uint8_t *at = r->segment->bytes + r->offset;

        check_frames(at, at + r->length, i + 1 == s->ring.count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct rules rules = {
        .max_body = 4096,
        .max_frame = 8192,
        .max_rooms = 3,
        .ring = {.frames = 64, .bytes = 64 * 1024},
        .message_rate = {.rate = 1, .burst = 20},
        .server_name = "fuzz",
        .build = "1",
    };
    static const struct memory_limits limits = {.events = 20, .rooms = 3};
    struct journal_listener listener = {.committed = hub_committed, .answered = hub_answered};
    struct mailbox box;
    struct hub *hub = hub_create(&box, 1, 1000);
    struct journal *journal;
    enum proto_version version = PROTO_V1;
    struct shard shard;
    struct session *s = mem_alloc(sizeof *s);

    mailbox_init(&box, 1000, NULL, NULL);
    shard_init(&shard, 0, hub, &rules);
    listener.arg = hub;
    journal = memory_journal_create(&limits, &listener, 0xabc);
    hub_set_journal(hub, journal);
    if (size > 0 && data[0] == '2') { /* the first byte says which version the client speaks */
        version = PROTO_V2;
        data++, size--;
    }
    session_open(s, &shard, version, &ops, NULL, "lobby");
    while (size > 0) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t length = end != NULL ? (size_t)(end - data) : size;
        char *message = malloc(length + 1); /* exactly as long, so that reading past it is seen */

        memcpy(message, data, length);
        session_receive(s, message, length);
        free(message);
        deliver(&box, &shard);
        data += length;
        size -= length;
        if (size > 0)
            data++, size--;
    }
    check_ring(s);
    session_end(s, false);
    mem_free(s);
    hub_tick(hub, (struct moment){.mono_ms = UINT64_MAX, .wall_ms = 1});
    deliver(&box, &shard);
    journal->ops->stop(journal);
    shard_destroy(&shard);
    mailbox_destroy(&box);
    hub_destroy(hub);
    journal->ops->destroy(journal);
    return 0;
}
