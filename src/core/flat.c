#include "core/flat.h"

#include <string.h>

static char *skip_blanks(char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
        at++;
    return at;
}

/* Passes over a string and puts a NUL in place of its closing quotation mark; NULL: it is none, or one with an
 * escape. The text ends in a NUL, which no string contains, so nothing is read behind it. */
static char *take_string(char *at, const char **string, size_t *length)
{
    char *start = at + 1;

    if (*at != '"')
        return NULL;
    for (at = start; *at != '"'; at++)
        if ((unsigned char)*at < ' ' || *at == '\\')
            return NULL;
    *at = '\0';
    *string = start;
    *length = (size_t)(at - start);
    return at + 1;
}

static char *take_field(struct flat *f, char *at)
{
    struct flat_field *field = &f->fields[f->count];
    size_t name_length;

    if (f->count == FLAT_FIELDS_MAX)
        return NULL;
    at = take_string(at, &field->name, &name_length);
    if (at == NULL)
        return NULL;
    at = skip_blanks(at);
    if (*at != ':')
        return NULL;
    at = take_string(skip_blanks(at + 1), &field->value, &field->value_length);
    f->count++;
    return at != NULL ? skip_blanks(at) : NULL;
}

bool flat_read(struct flat *f, const char *bytes, size_t length)
{
    char *at;

    f->count = 0;
    if (length > FLAT_TEXT_MAX)
        return false;
    memcpy(f->text, bytes, length);
    f->text[length] = '\0';
    at = skip_blanks(f->text);
    if (*at != '{')
        return false;
    do
        at = take_field(f, skip_blanks(at + 1));
    while (at != NULL && *at == ',');
    return at != NULL && *at == '}' && skip_blanks(at + 1) == f->text + length;
}

const struct flat_field *flat_find(const struct flat *f, const char *name)
{
    for (unsigned i = f->count; i > 0; i--) /* of two with one name the last one counts */
        if (strcmp(f->fields[i - 1].name, name) == 0)
            return &f->fields[i - 1];
    return NULL;
}
