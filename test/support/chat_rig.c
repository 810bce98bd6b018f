#include "support/cm.h"
#include "support/chat_rig.h"
#include "base/mem.h"
#include "core/hub.h"
#include "journal/memory.h"

#include <stdio.h>
#include <string.h>

static void want_write(void *wire)
{
    ((struct rig_client *)wire)->has_frames = true;
}

static void abort_wire(void *wire)
{
    ((struct rig_client *)wire)->is_aborted = true;
}

static const struct wire_ops ops = {.want_write = want_write, .abort = abort_wire};

struct rig *rig_make(void)
{
    static const struct memory_limits limits = {.events = 2000, .rooms = 100};
    struct journal_listener listener = {.committed = hub_committed, .answered = hub_answered};
    struct rig *rig = mem_alloc(sizeof *rig);

    rig->now = (struct moment){.mono_ms = 1000000, .wall_ms = 1690000000000};
    rig->rules = (struct rules){
        .max_body = 1000,
        .max_frame = 4000,
        .max_rooms = 5,
        .ping_interval_ms = 30000,
        .ping_timeout_ms = 10000,
        .server_name = "rig",
        .build = "1",
        .ring = {.frames = 64, .bytes = 64 * 1024},
        .message_rate = {.rate = 0, .burst = 1},
    };
    rig->hub = hub_create(rig->boxes, RIG_WORKERS, RIG_HOLD_MS);
    listener.arg = rig->hub;
    rig->journal = memory_journal_create(&limits, &listener, 0xabc);
    hub_set_journal(rig->hub, rig->journal);
    for (uint32_t i = 0; i < RIG_WORKERS; i++) {
        mailbox_init(&rig->boxes[i], 1000, NULL, NULL);
        shard_init(&rig->shards[i], i, rig->hub, &rig->rules);
        rig->shards[i].now = rig->now;
    }
    return rig;
}

void rig_free(struct rig *rig)
{
    for (int i = 0; i < rig->client_count; i++)
        rig_drop(&rig->clients[i]);
    rig_turn(rig);
    for (int i = 0; i < RIG_WORKERS; i++) {
        assert_int_equal(rig->shards[i].unread_kib, 0);
        shard_destroy(&rig->shards[i]);
        mailbox_destroy(&rig->boxes[i]);
    }
    hub_destroy(rig->hub);
    rig->journal->ops->destroy(rig->journal);
    mem_free(rig);
}

int rig_setup(void **state)
{
    *state = rig_make();
    return 0;
}

int rig_teardown(void **state)
{
    rig_free(*state);
    return 0;
}

static struct rig_client *open_client(struct rig *rig, uint32_t worker, enum proto_version version,
                                      const char *room)
{
    struct rig_client *c = &rig->clients[rig->client_count++];

    assert_true(rig->client_count <= RIG_CLIENTS_MAX);
    c->rig = rig;
    c->session = mem_alloc(sizeof *c->session);
    session_open(c->session, &rig->shards[worker], version, &ops, c, room);
    return c;
}

struct rig_client *rig_open(struct rig *rig, uint32_t worker, const char *room)
{
    return open_client(rig, worker, PROTO_V1, room);
}

struct rig_client *rig_open_v2(struct rig *rig, uint32_t worker)
{
    return open_client(rig, worker, PROTO_V2, NULL);
}

struct rig_client *rig_join(struct rig *rig, uint32_t worker, const char *room, const char *name)
{
    struct rig_client *c = rig_open(rig, worker, room);

    session_join(c->session, name, strlen(name));
    rig_turn(rig);
    return c;
}

void rig_say(struct rig_client *c, const char *json)
{
    if (session_is_busy(c->session))
        rig_turn(c->rig);
    session_receive(c->session, json, strlen(json));
}

static void end(struct rig_client *c, bool is_clean)
{
    session_end(c->session, is_clean);
    mem_free(c->session);
    c->session = NULL;
}

void rig_drop(struct rig_client *c)
{
    if (c->session != NULL)
        end(c, false);
}

void rig_leave(struct rig_client *c)
{
    end(c, true);
}

void rig_turn(struct rig *rig)
{
    size_t delivered;

    do {
        delivered = 0;
        for (int i = 0; i < RIG_WORKERS; i++) {
            void **events;
            size_t count = mailbox_take(&rig->boxes[i], &events);

            for (size_t k = 0; k < count; k++) {
                struct event *e = events[k];

                shard_deliver(&rig->shards[i], e);
                event_unref(&e);
            }
            mailbox_done(&rig->boxes[i], count);
            shard_settle(&rig->shards[i]);
            delivered += count;
        }
    } while (delivered != 0);
}

void rig_advance(struct rig *rig, uint64_t ms)
{
    rig->now.mono_ms += ms;
    rig->now.wall_ms += ms;
    for (int i = 0; i < RIG_WORKERS; i++)
        rig->shards[i].now = rig->now;
    hub_tick(rig->hub, rig->now);
    rig_turn(rig);
}

/* Takes the first frame off the oldest range, as a wire would that can send no more. */
static void drop_first_frame(struct ring *ring, size_t length)
{
    struct range rest = *ring_peek(ring, 0);
    struct ring shorter = {0};

    rest.offset += (uint32_t)length;
    rest.length -= (uint32_t)length;
    rest.frames -= rest.frames != 0; /* a large one has none */
    if (rest.length != 0)
        assert_int_equal(ring_push_last(&shorter, &rest), OK);
    for (uint32_t i = 1; i < ring->count; i++)
        assert_int_equal(ring_push_last(&shorter, ring_peek(ring, i)), OK);
    ring_clear(ring);
    for (uint32_t i = 0; i < shorter.count; i++)
        assert_int_equal(ring_push_last(ring, ring_peek(&shorter, i)), OK);
    ring_clear(&shorter);
}

const char *rig_next(struct rig *rig, struct rig_client *c)
{
    struct ring *ring = &c->session->ring;
    const uint8_t *bytes;
    size_t header, length;

    rig->text[0] = '\0';
    if (ring->count == 0)
        return rig->text;
    bytes = ring_peek(ring, 0)->segment->bytes + ring_peek(ring, 0)->offset;
    header = bytes[1] < 126 ? 2 : bytes[1] == 126 ? 4 : 10;
    length = bytes[1] < 126 ? bytes[1] : (size_t)bytes[2] << 8 | bytes[3];
    assert_true(header < 10 && length < sizeof rig->text);
    if (bytes[0] == 0x88)
        snprintf(rig->text, sizeof rig->text, "close %d %.*s", bytes[2] << 8 | bytes[3],
                 (int)length - 2, (const char *)bytes + 4);
    else
        snprintf(rig->text, sizeof rig->text, "%.*s", (int)length, (const char *)bytes + header);
    drop_first_frame(ring, header + length);
    session_flushed(c->session, false);
    return rig->text;
}

void rig_skip(struct rig *rig, struct rig_client *c)
{
    while (rig_next(rig, c)[0] != '\0')
        continue;
}
