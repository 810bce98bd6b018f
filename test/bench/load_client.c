#include "load_client.h"

#include "ws.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS = 1024,
    INPUT_SIZE = 1 << 19,
    PER_ADDRESS = 10000, /* connections from one source address: beyond, ports are found slowly */
    TYPE_LENGTH = 13,    /* enough of {"type":"message" to tell the types apart */
};

/* The example of RFC 6455, 1.3: one key is as good as another to the server. */
static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char accept_value[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

static const uint32_t NOBODY = UINT32_MAX;

enum state { CONNECTING, UPGRADING, OPEN };

struct client {
    int fd;
    uint32_t number;
    uint32_t sender; /* which one it is; NOBODY for a mere reader */
    enum state state;
    bool joined;
    bool watching_output;
    size_t position;        /* messages received */
    uint64_t skip;          /* bytes of an uninteresting frame still to come */
    struct load_room *room; /* borrowed */
    uint8_t *input;         /* owned: the beginning of a frame; NULL if nothing waits */
    size_t input_length;
    uint8_t *output; /* owned: not sent yet */
    size_t output_length, output_capacity;
};

struct load load;
static int epoll;
static struct client *clients;
static struct load_room *rooms;
static size_t room_count;
static struct sender *senders;
static uint32_t opened;
static uint8_t input[INPUT_SIZE];
static struct epoll_event events[EVENTS];

uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void die(const char *what)
{
    fprintf(stderr, "loadgen: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void *allocated(void *p)
{
    if (p == NULL)
        die("memory");
    return p;
}

static uint32_t total(void)
{
    return load.active + load.idle + load.stuck;
}

/* In a room with traffic, but it reads nothing once it has joined. */
static bool is_stuck(const struct client *c)
{
    return c->number >= load.active + load.idle;
}

void load_open(void)
{
    room_count = load.rooms + (load.idle + load.idle_room - 1) / load.idle_room;
    clients = allocated(calloc(total() + 1, sizeof *clients));
    rooms = allocated(calloc(room_count, sizeof *rooms));
    senders = allocated(calloc(load.senders + 1, sizeof *senders));
    for (size_t i = 0; i < room_count; i++)
        snprintf(rooms[i].name, sizeof rooms[i].name, i < load.rooms ? "r%zu" : "idle%zu", i);
    for (uint32_t i = 0; i < total(); i++) {
        uint32_t idle = i - load.active;
        size_t room = i < load.active    ? (uint64_t)i * load.rooms / load.active
                      : idle < load.idle ? load.rooms + idle / load.idle_room
                                         : (idle - load.idle) % load.rooms;

        clients[i] = (struct client){.fd = -1, .number = i, .sender = NOBODY, .room = &rooms[room]};
        rooms[room].members += !is_stuck(&clients[i]);
    }
    for (uint32_t s = 0; s < load.senders; s++) {
        struct client *c = &clients[(2 * (uint64_t)s + 1) * load.active / (2 * load.senders)];

        c->sender = s;
        senders[s] = (struct sender){.room = c->room, .client = c->number};
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        die("epoll_create1");
}

static void watch(struct client *c, int operation, bool output)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};

    if (output)
        e.events |= EPOLLOUT;
    c->watching_output = output;
    if (epoll_ctl(epoll, operation, c->fd, &e) != 0)
        die("epoll_ctl");
}

static void client_connect(struct client *c)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(load.port)};
    struct sockaddr_in from = {.sin_family = AF_INET};

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0)
        die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (is_stuck(c)) /* what it does not read shall not wait in the kernel */
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int));
    setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int));
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + c->number / PER_ADDRESS);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(c->fd, (struct sockaddr *)&from, sizeof from) != 0)
        die("bind");
    if (connect(c->fd, (struct sockaddr *)&a, sizeof a) != 0 && errno != EINPROGRESS)
        die("connect");
    watch(c, EPOLL_CTL_ADD, true);
}

static void client_closed(const struct client *c, const char *how)
{
    mistake("b%u in room %s: %s", c->number, c->room->name, how);
}

/* Sends what waits; the rest when the kernel has room again. */
static void client_flush(struct client *c)
{
    ssize_t n = send(c->fd, c->output, c->output_length, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN)
        client_closed(c, strerror(errno));
    if (n > 0) {
        c->output_length -= (size_t)n;
        memmove(c->output, c->output + n, c->output_length);
    }
    if (c->watching_output != (c->output_length != 0))
        watch(c, EPOLL_CTL_MOD, c->output_length != 0);
}

