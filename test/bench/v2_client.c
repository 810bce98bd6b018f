#include "v2_client.h"

#include "ws.h"

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

enum { EVENTS = 512, READ_SIZE = 256 * 1024 };

static int epoll = -1;

uint64_t v2_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void v2_fail(const struct v2_client *c, const char *what)
{
    fprintf(stderr, "recall: %s in %s: %s\n", c->name, c->room, what);
    exit(1);
}

static void reserve(char **bytes, size_t *capacity, size_t need)
{
    if (need <= *capacity)
        return;
    *capacity = need * 2;
    *bytes = realloc(*bytes, *capacity);
    if (*bytes == NULL)
        abort();
}

/* ---- fields ---- */

static const char *find_field(const char *text, const char *field)
{
    char name[40];
    const char *at;
    int length = snprintf(name, sizeof name, "\"%s\":", field);

    at = strstr(text, name);
    return at != NULL ? at + length : NULL;
}

uint64_t v2_number(const char *text, const char *field)
{
    const char *at = find_field(text, field);

    return at != NULL ? strtoull(at, NULL, 10) : 0;
}

void v2_text(const char *text, const char *field, char *out, size_t size)
{
    const char *at = find_field(text, field);
    size_t length = at != NULL && *at == '"' ? strcspn(at + 1, "\"") : 0;

    if (length >= size)
        length = size - 1;
    if (length != 0)
        memcpy(out, at + 1, length);
    out[length] = '\0';
}

bool v2_is(const char *text, const char *type)
{
    static const char before[] = "{\"type\":\"";
    size_t length = strlen(type);

    return strncmp(text, before, sizeof before - 1) == 0 &&
           strncmp(text + sizeof before - 1, type, length) == 0 &&
           text[sizeof before - 1 + length] == '"';
}

/* ---- sending ---- */

static void watch(struct v2_client *c, int operation, bool output)
{
    struct epoll_event e = {.events = EPOLLIN | (output ? (uint32_t)EPOLLOUT : 0), .data.ptr = c};

    c->watches_output = output;
    if (epoll_ctl(epoll, operation, c->fd, &e) != 0)
        v2_fail(c, strerror(errno));
}

static void queue(struct v2_client *c, const void *bytes, size_t length)
{
    reserve(&c->output, &c->output_capacity, c->output_length + length);
    memcpy(c->output + c->output_length, bytes, length);
    c->output_length += length;
}

void v2_flush(struct v2_client *c)
{
    ssize_t n = send(c->fd, c->output, c->output_length, MSG_NOSIGNAL);

    if (n < 0 && errno != EAGAIN)
        v2_fail(c, strerror(errno));
    if (n > 0) {
        c->output_length -= (size_t)n;
        memmove(c->output, c->output + n, c->output_length);
    }
    if (c->watches_output != (c->output_length != 0))
        watch(c, EPOLL_CTL_MOD, c->output_length != 0);
}

static void queue_frame(struct v2_client *c, enum ws_opcode opcode, const char *text, size_t length)
{
    static const uint8_t mask[4] = {0x1d, 0x8a, 0xf3, 0x60};
    uint8_t head[WS_HEAD_MAX];

    queue(c, head, ws_head(head, opcode, length, mask));
    queue(c, text, length);
    ws_mask((uint8_t *)c->output + c->output_length - length, length, mask);
}

void v2_send(struct v2_client *c, const char *text, size_t length)
{
    queue_frame(c, WS_TEXT, text, length);
}

void v2_open(struct v2_client *c, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    char text[256];
    int n;

    if (epoll < 0)
        epoll = epoll_create1(EPOLL_CLOEXEC);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)
        v2_fail(c, strerror(errno));
    c->input_length = c->output_length = 0;
    c->is_joined = c->is_recovered = c->is_upgraded = false;
    n = snprintf(text, sizeof text,
                 "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\n"
                 "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat.v2\r\n\r\n",
                 port);
    queue(c, text, (size_t)n);
    watch(c, EPOLL_CTL_ADD, true);
}

