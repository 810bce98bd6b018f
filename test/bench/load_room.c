#include "load_room.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mistake(const char *fmt, ...)
{
    va_list arguments;

    va_start(arguments, fmt);
    fputs("loadgen: MISTAKE of the server: ", stderr);
    vfprintf(stderr, fmt, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    exit(1);
}

void body_write(char *out, size_t size, uint32_t sender, uint32_t seq, uint64_t sent_ns)
{
    char text[BODY_SIZE_MIN];

    snprintf(text, sizeof text, "%05" PRIx32 " %08" PRIx32 " %015" PRIx64, sender, seq, sent_ns);
    memset(out, 'x', size);
    memcpy(out, text, strlen(text));
}

struct message {
    uint32_t sender, seq;
    uint64_t sent_ns;
};

/* False if this is not, to the byte, one of our bodies. */
static bool message_read(const char *payload, size_t length, size_t body_size,
                         const struct sender *senders, size_t count, struct message *m)
{
    static const char before[] = "\"body\":\"";
    const char *p = memmem(payload, length, before, sizeof before - 1);
    char expected[1 << 16], text[BODY_SIZE_MIN], name[32];
    size_t room;
    int fields;

    if (p == NULL)
        return false;
    p += sizeof before - 1;
    room = (size_t)(payload + length - p);
    if (room <= body_size || p[body_size] != '"')
        return false;
    memcpy(text, p, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    fields = sscanf(text, "%5" SCNx32 " %8" SCNx32 " %15" SCNx64, &m->sender, &m->seq, &m->sent_ns);
    if (fields != 3 || m->sender >= count)
        return false;
    body_write(expected, body_size, m->sender, m->seq, m->sent_ns);
    snprintf(name, sizeof name, "\"username\":\"b%" PRIu32 "\"", senders[m->sender].client);
    return memcmp(expected, p, body_size) == 0 &&
           memmem(payload, length, name, strlen(name)) != NULL;
}

static void *room_for(void *p, size_t need, size_t size, size_t *capacity)
{
    if (need <= *capacity)
        return p;
    *capacity = need * 2;
    p = realloc(p, *capacity * size);
    if (p == NULL) {
        perror("loadgen");
        exit(2);
    }
    return p;
}

static void record(struct load_room *r, const char *payload, size_t length, const struct message *m)
{
    r->entries = room_for(r->entries, r->count + 1, sizeof *r->entries, &r->capacity);
    r->bytes = room_for(r->bytes, r->bytes_length + length, 1, &r->bytes_capacity);
    memcpy(r->bytes + r->bytes_length, payload, length);
    r->entries[r->count++] = (struct entry){.offset = r->bytes_length,
                                            .length = (uint32_t)length,
                                            .sender = m->sender,
                                            .sent_ns = m->sent_ns};
    r->bytes_length += length;
}

static bool same(const struct load_room *r, size_t i, const char *payload, size_t length)
{
    return r->entries[i].length == length &&
           memcmp(r->bytes + r->entries[i].offset, payload, length) == 0;
}

/* The member has got something else than those before it: find out what that is. */
static void explain(const struct load_room *r, uint32_t member, size_t position,
                    const char *payload, size_t length)
{
    for (size_t i = 0; i < r->count; i++)
        if (same(r, i, payload, length))
            mistake("b%" PRIu32 " in room %s got message %zu of the room as its number %zu: %s",
                    member, r->name, i, position,
                    i < position ? "doubled or out of order" : "one was lost or is out of order");
    mistake("b%" PRIu32 " in room %s got as number %zu what others got differently: %.*s", member,
            r->name, position, (int)length, payload);
}

const struct entry *room_deliver(struct load_room *r, uint32_t member, size_t position,
                                 const char *payload, size_t length, struct sender *senders,
                                 size_t count, size_t body_size)
{
    struct message m;

    if (position < r->count) {
        if (!same(r, position, payload, length))
            explain(r, member, position, payload, length);
        return &r->entries[position];
    }
    if (!message_read(payload, length, body_size, senders, count, &m) ||
        senders[m.sender].room != r || m.seq >= senders[m.sender].sent)
        mistake("b%" PRIu32 " in room %s got a message that nobody sent: %.*s", member, r->name,
                (int)length, payload);
    if (m.seq != senders[m.sender].recorded)
        mistake("b%" PRIu32 " in room %s got message %" PRIu32 " of b%" PRIu32 ", but %" PRIu32
                " is next: %s",
                member, r->name, m.seq, senders[m.sender].client, senders[m.sender].recorded,
                m.seq < senders[m.sender].recorded ? "doubled or out of order"
                                                   : "one was lost or is out of order");
    senders[m.sender].recorded++;
    record(r, payload, length, &m);
    return &r->entries[r->count - 1];
}
