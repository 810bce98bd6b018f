/* The short cut for plain requests never reads anything else than the general parser does. */
#include "core/flat.h"
#include "core/utf8.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    json_error_t where;
    struct flat f;
    json_t *root;

    if (!utf8_valid(text, size) || !flat_read(&f, text, size))
        return 0;
    root = json_loadb(text, size, JSON_DECODE_ANY, &where);
    if (!json_is_object(root))
        abort();
    for (unsigned i = 0; i < f.count; i++) {
        const struct flat_field *found = flat_find(&f, f.fields[i].name);
        const json_t *value = json_object_get(root, f.fields[i].name);

        if (!json_is_string(value) || json_string_length(value) != found->value_length ||
            strcmp(json_string_value(value), found->value) != 0)
            abort();
    }
    json_decref(root);
    return 0;
}
