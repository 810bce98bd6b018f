#include "core/proto.h"

#include <string.h>

const struct proto *const protos[PROTO_VERSIONS] = {
    [PROTO_V1] = &proto_v1,
    [PROTO_V2] = &proto_v2,
};

enum field_kind { TEXT, NUMBER, FLAG, POSITION };

#define SEQ_MAX (((json_int_t)1 << 53) - 1)

static const struct {
    const char *name;
    enum field_kind kind;
    const char *fault;
} fields[REQUEST_FIELDS] = {
    [FIELD_USERNAME] = {"username", TEXT, "\"username\" is missing or not a string."},
    [FIELD_BODY] = {"body", TEXT, "\"body\" is missing or not a string."},
    [FIELD_CID] = {"cid", TEXT, "\"cid\" is not a string."},
    [FIELD_ROOM] = {"room", TEXT, "\"room\" is missing or not a string."},
    [FIELD_KEY] = {"key", TEXT, "\"key\" is not a string."},
    [FIELD_ID] = {"id", TEXT, "\"id\" is missing or not a string."},
    [FIELD_REPLY_TO] = {"reply_to", TEXT, "\"reply_to\" is not a string."},
    [FIELD_EMOJI] = {"emoji", TEXT, "\"emoji\" is missing or not a string."},
    [FIELD_QUERY] = {"q", TEXT, "\"q\" is missing or not a string."},
    [FIELD_BEFORE_ID] = {"before", TEXT, "\"before\" is not the id of a message."},
    [FIELD_ON] = {"on", FLAG, "\"on\" is missing or neither true nor false."},
    [FIELD_SINCE] = {"since", POSITION, "\"since\" is not an object with \"epoch\" and \"seq\"."},
    [FIELD_LAST] = {"last", NUMBER, "\"last\" is not a whole number."},
    [FIELD_BEFORE] = {"before", NUMBER, "\"before\" is not a whole number."},
    [FIELD_AFTER] = {"after", NUMBER, "\"after\" is not a whole number."},
    [FIELD_AROUND] = {"around", NUMBER, "\"around\" is not a whole number."},
    [FIELD_LIMIT] = {"limit", NUMBER, "\"limit\" is not a whole number."},
};

enum err request_parse(struct request *r, const char *bytes, size_t length, const char **reason)
{
    json_error_t where;
    json_t *root = json_loadb(bytes, length, JSON_DECODE_ANY, &where);

    *r = (struct request){.root = root};
    if (root == NULL) {
        *reason = "That is not valid JSON. Send one object in each frame, such as "
                  "{\"type\":\"message\",\"body\":\"Hello\"}.";
        return ERR_INVALID;
    }
    if (!json_is_object(root)) {
        *reason = "That is not a JSON object. Send one object in each frame, such as "
                  "{\"type\":\"message\",\"body\":\"Hello\"}.";
        return ERR_INVALID;
    }
    r->type = json_string_value(json_object_get(root, "type"));
    if (r->type == NULL) {
        *reason = "\"type\" is missing or not a string.";
        return ERR_INVALID;
    }
    return OK;
}

static bool read_number(const json_t *value, uint64_t *out)
{
    json_int_t number = json_integer_value(value);

    if (!json_is_integer(value) || number < 0 || number > SEQ_MAX)
        return false;
    *out = (uint64_t)number;
    return true;
}

static bool read_text(const json_t *value, struct request_text *out)
{
    if (!json_is_string(value))
        return false;
    out->bytes = json_string_value(value);
    out->length = json_string_length(value);
    return true;
}

static bool read_position(struct request *r, const json_t *value)
{
    struct request_text epoch;

    if (!json_is_object(value) || !read_text(json_object_get(value, "epoch"), &epoch) ||
        !read_number(json_object_get(value, "seq"), &r->number[FIELD_SINCE]))
        return false;
    r->since_epoch = epoch_read(epoch.bytes, epoch.length);
    return true;
}

static bool read_field(struct request *r, enum request_field i, const json_t *value)
{
    switch (fields[i].kind) {
    case TEXT:
        return read_text(value, &r->text[i]);
    case NUMBER:
        return read_number(value, &r->number[i]);
    case FLAG:
        r->number[i] = json_is_true(value);
        return json_is_boolean(value);
    default:
        return read_position(r, value);
    }
}

enum err request_read_fields(struct request *r, unsigned required, unsigned optional,
                             const char **reason)
{
    for (unsigned i = 0; i < REQUEST_FIELDS; i++) {
        const json_t *value;

        if (((required | optional) & 1u << i) == 0)
            continue;
        value = json_object_get(r->root, fields[i].name);
        if ((required & 1u << i) == 0 && (value == NULL || json_is_null(value)))
            continue;
        if (!read_field(r, (enum request_field)i, value)) {
            *reason = fields[i].fault;
            return ERR_INVALID;
        }
        r->given |= 1u << i;
    }
    return OK;
}

void request_free(struct request *r)
{
    json_decref(r->root);
    r->root = NULL;
}
