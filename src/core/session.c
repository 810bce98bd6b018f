#include "core/session.h"
#include "base/log.h"
#include "base/mem.h"
#include "core/arrival.h"
#include "core/hub.h"
#include "core/name.h"
#include "core/ports.h"
#include "core/proto_v2.h"
#include "core/shard.h"

#include <string.h>

/* What most frames for one session need; a longer text makes the segment grow. */
enum { ONE_FRAME_SIZE = 192, LOG_INTERVAL_MS = 1000 };

/* Questions to the journal that one session may have under way. */
enum { QUESTIONS_MAX = 4 };

/* Bytes from which on an answer may be larger than a ring is meant to be. */
enum { LARGE = 4096 };

/* Bytes of an answer out of the past that cost as much as a message. */
enum { PAID_PART = 16 * 1024 };

/* When a client that is sent away may come back: spread, so that they do not all come at once. */
enum { RETRY_MS = 1000, RETRY_SPREAD_MS = 4000 };

void session_open(struct session *s, struct shard *shard, enum proto_version version,
                  const struct wire_ops *ops, void *wire, const char *room_key)
{
    s->shard = shard;
    s->version = (uint8_t)version;
    s->ops = ops;
    s->wire = wire;
    limit_init(&s->bucket, &shard->rules->message_rate, shard->now.mono_ms);
    shard_register(shard, s);
    if (version == PROTO_V2)
        session_answer(s, v2_hello, shard->rules);
    else
        s->room_key = mem_strdup(room_key);
}

/* ---- questions ---- */

void session_ask(struct session *s, struct query *q)
{
    struct journal *journal = hub_journal(s->shard->hub);

    q->next_asked = s->asked;
    s->asked = q;
    journal->ops->ask(journal, q);
}

void session_answered(struct session *s, const struct query *q)
{
    struct query **at = &s->asked;

    while (*at != q)
        at = &(*at)->next_asked;
    *at = q->next_asked;
}

/* It is answered nothing any more, so it does not hear when they are gone either. */
static void drop_questions(struct session *s)
{
    for (struct query *q = s->asked; q != NULL; q = q->next_asked)
        atomic_store(&q->is_dropped, true);
    s->asked = NULL;
}

/* ---- places ---- */

struct place *session_find_place(const struct session *s, const char *room_key)
{
    for (struct place *p = s->places; p != NULL; p = p->next)
        if (strcmp(hub_room_key(p->room), room_key) == 0)
            return p;
    return NULL;
}

struct place *session_place_by_number(const struct session *s, uint32_t number)
{
    for (struct place *p = s->places; p != NULL; p = p->next)
        if (p->number == number)
            return p;
    return NULL;
}

void session_drop_place(struct place *p, enum leave_reason reason)
{
    struct session *s = p->session;
    struct hub *hub = s->shard->hub;
    struct place **at = &s->places;
    const struct joining joining = {.user = s->username, .session = s->id, .place = p->number};

    shard_remove_member(p);
    if (p->is_counted)
        hub_leave(hub, p->room, &joining, reason, s->shard->now);
    hub_close(hub, p->room);
    arrival_free(p);
    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    mem_free(p);
}

static void leave_all(struct session *s, enum leave_reason reason)
{
    while (s->places != NULL)
        session_drop_place(s->places, reason);
}

static void note_unread(struct session *s, size_t bytes)
{
    size_t kib = bytes / 1024 + 1, room = UINT16_MAX - s->unread_kib;

    if (kib > room)
        kib = room;
    s->unread_kib += (uint16_t)kib;
    s->shard->unread_kib += kib;
}

static void note_all_read(struct session *s)
{
    s->unread = NOTHING_UNREAD;
    s->shard->unread_kib -= s->unread_kib;
    s->unread_kib = 0;
}

