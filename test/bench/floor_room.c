#include "floor_room.h"

#include "ws.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { USERS_INTERVAL_MS = 100, USERS_TO_ALL = 256, FAULT_AT = 50 };

struct blob {
    size_t refs, length;
    uint8_t bytes[];
};

struct room {
    struct room *next;         /* all rooms */
    struct room *next_pending; /* rooms that the end of this turn has to look at */
    bool pending;
    char name[NAME_SIZE];
    struct client **members; /* owned array of borrowed clients, in join order */
    size_t count, capacity;
    uint8_t *log; /* owned */
    size_t log_length, log_capacity;
    uint64_t log_start; /* position of log[0] */
    bool dirty;         /* something waits for this turn's end */
    bool users_due;
    uint64_t users_sent_ms;
    size_t joiners; /* that many of the last members have not got a list yet */
    uint64_t messages;
    uint64_t fault_from, fault_to, fault_next; /* positions around the frame that goes wrong */
};

static struct room *rooms, *pending;
static enum fault fault;
static void (*on_choke)(struct client *c);

void rooms_set_fault(enum fault f)
{
    fault = f;
}

void rooms_on_choke(void (*changed)(struct client *c))
{
    on_choke = changed;
}

static void *grown(void *p, size_t size)
{
    p = realloc(p, size);
    if (p == NULL)
        abort();
    return p;
}

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static struct room *room_named(const char *name)
{
    struct room *r = rooms;

    while (r != NULL && strcmp(r->name, name) != 0)
        r = r->next;
    if (r != NULL)
        return r;
    r = grown(NULL, sizeof *r);
    *r = (struct room){.next = rooms};
    snprintf(r->name, sizeof r->name, "%s", name);
    rooms = r;
    return r;
}

static void room_pend(struct room *r)
{
    if (r->pending)
        return;
    r->pending = true;
    r->next_pending = pending;
    pending = r;
}

static void room_append(struct room *r, const char *payload, size_t length)
{
    size_t need = r->log_length + WS_HEAD_MAX + length;

    if (need > r->log_capacity) {
        r->log_capacity = need * 2;
        r->log = grown(r->log, r->log_capacity);
    }
    r->log_length += ws_head(r->log + r->log_length, WS_TEXT, length, NULL);
    memcpy(r->log + r->log_length, payload, length);
    r->log_length += length;
    r->dirty = true;
    room_pend(r);
}

static uint64_t room_end(const struct room *r)
{
    return r->log_start + r->log_length;
}

static void room_append_event(struct room *r, const char *type, const char *name)
{
    char text[NAME_SIZE + 64];
    int n = snprintf(text, sizeof text, "{\"type\":\"%s\",\"username\":\"%s\"}", type, name);

    room_append(r, text, (size_t)n);
}

void room_join(struct client *c, const char *room_name)
{
    struct room *r = room_named(room_name);

    if (r->count == r->capacity) {
        r->capacity = r->capacity * 2 + 8;
        r->members = grown(r->members, r->capacity * sizeof(struct client *));
    }
    r->members[r->count++] = c;
    r->joiners++;
    r->users_due = true;
    c->room = r;
    c->position = room_end(r);
    room_append_event(r, "join", c->name);
}

static void blob_unref(struct blob **b)
{
    if (*b != NULL && --(*b)->refs == 0)
        free(*b);
    *b = NULL;
}

void room_leave(struct client *c)
{
    struct room *r = c->room;
    size_t i = 0;

    blob_unref(&c->own);
    if (r == NULL)
        return;
    while (r->members[i] != c)
        i++;
    if (i >= r->count - r->joiners)
        r->joiners--;
    r->count--;
    memmove(r->members + i, r->members + i + 1, (r->count - i) * sizeof(struct client *));
    c->room = NULL;
    room_append_event(r, "leave", c->name);
    r->users_due = r->count <= USERS_TO_ALL || r->joiners != 0;
}

static void fault_note(struct room *r, uint64_t from)
{
    if (r->messages == FAULT_AT) {
        r->fault_from = from;
        r->fault_to = room_end(r);
    } else if (r->messages == FAULT_AT + 1) {
        r->fault_next = room_end(r);
    }
}

void room_message(struct client *c, const char *body, size_t length)
{
    static char *text;
    static size_t capacity;
    static uint64_t id;
    struct room *r = c->room;
    uint64_t from = room_end(r);
    int n;

    if (capacity < length + 256) {
        capacity = length + 256;
        text = grown(text, capacity);
    }
    n = snprintf(text, capacity,
                 "{\"type\":\"message\",\"id\":\"0123456789abcdef-%llx\",\"username\":\"%s\","
                 "\"body\":\"%.*s\",\"ts\":%llu}",
                 (unsigned long long)++id, c->name, (int)length, body,
                 (unsigned long long)clock_ms(CLOCK_REALTIME));
    room_append(r, text, (size_t)n);
    r->messages++;
    fault_note(r, from);
}

static struct blob *users_of(const struct room *r)
{
    size_t capacity = 64 + r->count * (NAME_SIZE + 3), n;
    char *text = grown(NULL, capacity);
    struct blob *b = grown(NULL, sizeof *b + WS_HEAD_MAX + capacity);