void v2_close(struct v2_client *c)
{
    close(c->fd);
    c->fd = -1;
}

static void send_join(struct v2_client *c)
{
    char text[512];
    int n = snprintf(text, sizeof text, "{\"type\":\"join\",\"room\":\"%s\",\"username\":\"%s\"",
                     c->room, c->name);

    if (c->key[0] != '\0')
        n += snprintf(text + n, sizeof text - (size_t)n,
                      ",\"key\":\"%s\",\"since\":{\"epoch\":\"%s\",\"seq\":%llu}", c->key, c->epoch,
                      (unsigned long long)c->seq);
    text[n++] = '}';
    v2_send(c, text, (size_t)n);
}

/* ---- receiving ---- */

static void on_text(struct v2_client *c, const char *text, size_t length, uint64_t now)
{
    if (v2_is(text, "hello")) {
        send_join(c);
    } else if (v2_is(text, "joined")) {
        c->is_joined = true;
        c->is_recovered = strstr(text, "\"recovered\":true") != NULL;
        c->seq = v2_number(text, "seq");
        v2_text(text, "key", c->key, sizeof c->key);
        v2_text(text, "epoch", c->epoch, sizeof c->epoch);
    } else if (v2_is(text, "error")) {
        v2_fail(c, text);
    } else if (c->on_frame != NULL) {
        c->on_frame(c, text, length, now);
    }
}

static void on_frame(struct v2_client *c, const struct ws_frame *f, char *payload, uint64_t now)
{
    char after = payload[f->length];

    payload[f->length] = '\0'; /* there is room behind the input */
    if (f->opcode == WS_TEXT)
        on_text(c, payload, (size_t)f->length, now);
    else if (f->opcode == WS_PING)
        queue_frame(c, WS_PONG, payload, (size_t)f->length);
    else if (f->opcode == WS_CLOSE)
        v2_fail(c, f->length > 2 ? payload + 2 : "closed");
    payload[f->length] = after;
}

static void take_frames(struct v2_client *c, uint64_t now)
{
    size_t used = 0;
    struct ws_frame f;

    if (!c->is_upgraded) {
        const char *end = memmem(c->input, c->input_length, "\r\n\r\n", 4);

        if (end == NULL)
            return;
        if (strncmp(c->input, "HTTP/1.1 101 ", 13) != 0)
            v2_fail(c, "not upgraded");
        c->is_upgraded = true;
        used = (size_t)(end + 4 - c->input);
    }
    while (c->fd >= 0 && ws_parse((uint8_t *)c->input + used, c->input_length - used, &f) &&
           c->input_length - used >= f.head + f.length) {
        on_frame(c, &f, c->input + used + f.head, now);
        used += f.head + (size_t)f.length;
    }
    c->input_length -= used;
    memmove(c->input, c->input + used, c->input_length);
}

static void receive(struct v2_client *c)
{
    ssize_t n;

    reserve(&c->input, &c->input_capacity, c->input_length + READ_SIZE / 4 + 1);
    n = recv(c->fd, c->input + c->input_length, c->input_capacity - c->input_length - 1, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0)
        v2_fail(c, n == 0 ? "closed" : strerror(errno));
    c->input_length += (size_t)n;
    take_frames(c, v2_now_ns());
}

void v2_start_anew(void)
{
    close(epoll);
    epoll = -1;
}

void v2_turn(int timeout_ms)
{
    static struct epoll_event events[EVENTS];
    int n = epoll_wait(epoll, events, EVENTS, timeout_ms);

    for (int i = 0; i < n; i++) {
        struct v2_client *c = events[i].data.ptr;

        if (c->fd >= 0 && (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
            receive(c);
        if (c->fd >= 0 && (c->output_length != 0 || (events[i].events & EPOLLOUT) != 0))
            v2_flush(c);
    }
}
