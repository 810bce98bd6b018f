/* http - plain HTTP: the static files and the health check. */
#include "net/conn.h"
#include "net/http_message.h"
#include "net/protocols.h"
#include "net/static_files.h"
#include "net/worker.h"

#include <string.h>

/* For a client that reads nothing of what it asked for. */
enum { RESPONSE_TIMEOUT_S = 30 };

static int transaction_done(struct lws *wsi)
{
    struct conn *c = lws_get_opaque_user_data(wsi);

    c->is_responding = false;
    if (c->worker->draining)
        return -1;
    return lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
}

static int answer_text(struct lws *wsi, unsigned status, const char *text)
{
    return http_send_text(wsi, status, text) != 0 ? -1 : transaction_done(wsi);
}

/* If-None-Match (RFC 9110, 13.1.2): any of the listed tags, weak ones too, or "*". */
static bool is_cached(struct lws *wsi, const struct static_body *body)
{
    char tags[512];

    return lws_hdr_copy(wsi, tags, sizeof tags, WSI_TOKEN_HTTP_IF_NONE_MATCH) > 0 &&
           (strcmp(tags, "*") == 0 || strstr(tags, body->etag) != NULL);
}

static int continue_body(struct lws *wsi, struct http_response *r)
{
    struct conn *c = lws_get_opaque_user_data(wsi);
    uint8_t *chunk = c->worker->scratch + LWS_PRE;
    size_t length = r->length - r->sent, limit = SCRATCH_SIZE - LWS_PRE;
    bool is_last = length <= limit;

    if (r->body == NULL)
        return 0;
    if (lws_partial_buffered(wsi)) {
        lws_callback_on_writable(wsi);
        return 0;
    }
    if (!is_last)
        length = limit;
    memcpy(chunk, r->body + r->sent, length);
    if (lws_write(wsi, chunk, length, is_last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0)
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

static int send_file(struct lws *wsi, struct http_response *r, unsigned status,
                     const struct static_file *file)
{
    bool is_head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) != 0;
    bool has_gzip = file->gzip.bytes != NULL, is_gzip = has_gzip && http_accepts_gzip(wsi);
    const struct static_body *body = is_gzip ? &file->gzip : &file->plain;
    struct conn *c = lws_get_opaque_user_data(wsi);
    struct http_headers h;

    if (status == HTTP_STATUS_OK && is_cached(wsi, body))
        status = HTTP_STATUS_NOT_MODIFIED;
    http_begin(&h, wsi, status);
    http_add(&h, "etag:", body->etag);
    http_add(&h, "cache-control:", "no-cache");
    if (has_gzip)
        http_add(&h, "vary:", "accept-encoding");
    if (is_gzip && status != HTTP_STATUS_NOT_MODIFIED)
        http_add(&h, "content-encoding:", "gzip");
    if (status != HTTP_STATUS_NOT_MODIFIED)
        http_add_content(&h, file->media_type, body->length);
    if (http_send_headers(&h) != 0)
        return -1;
    if (is_head || status == HTTP_STATUS_NOT_MODIFIED || body->length == 0)
        return transaction_done(wsi);
    *r = (struct http_response){.body = body->bytes, .length = body->length};
    c->is_responding = true;
    return continue_body(wsi, r);
}

static bool is_get_or_head(struct lws *wsi)
{
    char path[HTTP_PATH_SIZE];

    return http_path(wsi, path);
}

/* A body would not be read, and what follows would be taken for a request, in somebody else's name if a
 * proxy shares the connection. */
static bool has_no_body(struct lws *wsi)
{
    return (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) == 0 ||
            http_header_is(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, "0")) &&
           lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) == 0;
}

static bool is_not_endpoint(struct lws *wsi)
{
    char path[HTTP_PATH_SIZE];

    return !http_path(wsi, path) || strcmp(path, "/ws") != 0;
}

static const struct http_rule rules[] = {
    {is_get_or_head, 405, "Only GET and HEAD are served here.\n", "allow:", "GET, HEAD"},
    {http_is_well_formed, 400, "The request line or Host is malformed.\n", NULL, NULL},
    {has_no_body, 400, "Requests here have no body.\n", NULL, NULL},
    {is_not_endpoint, 426, "This is the WebSocket endpoint: connect with a WebSocket.\n", NULL,
     NULL},
};

/* Alive, which /healthz tells, is not yet able to take messages. */
static int answer_readiness(struct lws *wsi)
{
    const struct conn *c = lws_get_opaque_user_data(wsi);
    const struct net_config *config = c->worker->config;

    if (c->worker->draining)
        return answer_text(wsi, HTTP_STATUS_SERVICE_UNAVAILABLE, "stopping\n");
    if (!config->is_ready(config->is_ready_arg))
        return answer_text(wsi, HTTP_STATUS_SERVICE_UNAVAILABLE,
                           "messages cannot be stored: see the log\n");
    return answer_text(wsi, HTTP_STATUS_OK, "ready\n");
}

static int serve(struct lws *wsi, struct http_response *r)
{
    struct conn *c = lws_get_opaque_user_data(wsi);
    const struct static_files *files = c->worker->config->files;
    const struct static_file *file;
    char path[HTTP_PATH_SIZE];

    deadline_cancel(&c->life);
    if (http_refused(wsi, rules, sizeof rules / sizeof *rules) || !http_path(wsi, path))
        return -1;
    if (strcmp(path, "/healthz") == 0)
        return answer_text(wsi, HTTP_STATUS_OK, "ok\n");
    if (strcmp(path, "/readyz") == 0)
        return answer_readiness(wsi);
    file = static_files_find(files, path);
    if (file != NULL)
        return send_file(wsi, r, HTTP_STATUS_OK, file);
    file = static_files_find(files, "/404.html");
    if (file != NULL)
        return send_file(wsi, r, HTTP_STATUS_NOT_FOUND, file);
    return answer_text(wsi, HTTP_STATUS_NOT_FOUND, "There is nothing here.\n");
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
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: /* no WebSocket is ever bound to this side */
    case LWS_CALLBACK_RAW_ADOPT:
        return -1;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, length);
    }
}
