#include "support/cm.h"
#include "core/name.h"

#include <stdbool.h>
#include <string.h>

/* Characters that show nothing, or not themselves, are written by their numbers. */
#define ZWJ     "\u200d"
#define ZWNJ    "\u200c"
#define TEXT_VS "\ufe0e"
#define VS      "\ufe0f"

#define EIGHT(s)  s s s s s s s s
#define THIRTY(s) EIGHT(s) EIGHT(s) EIGHT(s) s s s s s s

static const char choose[] = "Please choose a name.";
static const char control[] = "A name cannot hold control characters or line breaks.";
static const char unseen[] = "The name holds a character that not everybody can see.";
static const char invisible[] = "A name cannot hold invisible characters.";
static const char not_utf8[] = "The name is not UTF-8 text.";
static const char too_many[] = "The name is too long: it may have 32 characters.";
static const char too_many_bytes[] = "The name is too long: it may have 128 bytes of UTF-8.";

/* ---- usernames: what is taken, and what becomes of it ---- */

static const struct {
    const char *input;
    const char *text; /* NULL: the same */
} good[] = {
    {"alice", NULL},
    {"A", NULL},
    {"<script>alert(1)</script>", NULL},
    {"../../etc/passwd", NULL},
    {"\"quoted\\\" & 'so'", NULL},
    {"  alice \t\r\n", "alice"},
    {"\u3000alice\u00a0", "alice"},
    {"\u2800alice\u2800", "alice"},
    {"Ada  Lovelace", "Ada Lovelace"},
    {"Ada\u00a0\u2003Lovelace", "Ada Lovelace"},
    {"Ada\u2800Lovelace", "Ada Lovelace"},
    {"Ame\u0301lie", "Am\u00e9lie"},
    {"\u212bngstr\u00f6m", "\u00c5ngstr\u00f6m"},
    {"\u1112\u1161\u11ab\u1100\u1173\u11af", "\ud55c\uae00"},
    {"straße", NULL},
    {"\u0130stanbul", NULL},
    {"Σίσυφος", NULL},
    {"Владимир", NULL},
    {"ᏣᎳᎩ", NULL},
    {"李小龍", NULL},
    {"さくら", NULL},
    {"नरेन्द्र", NULL},
    {"สมชาย", NULL},
    {"\u05d3\u05d5\u05d3", NULL},
    {"\u0645\u062d\u0645\u062f", NULL},
    {"\uff21\uff4c\uff49\uff43\uff45", NULL},
    {"z\u0335\u0334\u0336algo", NULL},
    {"😀", NULL},
    {"❤" VS, NULL},
    {"❤" TEXT_VS, NULL},
    {"👍🏽", NULL},
    {"👨" ZWJ "👩" ZWJ "👧" ZWJ "👦", NULL},
    {"👩🏾" ZWJ "🚀 Mae", NULL},
    {"🏳" VS ZWJ "🌈", NULL},
    {"🏴" ZWJ "☠" VS, NULL},
    {"🇩🇪", NULL},
    {"🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", NULL},
    {"1" VS "\u20e3", NULL},
    {"#" VS "\u20e3", NULL},
    {THIRTY("é") "xy", NULL},
    {EIGHT("👨" ZWJ "👩") "x", NULL}, /* 9 characters, 89 bytes */
    {"e\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301"
     "\u0301"
     "\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301"
     "\u0301",
     "\u00e9\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301"
     "\u0301"
     "\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301"
     "\u0301"},
};

static void good_names_are_taken_tidied_and_composed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct username *u = NULL;
        const char *reason = "";
        enum err e = username_make(good[i].input, strlen(good[i].input), &u, &reason);

        if (e != OK)
            fail_msg("\"%s\" (row %zu) was refused: %s", good[i].input, i, reason);
        assert_string_equal(u->text, good[i].text != NULL ? good[i].text : good[i].input);
        assert_int_equal(u->text_length, strlen(u->text));
        assert_int_equal(u->key_length, strlen(u->key));
        assert_string_equal(reason, "");
        username_unref(&u);
        assert_null(u);
    }
}

/* ---- usernames: what is refused ---- */

