#include "journal/sqlite_tokenizer.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stddef.h>
#include <utf8proc.h>

/* FTS5's own tokenizer, which does most of the work. */
struct unicode61 {
    fts5_tokenizer calls;
    void *data; /* borrowed from FTS5 */
};

struct tokenizer {
    const struct unicode61 *unicode61; /* borrowed from the registration */
    Fts5Tokenizer *inner;              /* owned */
};

/* Scripts that are written without blanks between words. */
static const struct {
    utf8proc_int32_t first, last;
} unspaced[] = {
    {0x0e00, 0x0eff},   /* Thai, Lao */
    {0x1000, 0x109f},   /* Myanmar */
    {0x1780, 0x17ff},   /* Khmer */
    {0x3040, 0x30ff},   /* Hiragana, Katakana */
    {0x31f0, 0x31ff},   /* more of Katakana */
    {0x3400, 0x4dbf},   /* Han */
    {0x4e00, 0x9fff},   /* likewise */
    {0xf900, 0xfaff},   /* likewise */
    {0xff66, 0xff9f},   /* Katakana, narrow */
    {0x20000, 0x3ffff}, /* Han */
};

static bool is_unspaced(utf8proc_int32_t c)
{
    for (size_t i = 0; i < sizeof unspaced / sizeof *unspaced; i++)
        if (c >= unspaced[i].first && c <= unspaced[i].last)
            return true;
    return false;
}

/* ---- one text ---- */

struct text {
    void *context;
    int (*take)(void *, int, const char *, int, int, int);
};

/* The letter at text and its length. */
static bool letter_is_unspaced(const char *text, int length, int *size)
{
    utf8proc_int32_t c = -1;
    utf8proc_ssize_t n;

    *size = 1;
    if ((unsigned char)text[0] < 0xe0) /* the first of those scripts has three bytes a letter */
        return false;
    n = utf8proc_iterate((const utf8proc_uint8_t *)text, length, &c);
    if (n > 0)
        *size = (int)n;
    return is_unspaced(c);
}

/* Passes on a word of unicode61, or what it is made of. Where in the text the parts are nobody asks. */
static int take_word(void *context, int flags, const char *word, int length, int start, int end)
{
    const struct text *text = context;
    int from = 0, at = 0, size, rc = SQLITE_OK;

    while (at < length && rc == SQLITE_OK) {
        bool is_alone = letter_is_unspaced(word + at, length - at, &size);

        if (is_alone && at > from)
            rc = text->take(text->context, flags, word + from, at - from, start, end);
        if (is_alone && rc == SQLITE_OK)
            rc = text->take(text->context, flags, word + at, size, start, end);
        at += size;
        if (is_alone)
            from = at;
    }
    if (rc == SQLITE_OK && at > from)
        rc = text->take(text->context, flags, word + from, length - from, start, end);
    return rc;
}

static int tokenize(Fts5Tokenizer *tokenizer, void *context, int flags, const char *bytes,
                    int length, int (*take)(void *, int, const char *, int, int, int))
{
    struct tokenizer *t = (struct tokenizer *)tokenizer;
    struct text text = {context, take};

    return t->unicode61->calls.xTokenize(t->inner, &text, flags, bytes, length, take_word);
}

/* ---- making it known ---- */

static int create(void *context, const char **arguments, int count, Fts5Tokenizer **out)
{
    struct tokenizer *t = mem_alloc(sizeof *t);
    int rc;

    t->unicode61 = context;
    rc = t->unicode61->calls.xCreate(t->unicode61->data, arguments, count, &t->inner);
    if (rc != SQLITE_OK) {
        mem_free(t);
        return rc;
    }
    *out = (Fts5Tokenizer *)t;
    return SQLITE_OK;
}

static void destroy(Fts5Tokenizer *tokenizer)
{
    struct tokenizer *t = (struct tokenizer *)tokenizer;

    t->unicode61->calls.xDelete(t->inner);
    mem_free(t);
}

/* SQLITE_ERROR of an SQLite that was built without it. Newer ones read the file for this, and may find none. */
static int find_fts5(sqlite3 *db, fts5_api **api)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &st, NULL);

    *api = NULL;
    if (rc == SQLITE_OK) {
        sqlite3_bind_pointer(st, 1, api, "fts5_api_ptr", NULL);
        sqlite3_step(st);
        rc = *api != NULL ? SQLITE_OK : SQLITE_ERROR;
    }
    sqlite3_finalize(st);
    return rc;
}

int tokenizer_register(sqlite3 *db)
{
    fts5_tokenizer calls = {create, destroy, tokenize};
    fts5_api *api;
    struct unicode61 *unicode61;
    int rc = find_fts5(db, &api);

    if (rc != SQLITE_OK)
        return rc;
    unicode61 = mem_alloc(sizeof *unicode61);
    rc = api->xFindTokenizer(api, "unicode61", &unicode61->data, &unicode61->calls);
    if (rc == SQLITE_OK)
        return api->xCreateTokenizer(api, "hubbub", unicode61, &calls, mem_free);
    mem_free(unicode61);
    return rc;
}
