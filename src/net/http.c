/* http - plain HTTP: the static files, the health check, and whether a request may become a
 * WebSocket. */
#include "net/conn.h"
#include "net/protocols.h"
#include "net/static_files.h"
#include "net/worker.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    HEADERS_SIZE = 2048,
    PATH_SIZE = 4096 + 1, /* libwebsockets takes no more than 4096 bytes of headers in all */
    CHUNK_SIZE = 32 * 1024,
    RESPONSE_TIMEOUT_S = 30, /* for a client that reads nothing of what it asked for */
};

/* Sent with every response: scripts, styles and connections only from here; nobody may frame the page;
 * no HTML is ever made from text. */
static const struct {
    const char *name, *value;
} common_headers[] = {
    {"content-security-policy:",
     "default-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
     "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; "
     "trusted-types 'none'"},
    {"x-content-type-options:", "nosniff"},
    {"referrer-policy:", "no-referrer"},
    {"cross-origin-opener-policy:", "same-origin"},
};

struct headers {
    struct lws *wsi;
    unsigned char buffer[LWS_PRE + HEADERS_SIZE];
    unsigned char *at, *end;
    bool is_ok;
};

static void add_header(struct headers *h, const char *name, const char *value)
{
    h->is_ok = h->is_ok && lws_add_http_header_by_name(h->wsi, (const unsigned char *)name,
                                                       (const unsigned char *)value,
                                                       (int)strlen(value), &h->at, h->end) == 0;
}

static void begin_headers(struct headers *h, struct lws *wsi, unsigned status)
{
    h->wsi = wsi;
    h->at = h->buffer + LWS_PRE;
    h->end = h->buffer + sizeof h->buffer - 1;
    h->is_ok = lws_add_http_header_status(wsi, status, &h->at, h->end) == 0;
    for (size_t i = 0; i < sizeof common_headers / sizeof *common_headers; i++)
        add_header(h, common_headers[i].name, common_headers[i].value);
}

static void add_content(struct headers *h, const char *media_type, size_t length)
{
    add_header(h, "content-type:", media_type);
    h->is_ok = h->is_ok && lws_add_http_header_content_length(h->wsi, (lws_filepos_t)length, &h->at,
                                                              h->end) == 0;
}

/* 0 or, if the connection is to end, -1. */
static int send_headers(struct headers *h)
{
    if (!h->is_ok ||
        lws_finalize_write_http_header(h->wsi, h->buffer + LWS_PRE, &h->at, h->end) != 0)
        return -1;
    return 0;
}

static int transaction_done(struct lws *wsi)
{
    struct conn *c = lws_get_opaque_user_data(wsi);

    c->is_responding = false;
    if (c->worker->draining)
        return -1;
    return lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
}

/* A short text with a status, headers and body in one write. */
static int reply_text(struct lws *wsi, unsigned status, const char *text, const char *extra_name,
                      const char *extra_value)
{
    size_t length = strlen(text);
    struct headers h;

    begin_headers(&h, wsi, status);
    add_content(&h, "text/plain; charset=utf-8", length);
    add_header(&h, "cache-control:", "no-store");
    if (extra_name != NULL)
        add_header(&h, extra_name, extra_value);
    if (!h.is_ok || lws_finalize_http_header(wsi, &h.at, h.end) != 0 ||
        length > (size_t)(h.end - h.at))
        return -1;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) == 0) {
        memcpy(h.at, text, length);
        h.at += length;
    }
    length = (size_t)(h.at - (h.buffer + LWS_PRE));
    return lws_write(wsi, h.buffer + LWS_PRE, length, LWS_WRITE_HTTP_HEADERS) < 0 ? -1 : 0;
}

/* The same, and the connection is ready for the next request. */
static int answer_text(struct lws *wsi, unsigned status, const char *text, const char *extra_name,
                       const char *extra_value)
{
    if (reply_text(wsi, status, text, extra_name, extra_value) != 0)
        return -1;
    return transaction_done(wsi);
}

static bool header_is(struct lws *wsi, enum lws_token_indexes token, const char *wanted)
{
    char value[256];
    int length = lws_hdr_copy(wsi, value, sizeof value, token);

    return length > 0 && strcasecmp(value, wanted) == 0;
}

/* One of the comma-separated words of a header, compared with strcmp or strcasecmp. */
static bool header_has_word(struct lws *wsi, enum lws_token_indexes token, const char *word,
                            int (*compare)(const char *, const char *))
{
    char value[256], *rest = value, *each;

    if (lws_hdr_copy(wsi, value, sizeof value, token) <= 0)
        return false;
    while ((each = strsep(&rest, ", \t")) != NULL)
        if (compare(each, word) == 0)
            return true;
    return false;
}

