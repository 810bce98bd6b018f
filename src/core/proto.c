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

enum err request_read_fields(struct request *r, unsigned required, const char **reason)
{
    for (unsigned i = 0; i < REQUEST_FIELDS; i++) {
        const json_t *value;

        if ((required & 1u << i) == 0)
            continue;
        value = json_object_get(r->root, fields[i].name);
        if (!json_is_string(value)) {
            *reason = fields[i].fault;
            return ERR_INVALID;
        }
        r->field[i].bytes = json_string_value(value);
        r->field[i].length = json_string_length(value);
    }
    return OK;
}

void request_free(struct request *r)
{
    json_decref(r->root);
    r->root = NULL;
}
