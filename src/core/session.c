#include "core/session.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/hub.h"
#include "core/name.h"
#include "core/shard.h"

#include <string.h>

/* What most error frames need; a longer text makes the segment grow. */
enum { ERROR_FRAME_SIZE = 192, LOG_INTERVAL_MS = 1000 };

struct session *session_open(struct shard *shard, enum proto_version version,
                             const struct wire_ops *ops, void *wire, const char *room_key)
{
    struct session *s = mem_alloc(sizeof *s);

    s->shard = shard;
    s->version = version;
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
        mem_free(s->room_key); /* the hub's room knows its name */
        s->room_key = NULL;
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

void session_send(struct session *s, const struct range *range)
{
    if (s->closing)
        return;
    switch (ring_push(&s->ring, range, &s->shard->rules->ring)) {
    case OK:
        s->ops->want_write(s->wire);
        break;
    case ERR_FULL:
        ring_clear(&s->ring);
        session_close(s, CLOSE_TRY_AGAIN_LATER, "You read too slowly. Please connect again.");
        break;
    default:
        give_up(s);
    }
}

static struct range whole(struct segment *frame)
{
    return (struct range){.segment = frame, .length = frame->length, .frames = 1};
}

void session_send_frame(struct session *s, struct segment *frame)
{
    const struct range range = whole(frame);

    session_send(s, &range);
}

/* Queues what must arrive even if the ring is full. Takes over frame; NULL is for want of memory.
 */
static void send_last(struct session *s, struct segment *frame)
{
    struct range range;

    if (frame != NULL)
        range = whole(frame);
    if (frame == NULL || ring_push_last(&s->ring, &range) != OK)
        give_up(s);
    else
        s->ops->want_write(s->wire);
    segment_unref(&frame);
}

void session_send_snapshot(struct session *s, struct segment *frame)
{
    if (!s->closing)
        send_last(s, segment_ref(frame));
}

static struct segment *error_frame(const struct session *s, const char *text)
{
    struct segment *frame = segment_create(ERROR_FRAME_SIZE);

    if (frame != NULL && protos[s->version]->encode_error(frame, text) != OK)
        segment_unref(&frame);
    return frame;
}

void session_error(struct session *s, const char *text)
{
    struct segment *frame;

    if (s->closing)
        return;
    frame = error_frame(s, text);
    if (frame == NULL)
        give_up(s);
    else
        session_send_frame(s, frame);
    segment_unref(&frame);
}

/* Whom the server sends away, and why: an operator is asked that. In a storm one line a second will do. */
static void log_sent_away(const struct session *s, enum close_code code)
{
    static struct log_limit limit;
    char quoted[2 * USERNAME_MAX_BYTES];
    const char *name = s->username != NULL ? s->username->text : "";
    uint64_t more = 0;

    if (code != CLOSE_GOING_AWAY &&
        (log_limit_pass(&limit, s->shard->now.mono_ms, LOG_INTERVAL_MS, &more) ||
         log_enabled(LOG_LEVEL_DEBUG)))
        log_info("sent_away", "code=%d username=%s more=%llu", code,
                 log_quote(quoted, sizeof quoted, name, strlen(name)), (unsigned long long)more);
}

void session_close(struct session *s, enum close_code code, const char *reason)
{
    if (s->closing)
        return;
    log_sent_away(s, code);
    s->closing = true;
    leave(s);
    send_last(s, frame_close(code, reason));
}

void session_fail(struct session *s, enum close_code code, const char *text)
{
    if (s->closing)
        return;
    send_last(s, error_frame(s, text));
    session_close(s, code, text);
}