static void client_queue(struct client *c, const void *bytes, size_t length)
{
    size_t need = c->output_length + length;

    if (need > c->output_capacity) {
        c->output_capacity = need * 2;
        c->output = allocated(realloc(c->output, c->output_capacity));
    }
    memcpy(c->output + c->output_length, bytes, length);
    c->output_length = need;
}

static void client_queue_frame(struct client *c, enum ws_opcode opcode, uint8_t *payload,
                               size_t length)
{
    static const uint8_t mask[4] = {0x5a, 0xc3, 0x17, 0x99};
    uint8_t head[WS_HEAD_MAX];

    client_queue(c, head, ws_head(head, opcode, length, mask));
    ws_mask(payload, length, mask);
    client_queue(c, payload, length);
}

static void client_queue_message(struct client *c, uint64_t sent_ns)
{
    static const char before[] = "{\"type\":\"message\",\"body\":\"";
    static uint8_t text[1 << 16];
    size_t n = sizeof before - 1;

    memcpy(text, before, n);
    body_write((char *)text + n, load.body_size, c->sender, senders[c->sender].sent++, sent_ns);
    memcpy(text + n + load.body_size, "\"}", 2);
    client_queue_frame(c, WS_TEXT, text, n + load.body_size + 2);
    load.expected += c->room->members;
}

void load_send(uint32_t sender, uint64_t sent_ns)
{
    struct client *c = &clients[senders[sender].client];

    client_queue_message(c, sent_ns);
    client_flush(c);
}

static void client_message(struct client *c, const char *payload, size_t length, uint64_t now)
{
    const struct entry *e = room_deliver(c->room, c->number, c->position, payload, length, senders,
                                         load.senders, load.body_size);
    bool own = e->sender == c->sender;

    c->position++;
    load.deliveries++;
    load.last_delivery_ns = now;
    histogram_add(&load.latency, now > e->sent_ns ? now - e->sent_ns : 0);
    if (own != load.ping_pong && c->sender != NOBODY && load.may_send())
        client_queue_message(c, now);
}

/* A client has joined when it sees itself come, or a list, as a slow one may get only that. */
static void client_presence(struct client *c, const char *payload, size_t length)
{
    static const char join[] = "{\"type\":\"join\",\"username\":\"b";
    static const char users[] = "{\"type\":\"users\"";
    bool is_join = length > sizeof join && memcmp(payload, join, sizeof join - 1) == 0;
    bool is_users = memcmp(payload, users, TYPE_LENGTH) == 0;

    load.joins += is_join;
    load.users += is_users;
    if (c->joined)
        return;
    c->joined = is_users || (is_join && strtoul(payload + sizeof join - 1, NULL, 10) == c->number);
    load.joined += c->joined;
    if (c->joined && is_stuck(c) && epoll_ctl(epoll, EPOLL_CTL_DEL, c->fd, NULL) != 0)
        die("epoll_ctl");
}

static void client_text(struct client *c, const char *payload, size_t length, uint64_t now)
{
    static const char error[] = "{\"type\":\"error\"";
    static const char message[] = "{\"type\":\"message\"";

    if (length < TYPE_LENGTH)
        client_closed(c, "a text frame is too short");
    if (memcmp(payload, message, TYPE_LENGTH) == 0)
        client_message(c, payload, length, now);
    else if (memcmp(payload, error, TYPE_LENGTH) == 0)
        mistake("b%u was told %.*s", c->number, (int)length, payload);
    else
        client_presence(c, payload, length);
}

static void client_frame(struct client *c, const struct ws_frame *f, uint8_t *payload, uint64_t now)
{
    size_t length = (size_t)f->length;

    if (!f->final || f->mask != NULL)
        client_closed(c, "a frame is fragmented or masked");
    else if (f->opcode == WS_TEXT)
        client_text(c, (const char *)payload, length, now);
    else if (f->opcode == WS_PING)
        client_queue_frame(c, WS_PONG, payload, length);
    else if (f->opcode == WS_CLOSE && length >= 2)
        mistake("b%u was closed with %d %.*s", c->number, payload[0] << 8 | payload[1],
                (int)length - 2, (const char *)payload + 2);
    else if (f->opcode != WS_PONG)
        client_closed(c, "a frame of an unexpected kind");
}

/* Of a long frame that is not a message only the beginning matters: the rest is passed over. */
static void client_frame_begun(struct client *c, const struct ws_frame *f, const uint8_t *payload,
                               size_t have)
{
    static const char users[] = "{\"type\":\"users\"";

    if (f->opcode != WS_TEXT || have < TYPE_LENGTH || memcmp(payload, users, TYPE_LENGTH) != 0)
        return;
    client_presence(c, (const char *)payload, have);
    c->skip = f->head + f->length;
}

