/* chat - the WebSocket side of libwebsockets' callbacks: who is born, who speaks, who may write. */
#include "core/name.h"
#include "net/conn.h"
#include "net/held.h"
#include "net/http_message.h"
#include "net/protocols.h"
#include "net/worker.h"

#include <string.h>

enum {
    QUERY_SIZE = HTTP_REQUEST_MAX + 1,
    QUERY_FIELDS_MAX = 64,
};

static const char default_room[] = "lobby";

/* Copies the decoded value of a query field such as "username=" and returns its length, or -1 if
 * the field is not there. */
static int query_value(struct lws *wsi, const char *field, char out[QUERY_SIZE])
{
    int field_length = (int)strlen(field);

    for (int i = 0; i < QUERY_FIELDS_MAX; i++) {
        int length;

        if (lws_hdr_fragment_length(wsi, WSI_TOKEN_HTTP_URI_ARGS, i) <= 0)
            continue; /* an empty field looks like none */
        length = lws_hdr_copy_fragment(wsi, out, QUERY_SIZE, WSI_TOKEN_HTTP_URI_ARGS, i);
        if (length >= field_length && memcmp(out, field, (size_t)field_length) == 0) {
            memmove(out, out + field_length, (size_t)(length - field_length));
            return length - field_length;
        }
    }
    return -1;
}

/* Version 1 says who it is and where it goes with the request. */
static void established_v1(struct conn *c, struct lws *wsi)
{
    struct refusal why = {.code = REFUSED_BAD_REQUEST};
    char value[QUERY_SIZE], room[ROOM_NAME_MAX_BYTES + 1];
    int length = query_value(wsi, "room=", value);

    if (length < 0)
        strcpy(room, default_room);
    else if (room_name_make(value, (size_t)length, room, &why.text) != OK)
        room[0] = '\0';
    conn_begin_session(c, PROTO_V1, room);
    if (why.text != NULL)
        session_fail(&c->session, CLOSE_BAD_REQUEST, &why);
    else if ((length = query_value(wsi, "username=", value)) >= 0)
        session_join(&c->session, value, (size_t)length);
}

static void established(struct conn *c, struct lws *wsi)
{
    if (strcmp(lws_get_protocol(wsi)->name, CHAT_V2_PROTOCOL) == 0)
        conn_begin_session(c, PROTO_V2, NULL);
    else
        established_v1(c, wsi);
    held_back(c); /* it may have to wait for its room */
}

static void receive(struct conn *c, const char *bytes, size_t length)
{
    conn_alive(c);
    worker_note_read(c->worker, c, length);
    if (c->has_session)
        conn_receive(c, bytes, length);
    held_back(c);
}

static int peer_closed(struct conn *c, const uint8_t *payload, size_t length)
{
    conn_peer_closed(c, payload, length);
    return -1; /* both sides have said it: libwebsockets ends the connection */
}

static void closed(struct conn *c)
{
    conn_end_session(c, false);
    c->killed = true;
}

int chat_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t length)
{
    struct conn *c = lws_get_opaque_user_data(wsi);

    (void)user;
    if (c ==
        NULL) { /* libwebsockets' own, such as its event pipe, or a connection just being made */
        if (reason == LWS_CALLBACK_WSI_CREATE)
            ((struct worker *)lws_context_user(lws_get_context(wsi)))->adopting = NULL;
        return 0;
    }
    worker_enter(c->worker);
    switch (reason) {
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return upgrade_check(wsi);
    case LWS_CALLBACK_RAW_ADOPT: /* CONNECT turns a connection raw, without any timeout */
        return -1;
    case LWS_CALLBACK_ESTABLISHED:
        established(c, wsi);
        return 0;
    case LWS_CALLBACK_RECEIVE:
        receive(c, in, length);
        return 0;
    case LWS_CALLBACK_RECEIVE_PONG:
        conn_alive(c);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        conn_writeable(c);
        return 0;
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return peer_closed(c, in, length);
    case LWS_CALLBACK_WS_SERVER_DROP_PROTOCOL: /* libwebsockets sends its own CLOSE: ours is the silence */
        conn_end_session(c, false);
        return 0;
    case LWS_CALLBACK_CLOSED:
        closed(c);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        conn_free(c);
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, length);
    }
}