static const struct {
    const char *input;
    const char *reason;
} bad[] = {
    {"", choose},
    {"   ", choose},
    {"\t\n", choose},
    {"\u00a0\u2003\u3000\u2800", choose},
    {"\u1680\u202f\u205f", choose},
    {"\u0301", choose},
    {"a\tb", control},
    {"a\nb", control},
    {"a\xc2\x85", control},
    {"\x01x", control},
    {"x\x7f", control},
    {"\x1b[31mred", control},
    {"a\u2028b", control},
    {"a\u2029b", control},
    {"\u3164", invisible},
    {"\uffa0", invisible},
    {"\u115f\u1160", invisible},
    {"a\u034f", invisible},
    {"a\u200b", invisible},
    {"a\u200e", invisible},
    {"a\u200f", invisible},
    {"a\u061c", invisible},
    {"a\u00ad"
     "b",
     invisible},
    {"a\u2060"
     "b",
     invisible},
    {"\ufeff"
     "a",
     invisible},
    {"a\u180e"
     "b",
     invisible},
    {"\u202e"
     "ecila",
     invisible},
    {"\u202a"
     "a\u202c",
     invisible},
    {"\u2066"
     "a\u2069",
     invisible},
    {"\u206a"
     "a",
     invisible},
    {"a" ZWJ "b", invisible},
    {"\u0646" ZWNJ "\u0647", invisible},
    {ZWJ "😀", invisible},
    {"😀" ZWJ, invisible},
    {"😀" ZWJ ZWJ "😀", invisible},
    {"😀" ZWJ "a", invisible},
    {"a" VS, invisible},
    {"1" VS, invisible},
    {VS "😀", invisible},
    {"😀" VS VS, invisible},
    {"李\U000e0100", invisible},
    {"a\U000e0067", invisible},
    {"\U000e0001", invisible},
    {"\u0378", unseen},
    {"\ue000", unseen},
    {"\U000f0000", unseen},
    {"\U0010fffd", unseen},
    {"\ufdd0", unseen},
    {"\uffff", unseen},
    {"\xff", not_utf8},
    {"a\x80", not_utf8},
    {"a\xc3", not_utf8},
    {"\xc0\xaf", not_utf8},
    {"\xe0\x80\xaf", not_utf8},
    {"\xed\xa0\x80", not_utf8},
    {"\xf4\x90\x80\x80", not_utf8},
    {THIRTY("x") "xxx", too_many},
    {THIRTY("👍🏽") "xx", too_many_bytes},
    {EIGHT(EIGHT(EIGHT("xx"))) "x", too_many},
    {EIGHT(EIGHT(EIGHT("  "))) "x", too_many},
};

static void bad_names_are_refused_with_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct username *u = NULL;
        const char *reason = NULL;
        enum err e = username_make(bad[i].input, strlen(bad[i].input), &u, &reason);

        if (e == OK || reason == NULL || strcmp(reason, bad[i].reason) != 0)
            fail_msg("\"%s\" (row %zu): %s instead of %s", bad[i].input, i,
                     e == OK ? "taken" : reason, bad[i].reason);
        assert_int_equal(e, strstr(reason, "too long") != NULL ? ERR_TOO_LONG : ERR_INVALID);
        assert_null(u);
    }
}

static void a_nul_is_a_control_character(void **state)
{
    struct username *u = NULL;
    const char *reason = NULL;
    char room[ROOM_NAME_MAX_BYTES + 1];

    (void)state;
    assert_int_equal(username_make("ali\0ce", 6, &u, &reason), ERR_INVALID);
    assert_string_equal(reason, control);
    assert_int_equal(room_name_make("lob\0by", 6, room, &reason), ERR_INVALID);
}

static void the_limits_are_exact(void **state)
{
    static const char astral[] = EIGHT("𝒳𝒳𝒳𝒳"); /* 32 characters, 128 bytes */
    struct username *u = NULL;
    const char *reason = NULL;

    (void)state;
    assert_int_equal(sizeof astral - 1, USERNAME_MAX_BYTES);
    assert_int_equal(username_make(astral, sizeof astral - 1, &u, &reason), OK);
    assert_int_equal(u->text_length, USERNAME_MAX_BYTES);
    assert_string_equal(u->key, THIRTY("x") "xx");
    username_unref(&u);
    assert_int_equal(username_make(astral, sizeof astral - 2, &u, &reason), ERR_INVALID);
}

/* ---- who is who ---- */

