#include "core/proto.h"

const struct proto *const protos[PROTO_VERSIONS] = {
    [PROTO_V1] = &proto_v1,
};

static const struct {
    const char *name;
    const char *fault;
} fields[REQUEST_FIELDS] = {
    [FIELD_USERNAME] = {"username", "\"username\" is missing or not a string."},
    [FIELD_BODY] = {"body", "\"body\" is missing or not a string."},
};

enum err request_parse(struct request *r, const char *bytes, size_t length, const char **reason)
{
    json_error_t where;
    json_t *root;

    r->root = NULL;
    r->type = NULL;
    if (flat_read(&r->flat, bytes, length)) {
        const struct flat_field *type = flat_find(&r->flat, "type");

        if (type == NULL)
            goto no_type;
        r->type = type->value;
        return OK;
    }
    r->root = root = json_loadb(bytes, length, JSON_DECODE_ANY, &where);
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
    if (r->type != NULL)
        return OK;
no_type:
    *reason = "\"type\" is missing or not a string.";
    return ERR_INVALID;
}

/* False: there is no such field, or it is no string. */
static bool read_text(const struct request *r, const char *name, struct request_text *out)
{
    const struct flat_field *field;
    const json_t *value;

    if (r->root == NULL) {
        field = flat_find(&r->flat, name);
        if (field != NULL)
            *out = (struct request_text){field->value, field->value_length};
        return field != NULL;
    }
    value = json_object_get(r->root, name);
    if (!json_is_string(value))
        return false;
    *out = (struct request_text){json_string_value(value), json_string_length(value)};
    return true;
}

enum err request_read_fields(struct request *r, unsigned required, const char **reason)
{
    for (unsigned i = 0; i < REQUEST_FIELDS; i++) {
        if ((required & 1u << i) != 0 && !read_text(r, fields[i].name, &r->field[i])) {
            *reason = fields[i].fault;
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
