#include "core/proto.h"

#include <string.h>

const struct proto *const protos[PROTO_VERSIONS] = {
    [PROTO_V1] = &proto_v1,
    [PROTO_V2] = &proto_v2,
};

enum field_kind { TEXT, NUMBER, FLAG, POSITION };

#define SEQ_MAX (((json_int_t)1 << 53) - 1)

#define WORDS(name, kind, fault)                                                                   \
    {                                                                                              \
        name, kind, "\"" name "\" " fault, "\"" name "\" must not contain the character \\u0000."  \
    }

static const struct {
    const char *name;
    enum field_kind kind;
    const char *fault, *nul_fault;
} fields[REQUEST_FIELDS] = {
    [FIELD_USERNAME] = WORDS("username", TEXT, "is missing or not a string."),
    [FIELD_BODY] = WORDS("body", TEXT, "is missing or not a string."),
    [FIELD_CID] = WORDS("cid", TEXT, "is not a string."),
    [FIELD_ROOM] = WORDS("room", TEXT, "is missing or not a string."),
    [FIELD_KEY] = WORDS("key", TEXT, "is not a string."),
    [FIELD_ID] = WORDS("id", TEXT, "is missing or not a string."),
    [FIELD_REPLY_TO] = WORDS("reply_to", TEXT, "is not a string."),
    [FIELD_EMOJI] = WORDS("emoji", TEXT, "is missing or not a string."),
    [FIELD_QUERY] = WORDS("q", TEXT, "is missing or not a string."),
    [FIELD_BEFORE_ID] = WORDS("before", TEXT, "is not the id of a message."),
    [FIELD_ON] = WORDS("on", FLAG, "is missing or neither true nor false."),
    [FIELD_SINCE] = WORDS("since", POSITION, "is not an object with \"epoch\" and \"seq\"."),
    [FIELD_LAST] = WORDS("last", NUMBER, "is not a whole number."),
    [FIELD_BEFORE] = WORDS("before", NUMBER, "is not a whole number."),
    [FIELD_AFTER] = WORDS("after", NUMBER, "is not a whole number."),
    [FIELD_AROUND] = WORDS("around", NUMBER, "is not a whole number."),
    [FIELD_LIMIT] = WORDS("limit", NUMBER, "is not a whole number."),
    [FIELD_TYPE] = WORDS("type", TEXT, "is missing or not a string."),
};

static bool has_nul(const json_t *value)
{
    return json_is_string(value) && strlen(json_string_value(value)) != json_string_length(value);
}

static bool read_text(const json_t *value, struct request_text *out)
{
    out->bytes = json_string_value(value);
    out->length = json_string_length(value);
    return out->bytes != NULL && !has_nul(value);
}

enum err request_parse(struct request *r, const char *bytes, size_t length, const char **reason)
{
    struct request_text type;
    json_error_t where;
    json_t *root;

    memset(r, 0, offsetof(struct request, flat));
    if (flat_read(&r->flat, bytes, length)) {
        const struct flat_field *field = flat_find(&r->flat, "type");

        r->type = field != NULL ? field->value : NULL;
        return OK;
    }
    r->root = root = json_loadb(bytes, length, JSON_DECODE_ANY | JSON_ALLOW_NUL, &where);
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
    r->type = read_text(json_object_get(root, "type"), &type) ? type.bytes : NULL;
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

/* All that is flat is a string. */
static bool read_flat_field(struct request *r, enum request_field i, const struct flat_field *field)
{
    if (fields[i].kind != TEXT)
        return false;
    r->text[i] = (struct request_text){field->value, field->value_length};
    return true;
}

/* True if it is right; *is_there tells what is missing from what is wrong. */
static bool find_field(struct request *r, enum request_field i, bool *is_there)
{
    const struct flat_field *field;
    const json_t *value;

    if (r->root == NULL) {
        field = flat_find(&r->flat, fields[i].name);
        *is_there = field != NULL;
        return field != NULL && read_flat_field(r, i, field);
    }
    value = json_object_get(r->root, fields[i].name);
    *is_there = value != NULL && !json_is_null(value);
    return *is_there && read_field(r, i, value);
}

static bool has_nul_inside(const struct request *r, enum request_field i)
{
    const json_t *value = json_object_get(r->root, fields[i].name);

    if (fields[i].kind == POSITION)
        value = json_object_get(value, "epoch");
    else if (fields[i].kind != TEXT)
        return false;
    return has_nul(value);
}

enum err request_read_fields(struct request *r, unsigned required, unsigned optional,
                             const char **reason)
{
    for (unsigned i = 0; i < REQUEST_FIELDS; i++) {
        bool is_there;

        if (((required | optional) & 1u << i) == 0)
            continue;
        if (find_field(r, (enum request_field)i, &is_there)) {
            r->given |= 1u << i;
        } else if (is_there || (required & 1u << i) != 0) {
            *reason =
                has_nul_inside(r, (enum request_field)i) ? fields[i].nul_fault : fields[i].fault;
            return ERR_INVALID;
        }
    }
    return OK;
}

void request_free(struct request *r)
{
    json_decref(r->root);
    r->root = NULL;
}
