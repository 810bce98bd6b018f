#include "net/http_message.h"

#include <string.h>
#include <strings.h>

/* ---- requests ---- */

bool http_header_is(struct lws *wsi, enum lws_token_indexes token, const char *wanted)
{
    char value[256];

    return lws_hdr_copy(wsi, value, sizeof value, token) > 0 && strcasecmp(value, wanted) == 0;
}

bool http_header_has_word(struct lws *wsi, enum lws_token_indexes token, const char *word,
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

/* Of a list like "br, gzip;q=0.5": 1 if this entry names the coding, 0 if it forbids it, -1 if it is about
 * another one. */
static int accepts(char *entry, const char *coding)
{
    char *parameters = strchr(entry, ';'), *end = entry + strcspn(entry, " \t;"), *q;

    q = parameters != NULL ? strstr(parameters, "q=") : NULL;
    *end = '\0';
    if (strcasecmp(entry, coding) != 0)
        return -1;
    return q == NULL || strspn(q + 2, "0.") < strcspn(q + 2, " \t;");
}

bool http_accepts_gzip(struct lws *wsi)
{
    char value[256], *rest = value, *entry;
    int any = -1, gzip = -1;

    if (lws_hdr_copy(wsi, value, sizeof value, WSI_TOKEN_HTTP_ACCEPT_ENCODING) <= 0)
        return false;
    while ((entry = strsep(&rest, ",")) != NULL) {
        char copy[sizeof value];

        entry += strspn(entry, " \t");
        memcpy(copy, entry, strlen(entry) + 1);
        if (gzip < 0)
            gzip = accepts(entry, "gzip");
        if (any < 0)
            any = accepts(copy, "*");
    }
    return gzip >= 0 ? gzip == 1 : any == 1;
}

bool http_path(struct lws *wsi, char out[HTTP_PATH_SIZE])
{
    return lws_hdr_copy(wsi, out, HTTP_PATH_SIZE, WSI_TOKEN_GET_URI) > 0 ||
           lws_hdr_copy(wsi, out, HTTP_PATH_SIZE, WSI_TOKEN_HEAD_URI) > 0;
}

/* An encoded line break in the target makes libwebsockets' parser lose the rest of the request line, so
 * that the version is missing. */
bool http_is_well_formed(struct lws *wsi)
{
    return http_header_is(wsi, WSI_TOKEN_HTTP, "HTTP/1.0") ||
           (http_header_is(wsi, WSI_TOKEN_HTTP, "HTTP/1.1") &&
            lws_hdr_total_length(wsi, WSI_TOKEN_HOST) != 0);
}

/* ---- responses ---- */

/* Scripts, styles and connections only from here; nobody may frame the page; no HTML is ever made from
 * text. */
static const struct {
    const char *name, *value;
} common_headers[] = {
    {"content-security-policy:",
     "default-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
     "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; "
     "trusted-types 'none'"},
    {"x-content-type-options:", "nosniff"},
    {"referrer-policy:", "no-referrer"},
};

void http_add(struct http_headers *h, const char *name, const char *value)
{
    h->is_ok = h->is_ok && lws_add_http_header_by_name(h->wsi, (const unsigned char *)name,
                                                       (const unsigned char *)value,
                                                       (int)strlen(value), &h->at, h->end) == 0;
}

void http_begin(struct http_headers *h, struct lws *wsi, unsigned status)
{
    h->wsi = wsi;
    h->at = h->buffer + LWS_PRE;
    h->end = h->buffer + sizeof h->buffer - 1;
    h->is_ok = lws_add_http_header_status(wsi, status, &h->at, h->end) == 0;
    for (size_t i = 0; i < sizeof common_headers / sizeof *common_headers; i++)
        http_add(h, common_headers[i].name, common_headers[i].value);
}

void http_add_content(struct http_headers *h, const char *media_type, size_t length)
{
    http_add(h, "content-type:", media_type);
    h->is_ok = h->is_ok && lws_add_http_header_content_length(h->wsi, (lws_filepos_t)length, &h->at,
                                                              h->end) == 0;
}

int http_send_headers(struct http_headers *h)
{
    if (!h->is_ok ||
        lws_finalize_write_http_header(h->wsi, h->buffer + LWS_PRE, &h->at, h->end) != 0)
        return -1;
    return 0;
}

/* Ends the headers and sends them with the text in one write. */
static int send_with_text(struct http_headers *h, const char *text)
{
    size_t length = strlen(text);

    if (!h->is_ok || lws_finalize_http_header(h->wsi, &h->at, h->end) != 0 ||
        length > (size_t)(h->end - h->at))
        return -1;
    if (lws_hdr_total_length(h->wsi, WSI_TOKEN_HEAD_URI) == 0) {
        memcpy(h->at, text, length);
        h->at += length;
    }
    length = (size_t)(h->at - (h->buffer + LWS_PRE));
    return lws_write(h->wsi, h->buffer + LWS_PRE, length, LWS_WRITE_HTTP_HEADERS) < 0 ? -1 : 0;
}

static void begin_text(struct http_headers *h, struct lws *wsi, unsigned status, const char *text)
{
    http_begin(h, wsi, status);
    http_add_content(h, "text/plain; charset=utf-8", strlen(text));
    http_add(h, "cache-control:", "no-store");
}

int http_send_text(struct lws *wsi, unsigned status, const char *text)
{
    struct http_headers h;

    begin_text(&h, wsi, status, text);
    return send_with_text(&h, text);
}

bool http_refused(struct lws *wsi, const struct http_rule *rules, size_t count)
{
    struct http_headers h;
    size_t i = 0;

    while (i < count && rules[i].is_fine(wsi))
        i++;
    if (i == count)
        return false;
    begin_text(&h, wsi, rules[i].status, rules[i].text);
    if (rules[i].name != NULL)
        http_add(&h, rules[i].name, rules[i].value);
    if (rules[i].status == 426) { /* Upgrade Required names what it requires (RFC 9110, 15.5.22) */
        http_add(&h, "upgrade:", "websocket");
        http_add(&h, "connection:", "close, upgrade");
    } else {
        http_add(&h, "connection:", "close");
    }
    (void)send_with_text(&h, rules[i].text);
    return true;
}