void session_end(struct session *s, bool is_clean)
{
    note_all_read(s);
    drop_questions(s);
    leave_all(s, is_clean ? LEAVE_QUIT : LEAVE_TIMEOUT);
    ring_clear(&s->ring);
    shard_unregister(s->shard, s);
    username_unref(&s->username);
    mem_free(s->room_key);
    mem_free(s->key);
}

void session_join(struct session *s, const char *name, size_t length)
{
    const struct request_text text = {name, length};
    char *room_key = s->room_key;

    if (!arrival_sign_in(s, &text, NULL, NULL))
        return;
    s->room_key = NULL; /* the place knows its room */
    arrival_begin(s, room_key, NULL);
    mem_free(room_key);
}

void session_join_timeout(struct session *s)
{
    static const struct refusal too_late = {
        .code = REFUSED_NOT_JOINED,
        .text = "You did not join in time. Connect again and send "
                "{\"type\":\"join\",\"username\":\"…\"}.",
    };

    if (s->username == NULL)
        session_fail(s, CLOSE_JOIN_TIMEOUT, &too_late);
}

/* The snapshots that make good what was left out. */
static void want_users(struct session *s)
{
    s->has_shed = false;
    for (struct place *p = s->places; p != NULL; p = p->next) {
        if (!p->shed)
            continue;
        p->shed = false;
        p->wants_users = true;
        hub_want_users(s->shard->hub, p->room, s->shard->now.mono_ms);
    }
}

/* Each state ends for a reason of its own: beside a busy room there may always be something in the ring, or kept. */
void session_flushed(struct session *s, bool is_choked)
{
    if (s->unread != NOTHING_UNREAD && is_choked)
        s->unread = ANSWER_STUCK;
    else if (s->unread != NOTHING_UNREAD && s->ring.answers == 0)
        note_all_read(s);
    if (s->has_shed && s->ring.count == 0) /* nothing of a place is touched after each delivery */
        want_users(s);
}

/* Version 2 is told that it is in, and whatever it asks for behind its join is about that. */
static bool is_on_its_way(const struct place *p)
{
    return !p->is_counted || (p->session->version == PROTO_V2 && p->arrival != NULL);
}

bool session_is_owed(const struct session *s)
{
    if (s->closing) /* it is answered nothing any more */
        return false;
    if (s->questions >= QUESTIONS_MAX)
        return true;
    for (const struct place *p = s->places; p != NULL; p = p->next)
        if (is_on_its_way(p))
            return true;
    return false;
}

bool session_is_busy(const struct session *s)
{
    return session_is_owed(s) || (!s->closing && s->unread != NOTHING_UNREAD &&
                                  ring_is_filled(&s->ring, &s->shard->rules->ring, 2));
}

/* ---- sending ---- */

