#include "support/cm.h"
#include "journal/words.h"

#include <stdlib.h>
#include <string.h>

static bool found(const char *search, const char *text)
{
    struct words *words = words_make(search);
    bool is_found = words_match(words, text, strlen(text));

    words_free(words);
    return is_found;
}

static void all_words_must_be_there_in_any_order(void **state)
{
    (void)state;
    assert_true(found("tea", "tea"));
    assert_true(found("tea green", "Green tea."));
    assert_true(found("tea tea", "tea"));
    assert_false(found("tea green", "tea"));
    assert_false(found("tea", ""));
}

static void a_word_is_found_where_one_begins(void **state)
{
    (void)state;
    assert_true(found("gre", "green"));
    assert_true(found("een", "gr een"));
    assert_true(found("een", "green een"));
    assert_true(found("een", "green-een"));
    assert_true(found("een", "\xe2\x80\x9c"
                             "een"));
    assert_false(found("een", "green"));
    assert_false(found("een", "\xc3\xa9"
                              "een"));
    assert_false(found("teas", "tea"));
    assert_true(found("na", "banana na"));
}

static void case_and_form_do_not_matter(void **state)
{
    (void)state;
    assert_true(found("TEA", "tea"));
    assert_true(found("tea", "TEA"));
    assert_true(found("\xc3\x89"
                      "cole",
                      "E\xcc\x81"
                      "COLE")); /* composed or not */
    assert_true(found("strasse", "Stra\xc3\x9f"
                                 "e"));                                /* sharp s */
    assert_true(found("tea", "\xef\xbd\x94\xef\xbd\x85\xef\xbd\x81")); /* full width */
    assert_true(found("\xcf\x83\xce\xbf\xcf\x86\xcf\x8c\xcf\x82",
                      "\xce\xa3\xce\x9f\xce\xa6\xce\x8c\xce\xa3")); /* sigma, final or not */
    assert_false(found("ecole", "\xc3\xa9"
                                "cole"));
}

/* Chinese and Japanese write no blanks. */
static void a_script_without_case_is_searched_inside(void **state)
{
    (void)state;
    assert_true(
        found("\xe7\xbb\xbf\xe8\x8c\xb6", "\xe6\x88\x91\xe8\xa6\x81\xe7\xbb\xbf\xe8\x8c\xb6"));
    assert_false(
        found("\xe7\xba\xa2\xe8\x8c\xb6", "\xe6\x88\x91\xe8\xa6\x81\xe7\xbb\xbf\xe8\x8c\xb6"));
}

static void what_has_no_words_finds_nothing(void **state)
{
    static const char *const texts[] = {
        "", " ", "\"", "...", "\xf0\x9f\x98\x80", "\xe2\x80\x8d", "\xff", "tea\xff", "\xc3"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct words *words = words_make(texts[i]);

        assert_true(words_empty(words));
        assert_false(words_match(words, "tea", 3));
        assert_false(words_match(words, texts[i], strlen(texts[i])));
        words_free(words);
    }
    assert_false(found("tea", "tea\xff"));
}

static void no_more_than_so_many_words_count(void **state)
{
    char text[4 * WORDS_MAX + 8] = "";

    (void)state;
    for (int i = 0; i < WORDS_MAX; i++)
        strcat(text, "tea ");
    strcat(text, "milk");
    assert_true(found(text, "tea"));
    text[4 * (WORDS_MAX - 1)] = 'm';
    assert_false(found(text, "tea"));
}

/* Looked for at each letter anew, this would take minutes. */
static void a_long_word_in_a_long_text_is_no_trap(void **state)
{
    /* valgrind's own strstr is such a trap */
    size_t length = getenv("HUBBUB_SLOW") != NULL ? 1 << 12 : 1 << 20;
    char *text = malloc(length + 1), *search = malloc(length + 1);

    (void)state;
    memset(text, 'a', length);
    text[length] = '\0';
    text[0] = 'b';
    memset(search, 'a', length);
    search[length / 2] = '\0';
    assert_false(found(search, text));
    text[length / 4] = ' ';
    assert_true(found(search, text));
    free(text);
    free(search);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_words_must_be_there_in_any_order),
        cmocka_unit_test(a_word_is_found_where_one_begins),
        cmocka_unit_test(case_and_form_do_not_matter),
        cmocka_unit_test(a_script_without_case_is_searched_inside),
        cmocka_unit_test(what_has_no_words_finds_nothing),
        cmocka_unit_test(no_more_than_so_many_words_count),
        cmocka_unit_test(a_long_word_in_a_long_text_is_no_trap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