    n = (size_t)snprintf(text, capacity, "{\"type\":\"users\",\"users\":[");
    for (size_t i = 0; i < r->count; i++) {
        size_t name_length = strlen(r->members[i]->name);

        text[n++] = '"';
        memcpy(text + n, r->members[i]->name, name_length);
        n += name_length;
        text[n++] = '"';
        text[n++] = ',';
    }
    memcpy(text + n - 1, "]}", 2);
    n++;
    b->refs = 1;
    b->length = ws_head(b->bytes, WS_TEXT, n, NULL);
    memcpy(b->bytes + b->length, text, n);
    b->length += n;
    free(text);
    return b;
}

/* A small room's list goes into the log, a large room's only to those who came since the last. */
static void room_send_users(struct room *r)
{
    struct blob *list = users_of(r);
    size_t first = r->count - r->joiners;

    if (r->count <= USERS_TO_ALL) {
        struct ws_frame f;

        ws_parse(list->bytes, list->length, &f);
        room_append(r, (const char *)list->bytes + f.head, (size_t)f.length);
        first = r->count;
    }
    for (size_t i = first; i < r->count; i++) {
        if (r->members[i]->own != NULL)
            continue;
        list->refs++;
        r->members[i]->own = list;
        r->members[i]->own_sent = 0;
    }
    r->dirty = true;
    r->joiners = 0;
    r->users_due = false;
    blob_unref(&list);
}

/* Sends what the kernel takes; false if that is not all. A dead socket swallows everything: its
 * end is noticed where it is read. */
static bool push(struct client *c, const uint8_t *p, size_t length, size_t *sent)
{
    ssize_t n = send(c->fd, p, length, MSG_NOSIGNAL | MSG_DONTWAIT);

    *sent = n >= 0 ? (size_t)n : length;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        *sent = 0;
    return *sent == length;
}

/* The last member of a room sees one frame dropped, doubled or swapped with the next one.
 * Returns false while the frames for that are not there yet. */
static bool fault_apply(struct client *c)
{
    struct room *r = c->room;
    uint64_t until = fault == FAULT_SWAP ? r->fault_next : r->fault_to;
    const uint8_t *frame = r->log + (r->fault_from - r->log_start);
    size_t length = (size_t)(r->fault_to - r->fault_from), after = (size_t)(until - r->fault_to);
    size_t sent;

    if (until == 0)
        return false;
    push(c, r->log + (c->position - r->log_start), (size_t)(r->fault_from - c->position), &sent);
    if (fault == FAULT_SWAP)
        push(c, frame + length, after, &sent);
    for (int i = 0; i < (fault == FAULT_DOUBLE ? 2 : fault == FAULT_SWAP ? 1 : 0); i++)
        push(c, frame, length, &sent);
    c->position = until;
    fault = FAULT_NONE;
    return true;
}

static bool drain_log(struct client *c)
{
    struct room *r = c->room;
    size_t waiting, sent;
    bool all;

    if (fault != FAULT_NONE && r->fault_to != 0 && c == r->members[r->count - 1] &&
        c->position <= r->fault_from && !fault_apply(c))
        return true;
    waiting = (size_t)(room_end(r) - c->position);
    if (waiting == 0)
        return true;
    all = push(c, r->log + (c->position - r->log_start), waiting, &sent);
    c->position += sent;
    return all;
}

static bool drain_own(struct client *c)
{
    size_t sent;

    if (c->own == NULL)
        return true;
    bool all = push(c, c->own->bytes + c->own_sent, c->own->length - c->own_sent, &sent);

    c->own_sent += sent;
    if (all)
        blob_unref(&c->own);
    return all;
}

/* A snapshot that was begun is finished first, as frames must not be mixed; a new one waits until
 * the log is out, where the position is surely between two frames. */
void room_drain(struct client *c)
{
    bool begun = c->own != NULL && c->own_sent != 0;
    bool all = (!begun || drain_own(c)) && drain_log(c) && drain_own(c);

    if (c->choked == all) {
        c->choked = !all;
        on_choke(c);
    }
}

/* Sends to all members; forgets what everybody has, once that is worth it. */
static void room_flush(struct room *r)
{
    uint64_t first = room_end(r);
    size_t done;

    r->dirty = false;
    for (size_t i = 0; i < r->count; i++) {
        struct client *c = r->members[i];

        if (!c->choked)
            room_drain(c);
        if (c->position < first)
            first = c->position;
    }
    done = (size_t)(first - r->log_start);
    if (done != r->log_length && done < r->log_capacity / 2)
        return;
    memmove(r->log, r->log + done, r->log_length - done);
    r->log_length -= done;
    r->log_start = first;
}

int rooms_flush(void)
{
    struct room *r = pending;
    uint64_t now = 0;
    int timeout = -1;

    pending = NULL;
    while (r != NULL) {
        struct room *next = r->next_pending;

        r->pending = false;
        if (r->users_due && now == 0)
            now = clock_ms(CLOCK_MONOTONIC);
        if (r->users_due && now - r->users_sent_ms >= USERS_INTERVAL_MS) {
            room_send_users(r);
            r->users_sent_ms = now;
        }
        if (r->dirty)
            room_flush(r);
        if (r->users_due) {
            int wait = (int)(r->users_sent_ms + USERS_INTERVAL_MS - now);

            timeout = timeout < 0 || wait < timeout ? wait : timeout;
            room_pend(r);
        }
        r = next;
    }
    return timeout;
}