/* An encoded line break in the target makes libwebsockets' parser lose the rest of the request
 * line. */
static bool is_http_1_1(struct lws *wsi)
{
    return header_is(wsi, WSI_TOKEN_HTTP, "HTTP/1.1");
}

/* ---- static files ---- */

/* If-None-Match (RFC 9110, 13.1.2): any of the listed tags, weak ones too, or "*". */
static bool is_cached(struct lws *wsi, const struct static_file *file)
{
    char tags[512];

    return lws_hdr_copy(wsi, tags, sizeof tags, WSI_TOKEN_HTTP_IF_NONE_MATCH) > 0 &&
           (strcmp(tags, "*") == 0 || strstr(tags, file->etag) != NULL);
}

static int send_file(struct lws *wsi, struct http_response *r, unsigned status,
                     const struct static_file *file)
{
    bool is_head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) != 0;
    struct conn *c = lws_get_opaque_user_data(wsi);
    struct headers h;

    if (status == HTTP_STATUS_OK && is_cached(wsi, file))
        status = HTTP_STATUS_NOT_MODIFIED;
    begin_headers(&h, wsi, status);
    add_header(&h, "etag:", file->etag);
    add_header(&h, "cache-control:", "no-cache");
    if (status != HTTP_STATUS_NOT_MODIFIED)
        add_content(&h, file->media_type, file->length);
    if (send_headers(&h) != 0)
        return -1;
    if (is_head || status == HTTP_STATUS_NOT_MODIFIED || file->length == 0)
        return transaction_done(wsi);
    *r = (struct http_response){.body = file->bytes, .length = file->length};
    c->is_responding = true;
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, RESPONSE_TIMEOUT_S);
    lws_callback_on_writable(wsi);
    return 0;
}

static int continue_body(struct lws *wsi, struct http_response *r)
{
    unsigned char chunk[LWS_PRE + CHUNK_SIZE];
    size_t length = r->length - r->sent;
    bool is_last = length <= CHUNK_SIZE;

    if (r->body == NULL)
        return 0;
    if (lws_partial_buffered(wsi)) {
        lws_callback_on_writable(wsi);
        return 0;
    }
    if (!is_last)
        length = CHUNK_SIZE;
    memcpy(chunk + LWS_PRE, r->body + r->sent, length);
    if (lws_write(wsi, chunk + LWS_PRE, length, is_last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) <
        0)
        return -1;
    r->sent += length;
    if (is_last) {
        r->body = NULL;
        return transaction_done(wsi);
    }
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, RESPONSE_TIMEOUT_S);
    lws_callback_on_writable(wsi);
    return 0;
}

/* The mount takes its own path off what the callback is given, so the whole path is asked for.
 * False if the method is neither GET nor HEAD. */
static bool requested_path(struct lws *wsi, char *out, int size)
{
    return lws_hdr_copy(wsi, out, size, WSI_TOKEN_GET_URI) > 0 ||
           lws_hdr_copy(wsi, out, size, WSI_TOKEN_HEAD_URI) > 0;
}

static int serve(struct lws *wsi, struct http_response *r)
{
    struct conn *c = lws_get_opaque_user_data(wsi);
    const struct static_files *files = c->worker->config->files;
    const struct static_file *file;
    char path[PATH_SIZE];

    deadline_cancel(&c->life);
    if (!is_http_1_1(wsi) && !header_is(wsi, WSI_TOKEN_HTTP, "HTTP/1.0")) {
        (void)reply_text(wsi, HTTP_STATUS_BAD_REQUEST, "The request line is malformed.\n",
                         "connection:", "close");
        return -1;
    }
    if (!requested_path(wsi, path, sizeof path)) {
        (void)reply_text(wsi, HTTP_STATUS_METHOD_NOT_ALLOWED,
                         "Only GET and HEAD are served here.\n", "allow:", "GET, HEAD");
        return -1;
    }
    /* The body of a request is not read, so the connection cannot be used again: what follows would
     * be taken for a request, in somebody else's name if a proxy shares the connection. */
    if ((lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) != 0 &&
         !header_is(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, "0")) ||
        lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) != 0) {
        (void)reply_text(wsi, HTTP_STATUS_BAD_REQUEST, "Requests here have no body.\n",
                         "connection:", "close");
        return -1;
    }
    if (strcmp(path, "/healthz") == 0)
        return answer_text(wsi, HTTP_STATUS_OK, "ok\n", NULL, NULL);
    if (strcmp(path, "/ws") == 0)
        return answer_text(wsi, 426, "This is the WebSocket endpoint: connect with a WebSocket.\n",
                           "upgrade:", "websocket");
    file = static_files_find(files, path);
    if (file != NULL)
        return send_file(wsi, r, HTTP_STATUS_OK, file);
    file = static_files_find(files, "/404.html");
    if (file != NULL)
        return send_file(wsi, r, HTTP_STATUS_NOT_FOUND, file);
    return answer_text(wsi, HTTP_STATUS_NOT_FOUND, "There is nothing here.\n", NULL, NULL);
}

