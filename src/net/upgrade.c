/* upgrade - whether a request may become a WebSocket (RFC 6455, 4.2). libwebsockets drops most malformed
 * requests without a word; these rules come first and say what is wrong. */
#include "net/conn.h"
#include "net/http_message.h"
#include "net/protocols.h"
#include "net/worker.h"

#include <string.h>
#include <strings.h>

static bool is_not_stopping(struct lws *wsi)
{
    const struct conn *c = lws_get_opaque_user_data(wsi);

    return !c->worker->draining;
}

static bool path_is_endpoint(struct lws *wsi)
{
    char path[HTTP_PATH_SIZE];

    return http_path(wsi, path) && strcmp(path, "/ws") == 0;
}

static bool wants_websocket(struct lws *wsi)
{
    return http_header_is(wsi, WSI_TOKEN_HTTP, "HTTP/1.1") &&
           lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) != 0 &&
           http_header_is(wsi, WSI_TOKEN_UPGRADE, "websocket") &&
           http_header_has_word(wsi, WSI_TOKEN_CONNECTION, "upgrade", strcasecmp);
}

static bool has_version(struct lws *wsi)
{
    return http_header_is(wsi, WSI_TOKEN_VERSION, "13");
}

static bool has_key(struct lws *wsi)
{
    return lws_hdr_total_length(wsi, WSI_TOKEN_KEY) == 24; /* 16 bytes in base64 */
}

static bool has_known_subprotocol(struct lws *wsi)
{
    return lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) == 0 ||
           http_header_has_word(wsi, WSI_TOKEN_PROTOCOL, "chat", strcmp) ||
           http_header_has_word(wsi, WSI_TOKEN_PROTOCOL, CHAT_V2_PROTOCOL, strcmp);
}

/* A browser names the page that wants to connect; a page of somebody else's must not chat in the name of
 * whoever opens it. Programs send no Origin. */
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

static const struct http_rule rules[] = {
    {is_not_stopping, 503, "The server is stopping.\n", "retry-after:", "5"},
    {http_is_well_formed, 400, "The request line or Host is malformed.\n", NULL, NULL},
    {path_is_endpoint, 404, "The WebSocket endpoint is /ws.\n", NULL, NULL},
    {wants_websocket, 400, "The only upgrade here is GET to websocket, with HTTP/1.1.\n", NULL,
     NULL},
    {has_version, 426, "The WebSocket version must be 13.\n", "sec-websocket-version:", "13"},
    {has_key, 400, "Sec-WebSocket-Key is missing or malformed.\n", NULL, NULL},
    {has_known_subprotocol, 400, "The subprotocols spoken here are \"chat\" and \"chat.v2\".\n",
     NULL, NULL},
    {has_welcome_origin, 403,
     "This page's origin may not connect. The operator can allow it with allowed_origins.\n", NULL,
     NULL},
};

int upgrade_check(struct lws *wsi)
{
    struct conn *c = lws_get_opaque_user_data(wsi);

    deadline_cancel(&c->life);
    return http_refused(wsi, rules, sizeof rules / sizeof *rules) ? -1 : 0;
}