static const struct {
    const char *a, *b;
    bool same;
} pairs[] = {
    {"Alice", "alice", true},
    {"ALICE", "alice", true},
    {" alice ", "alice", true},
    {"Am\u00e9lie", "AME\u0301LIE", true},
    {"Straße", "STRASSE", true},
    {"Straße", "STRA\u1e9eE", true},
    {"Σίσυφος", "ΣΊΣΥΦΟΣ", true},
    {"Σίσυφος", "σίσυφοσ", true},
    {"\u0130", "i\u0307", true},
    {"\u0131", "i", false},
    {"\u0130", "i", false},
    {"\uff21\uff4c\uff49\uff43\uff45", "alice", true},
    {"\ufb01n", "fin", true},
    {"\u2460", "1", true},
    {"\u1112\u1161\u11ab", "\ud55c", true},
    {"\uff76\uff9e", "\u30ac", true},
    {"Ꮳ", "ꮳ", true},
    {"❤" VS, "❤", true},
    {"Ada\u3000Lovelace", "ada lovelace", true},
    {"👍🏽", "👍", false},
    {"🇩🇪", "🇫🇷", false},
    {"alice", "al1ce", false},
    {"alice", "\u0430lice", false}, /* a Cyrillic letter: another name, for now */
    {"e", "é", false},
};

static void names_are_the_same_iff_their_folded_forms_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct username *a = NULL, *b = NULL;
        const char *reason = NULL;

        assert_int_equal(username_make(pairs[i].a, strlen(pairs[i].a), &a, &reason), OK);
        assert_int_equal(username_make(pairs[i].b, strlen(pairs[i].b), &b, &reason), OK);
        if ((strcmp(a->key, b->key) == 0) != pairs[i].same)
            fail_msg("\"%s\" and \"%s\": \"%s\" and \"%s\"", pairs[i].a, pairs[i].b, a->key,
                     b->key);
        username_unref(&a);
        username_unref(&b);
    }
}

static void a_name_lives_until_its_last_reference(void **state)
{
    struct username *u = NULL, *second;
    const char *reason = NULL;

    (void)state;
    assert_int_equal(username_make("alice", 5, &u, &reason), OK);
    second = username_ref(u);
    username_unref(&u);
    assert_null(u);
    assert_string_equal(second->text, "alice");
    username_unref(&second);
    username_unref(&second);
}

/* ---- rooms ---- */

static const struct {
    const char *input;
    const char *key; /* NULL: refused */
} rooms[] = {
    {"lobby", "lobby"},
    {"Lobby", "lobby"},
    {"a", "a"},
    {"c.o-o_l.42", "c.o-o_l.42"},
    {"..", ".."},
    {"Straße", "strasse"},
    {"ΚΑΦΈΣ", "καφέσ"},
    {"\u0130", "i\u0307"},
    {"\uff2c\uff4f\uff42\uff42\uff59", "lobby"},
    {"Cafe\u0301", "caf\u00e9"},
    {"ꮳꮃꭹ", "ᏣᎳᎩ"},
    {"讨论", "讨论"},
    {"二〇二六", "二〇二六"},
    {"नमस्ते", "नमस्ते"},
    {"١٢٣", "١٢٣"},
    {EIGHT("12345678"), EIGHT("12345678")},
    {"", NULL},
    {" ", NULL},
    {"a b", NULL},
    {" lobby", NULL},
    {"a/b", NULL},
    {"a\nb", NULL},
    {"#lobby", NULL},
    {"😀", NULL},
    {"a" ZWJ "b", NULL},
    {"a\u200b", NULL},
    {"\u3164", NULL},
    {"\u0301a", NULL},
    {"a.\u0301", NULL},
    {"\u202elobby", NULL},
    {"\ue000", NULL},
    {"\xff", NULL},
    {"\xed\xa0\x80", NULL},
    {EIGHT("12345678") "9", NULL},
    {EIGHT(EIGHT("ﷺﷺﷺﷺﷺ")), NULL}, /* each folds to 18 letters */
    {EIGHT(EIGHT(EIGHT("xx"))) "x", NULL},
};

static void rooms_are_folded_letters_digits_and_three_signs(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        char room[ROOM_NAME_MAX_BYTES + 1] = "untouched";
        const char *reason = NULL;
        enum err e = room_name_make(rooms[i].input, strlen(rooms[i].input), room, &reason);

        if ((e == OK) != (rooms[i].key != NULL))
            fail_msg("\"%s\" (row %zu) was %s", rooms[i].input, i, e == OK ? "taken" : "refused");
        assert_string_equal(room, e == OK ? rooms[i].key : "untouched");
        if (e != OK)
            assert_string_equal(
                reason, "A room's name has 1 to 64 letters, digits, dots, underscores or hyphens.");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_names_are_taken_tidied_and_composed),
        cmocka_unit_test(bad_names_are_refused_with_a_reason),
        cmocka_unit_test(a_nul_is_a_control_character),
        cmocka_unit_test(the_limits_are_exact),
        cmocka_unit_test(names_are_the_same_iff_their_folded_forms_are),
        cmocka_unit_test(a_name_lives_until_its_last_reference),
        cmocka_unit_test(rooms_are_folded_letters_digits_and_three_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
