#include "core/session.h"
#include "base/mem.h"
#include "core/hub.h"
#include "core/name.h"
#include "core/shard.h"

struct session *session_open(struct shard *shard, enum proto_version version,
                             const struct wire_ops *ops, void *wire, const char *room_key)
{
    struct session *s = mem_alloc(sizeof *s);

    s->shard = shard;
    s->version = version;
    s->proto = protos[version];
    s->ops = ops;
    s->wire = wire;
    s->room_key = mem_strdup(room_key);
    limit_init(&s->bucket, &shard->rules->message_rate, shard->now.mono_ms);
    shard_register(shard, s);
    return s;
}

static void leave(struct session *s)
{
    if (!session_is_joined(s))
        return;
    shard_remove_member(s);
    hub_leave(s->shard->hub, s->member.room, s->username, s->id.worker, s->shard->now.mono_ms);
    s->member.room = NULL;
}

void session_end(struct session *s)
{
    leave(s);
    ring_clear(&s->ring);
    shard_unregister(s->shard, s);
    username_unref(&s->username);
    mem_free(s->room_key);
    mem_free(s);
}

void session_join(struct session *s, const char *name, size_t length)
{
    struct username *user;
    const char *reason;

    if (username_make(name, length, &user, &reason) != OK) {
        session_fail(s, CLOSE_BAD_REQUEST, reason);
        return;
    }
    switch (
        hub_join(s->shard->hub, s->room_key, user, s->id, s->shard->now.mono_ms, &s->member.room)) {
    case OK:
        s->username = user;
        return;
    case ERR_TAKEN:
        session_fail(s, CLOSE_NAME_TAKEN,
                     "Somebody with this name is already here. Please choose another name.");
        break;
    default:
        session_fail(s, CLOSE_TRY_AGAIN_LATER, "The server is short of memory. Try again later.");
    }
    username_unref(&user);
}

void session_join_timeout(struct session *s)
{
    if (!session_is_joined(s) && !s->closing)
        session_fail(s, CLOSE_JOIN_TIMEOUT,
                     "You did not join in time. Connect again and send "
                     "{\"type\":\"join\",\"username\":\"…\"}.");
}

void session_drained(struct session *s)
{
    if (s->member.shed && session_is_joined(s)) {
        s->member.shed = false;
        s->member.wants_users = true;
        hub_want_users(s->shard->hub, s->member.room, s->shard->now.mono_ms);
    }
}

/* Nothing can be told any more, not even why. */
static void give_up(struct session *s)
{
    s->closing = true;
    leave(s);
    ring_clear(&s->ring);
    s->ops->abort(s->wire);
}

void session_send(struct session *s, struct frame *f)
{
    if (s->closing)
        return;
    switch (ring_push(&s->ring, f, &s->shard->rules->ring)) {
    case OK:
        s->ops->want_write(s->wire);
        break;
    case ERR_FULL:
        s->shard->slow_readers++;
        ring_clear(&s->ring);
        session_close(s, CLOSE_TRY_AGAIN_LATER, "You read too slowly. Please connect again.");
        break;
    default:
        give_up(s);
    }
}

/* Queues what must arrive even if the ring is full, and gives the constructor's reference back. */
static void send_last(struct session *s, struct frame *f)
{
    if (f == NULL || ring_push_last(&s->ring, f) != OK)
        give_up(s);
    else
        s->ops->want_write(s->wire);
    frame_unref(&f);
}

void session_error(struct session *s, const char *text)
{
    struct frame *f;

    if (s->closing)
        return;
    f = s->proto->encode_error(text);
    if (f == NULL)
        give_up(s);
    else
        session_send(s, f);
    frame_unref(&f);
}

void session_close(struct session *s, enum close_code code, const char *reason)
{
    if (s->closing)
        return;
    s->closing = true;
    leave(s);
    send_last(s, frame_close(code, reason));
}

void session_fail(struct session *s, enum close_code code, const char *text)
{
    if (s->closing)
        return;
    send_last(s, s->proto->encode_error(text));
    session_close(s, code, text);
}