int http_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t length)
{
    struct conn *c = lws_get_opaque_user_data(wsi);

    if (c == NULL)
        return 0;
    worker_enter(c->worker);
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return serve(wsi, user);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return continue_body(wsi, user);
    case LWS_CALLBACK_RAW_ADOPT:
        return -1;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, length);
    }
}

/* ---- upgrade ---- */

static bool path_is_endpoint(struct lws *wsi)
{
    char path[PATH_SIZE];

    return lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) > 0 && strcmp(path, "/ws") == 0;
}

static bool wants_websocket(struct lws *wsi)
{
    return header_is(wsi, WSI_TOKEN_UPGRADE, "websocket") &&
           header_has_word(wsi, WSI_TOKEN_CONNECTION, "upgrade", strcasecmp);
}

static bool has_key(struct lws *wsi)
{
    /* 16 bytes in base64 (RFC 6455, 4.1) */
    return lws_hdr_total_length(wsi, WSI_TOKEN_KEY) == 24 &&
           lws_hdr_total_length(wsi, WSI_TOKEN_HOST) != 0;
}

static bool has_version(struct lws *wsi)
{
    return header_is(wsi, WSI_TOKEN_VERSION, "13");
}

static bool has_known_subprotocol(struct lws *wsi)
{
    return lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) == 0 ||
           header_has_word(wsi, WSI_TOKEN_PROTOCOL, "chat", strcmp) ||
           header_has_word(wsi, WSI_TOKEN_PROTOCOL, "chat.v2", strcmp);
}

/* A browser names the page that wants to connect; a page of somebody else's must not chat in the
 * name of whoever opens it. Programs send no Origin. */
static bool has_welcome_origin(struct lws *wsi)
{
    const struct conn *c = lws_get_opaque_user_data(wsi);
    const char *allowed = c->worker->config->allowed_origins, *authority;
    char origin[256], host[256];
    size_t length;

    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) == 0 || strcmp(allowed, "*") == 0)
        return true;
    if (lws_hdr_copy(wsi, origin, sizeof origin, WSI_TOKEN_ORIGIN) <= 0)
        return false;
    authority = strstr(origin, "://");
    if (authority != NULL && lws_hdr_copy(wsi, host, sizeof host, WSI_TOKEN_HOST) > 0 &&
        strcasecmp(authority + 3, host) == 0)
        return true;
    for (; *allowed != '\0'; allowed += length) {
        allowed += strspn(allowed, ", \t");
        length = strcspn(allowed, ", \t");
        if (length == strlen(origin) && length != 0 && strncasecmp(allowed, origin, length) == 0)
            return true;
    }
    return false;
}

static bool is_not_stopping(struct lws *wsi)
{
    const struct conn *c = lws_get_opaque_user_data(wsi);

    return !c->worker->draining;
}

static const struct {
    bool (*is_fine)(struct lws *wsi);
    unsigned status;
    const char *text;
    const char *header, *value;
} upgrade_rules[] = {
    {is_not_stopping, 503, "The server is stopping.\n", "retry-after:", "5"},
    {is_http_1_1, 400, "The request line is malformed.\n", NULL, NULL},
    {path_is_endpoint, 404, "The WebSocket endpoint is /ws.\n", NULL, NULL},
    {wants_websocket, 400, "The only upgrade here is to websocket.\n", NULL, NULL},
    {has_version, 426, "The WebSocket version must be 13.\n", "sec-websocket-version:", "13"},
    {has_key, 400, "Host or Sec-WebSocket-Key is missing or malformed.\n", NULL, NULL},
    {has_known_subprotocol, 400, "The known subprotocol is \"chat\".\n", NULL, NULL},
    {has_welcome_origin, 403,
     "This page's origin may not connect. The operator can allow it with allowed_origins.\n", NULL,
     NULL},
};

int upgrade_check(struct lws *wsi)
{
    struct conn *c = lws_get_opaque_user_data(wsi);

    deadline_cancel(&c->life);
    for (size_t i = 0; i < sizeof upgrade_rules / sizeof *upgrade_rules; i++) {
        if (upgrade_rules[i].is_fine(wsi))
            continue;
        (void)reply_text(wsi, upgrade_rules[i].status, upgrade_rules[i].text,
                         upgrade_rules[i].header, upgrade_rules[i].value);
        return -1;
    }
    return 0;
}