/* Returns the bytes used of what is there. */
static size_t client_frames(struct client *c, uint8_t *p, size_t have, uint64_t now)
{
    size_t used = 0;
    struct ws_frame f;

    while (used < have && ws_parse(p + used, have - used, &f)) {
        uint8_t *payload = p + used + f.head;

        if (have - used - f.head < f.length) {
            client_frame_begun(c, &f, payload, have - used - f.head);
            break;
        }
        client_frame(c, &f, payload, now);
        used += f.head + (size_t)f.length;
    }
    if (c->skip != 0) {
        c->skip -= have - used;
        used = have;
    }
    return used;
}

static size_t client_upgrade(struct client *c, const char *text, size_t length)
{
    const char *end = memmem(text, length, "\r\n\r\n", 4);

    if (end == NULL)
        return 0;
    if (strncmp(text, "HTTP/1.1 101 ", 13) != 0 ||
        memmem(text, length, accept_value, sizeof accept_value - 1) == NULL)
        mistake("b%u was not upgraded: %.*s", c->number, (int)(end - text), text);
    c->state = OPEN;
    load.upgraded++;
    return (size_t)(end + 4 - text);
}

static void client_keep(struct client *c, const uint8_t *rest, size_t length)
{
    if (length == 0 && c->input == NULL)
        return;
    c->input_length = length;
    if (length == 0) {
        free(c->input);
        c->input = NULL;
        return;
    }
    c->input = allocated(realloc(c->input, length));
    memcpy(c->input, rest, length);
}

static void client_read(struct client *c)
{
    size_t have = c->input_length, used = 0;
    ssize_t n;

    if (have != 0)
        memcpy(input, c->input, have);
    n = recv(c->fd, input + have, sizeof input - have, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        client_closed(c, n == 0 ? "closed without a reason" : strerror(errno));
    load.last_byte_ns = now_ns();
    have += (size_t)n;
    if (c->skip != 0) {
        used = c->skip < have ? (size_t)c->skip : have;
        c->skip -= used;
    }
    if (c->state == UPGRADING)
        used = client_upgrade(c, (const char *)input, have);
    if (c->state == OPEN)
        used += client_frames(c, input + used, have - used, load.last_byte_ns);
    client_keep(c, input + used, have - used);
    if (c->output_length != 0)
        client_flush(c);
}

static void client_connected(struct client *c)
{
    char text[256];
    int n = snprintf(text, sizeof text,
                     "GET /ws?username=b%u&room=%s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
                     "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                     "Sec-WebSocket-Version: 13\r\n\r\n",
                     c->number, c->room->name, load.port, key);

    c->state = UPGRADING;
    client_queue(c, text, (size_t)n);
}

void load_turn(int timeout_ms, int wake_fd)
{
    static int watched = -1;
    struct epoll_event wake = {.events = EPOLLIN, .data.ptr = NULL};
    int n;

    if (watched != wake_fd && watched >= 0)
        epoll_ctl(epoll, EPOLL_CTL_DEL, watched, NULL);
    if (watched != wake_fd && wake_fd >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, wake_fd, &wake) != 0)
        die("epoll_ctl");
    watched = wake_fd;
    while (opened < total() && opened - load.upgraded < load.parallel)
        client_connect(&clients[opened++]);
    n = epoll_wait(epoll, events, EVENTS, timeout_ms);
    for (int i = 0; i < n; i++) {
        struct client *c = events[i].data.ptr;

        if (c == NULL)
            continue;
        if ((events[i].events & (EPOLLERR | EPOLLHUP)) != 0 && c->state == CONNECTING)
            client_closed(c, "could not connect");
        if (c->state == CONNECTING)
            client_connected(c);
        if ((events[i].events & EPOLLOUT) != 0)
            client_flush(c);
        if ((events[i].events & EPOLLIN) != 0)
            client_read(c);
    }
}

bool load_all_joined(void)
{
    return load.joined == total();
}

void load_check_complete(void)
{
    for (uint32_t i = 0; i < load.senders; i++)
        if (senders[i].recorded != senders[i].sent)
            mistake("nobody got messages %u to %u of b%u", senders[i].recorded, senders[i].sent - 1,
                    i);
    for (uint32_t i = 0; i < load.active + load.idle; i++)
        if (clients[i].position != clients[i].room->count)
            mistake("b%u in room %s got %zu of %zu messages", i, clients[i].room->name,
                    clients[i].position, clients[i].room->count);
}

uint64_t load_joins_expected(void)
{
    uint64_t joins = 0;

    for (size_t i = 0; i < room_count; i++)
        joins += (uint64_t)rooms[i].members * (rooms[i].members + 1) / 2;
    return joins;
}