/* Nothing can be told any more, not even why. */
static void give_up(struct session *s)
{
    s->closing = true;
    drop_questions(s);
    leave_all(s, LEAVE_TIMEOUT);
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

/* Queues what must arrive even if the ring is full. */
static void push_last(struct session *s, const struct range *range)
{
    if (ring_push_last(&s->ring, range) != OK)
        give_up(s);
    else
        s->ops->want_write(s->wire);
}

/* Takes over frame; NULL is for want of memory. */
static void send_last(struct session *s, struct segment *frame)
{
    struct range range;

    if (frame == NULL) {
        give_up(s);
        return;
    }
    range = whole(frame);
    push_last(s, &range);
    segment_unref(&frame);
}

void session_send_large(struct session *s, struct segment *frame)
{
    const struct range range = {.segment = frame, .length = frame->length};

    if (!s->closing)
        push_last(s, &range);
}

/* It asked for it, so it goes past the ring's limits; but then nothing more is read from it until it has
 * read on, so that nobody can pile up answers: there are those of the few questions under way. */
static void send_large_answer(struct session *s, struct segment *frame)
{
    const struct range range = {.segment = frame, .length = frame->length, .is_answer = true};

    segment_trim(frame);
    s->shard->gathered += frame->length;
    note_unread(s, frame->length);
    if (s->unread == NOTHING_UNREAD)
        s->unread = ANSWER_SENT;
    push_last(s, &range);
}

/* Returns how many bytes it has written. */
static size_t answer(struct session *s, enum err (*encode)(struct segment *, const void *),
                     const void *what)
{
    struct segment *frame;
    size_t length;

    if (s->closing)
        return 0;
    frame = segment_create(ONE_FRAME_SIZE);
    if (frame != NULL && encode(frame, what) != OK)
        segment_unref(&frame);
    length = frame != NULL ? frame->length : 0;
    if (frame == NULL)
        give_up(s);
    else if (frame->length > LARGE)
        send_large_answer(s, frame);
    else
        session_send_frame(s, frame);
    segment_unref(&frame);
    return length;
}

void session_answer(struct session *s, enum err (*encode)(struct segment *, const void *),
                    const void *what)
{
    (void)answer(s, encode, what);
}

/* The request has paid for the first part. */
void session_answer_paid(struct session *s, enum err (*encode)(struct segment *, const void *),
                         const void *what)
{
    size_t parts = answer(s, encode, what) / PAID_PART;

    if (parts > 1)
        limit_charge(&s->bucket, &s->shard->rules->message_rate, (uint32_t)(parts - 1));
}

static struct segment *refusal_frame(const struct session *s, const struct refusal *why)
{
    struct segment *frame = segment_create(ONE_FRAME_SIZE);

    if (frame != NULL && protos[s->version]->encode_refusal(frame, why) != OK)
        segment_unref(&frame);
    return frame;
}

void session_refuse(struct session *s, const struct refusal *why)
{
    struct segment *frame;

    if (s->closing)
        return;
    frame = refusal_frame(s, why);
    if (frame == NULL)
        give_up(s);
    else
        session_send_frame(s, frame);
    segment_unref(&frame);
}

/* ---- closing ---- */

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

/* What a close code means for the person: whether the client should come back, when, and whether the name
 * is held for it meanwhile. */
static const struct close_meaning {
    enum close_code code;
    bool may_reconnect;
    enum leave_reason reason;
} meanings[] = {
    {CLOSE_GOING_AWAY, true, LEAVE_TIMEOUT},      {CLOSE_INTERNAL_ERROR, true, LEAVE_TIMEOUT},
    {CLOSE_TRY_AGAIN_LATER, true, LEAVE_TIMEOUT}, {CLOSE_RATE_LIMITED, true, LEAVE_QUIT},
    {CLOSE_REPLACED, false, LEAVE_REPLACED},
};

static struct close_meaning meaning_of(enum close_code code)
{
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].code == code)
            return meanings[i];
    return (struct close_meaning){code, false, LEAVE_QUIT};
}

static void say_farewell(struct session *s, enum close_code code, const char *reason)
{
    const struct farewell bye = {
        .code = code,
        .reason = reason,
        .may_reconnect = meaning_of(code).may_reconnect,
        .retry_after_ms =
            meaning_of(code).may_reconnect ? RETRY_MS + s->id.slot * 37u % RETRY_SPREAD_MS : 0,
    };
    struct segment *frame;

    if (protos[s->version]->encode_farewell == NULL)
        return;
    frame = segment_create(ONE_FRAME_SIZE);
    if (frame != NULL && protos[s->version]->encode_farewell(frame, &bye) != OK)
        segment_unref(&frame);
    send_last(s, frame);
}

void session_close(struct session *s, enum close_code code, const char *reason)
{
    if (s->closing)
        return;
    log_sent_away(s, code);
    s->closing = true;
    drop_questions(s);
    leave_all(s, meaning_of(code).reason);
    say_farewell(s, code, reason);
    send_last(s, frame_close(code, reason));
}

void session_fail(struct session *s, enum close_code code, const struct refusal *why)
{
    if (s->closing)
        return;
    send_last(s, refusal_frame(s, why));
    session_close(s, code, why->text);
}
