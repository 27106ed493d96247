/*
 * Texts that are kept in tests/data, byte for byte. Who changes the wording on purpose writes new ones with
 * TIDEWAIT_WRITE_EXPECTED=tests/data, and reads the difference. Include after <cmocka.h>; TESTS_DATA is the directory.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MAX (1 << 16)

static inline void kept_write(const char *directory, const char *file, const char *text)
{
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/%s", directory, file);
    FILE *stream = fopen(path, "we");
    if (stream == NULL)
        fail_msg("%s cannot be written", path);
    assert_true(fputs(text, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
}

/* True when the text is what the file holds; file: "why/free.txt". */
static inline bool kept_is(const char *file, const char *text)
{
    const char *directory = getenv("TIDEWAIT_WRITE_EXPECTED");
    if (directory != NULL)
        kept_write(directory, file, text);
    char path[4096];
    (void)snprintf(path, sizeof(path), "%s/%s", TESTS_DATA, file);
    char expected[KEPT_MAX];
    FILE *stream = fopen(path, "re");
    size_t length = stream != NULL ? fread(expected, 1, sizeof(expected) - 1, stream) : 0;
    if (stream != NULL)
        (void)fclose(stream);
    expected[length] = '\0';
    if (strcmp(expected, text) == 0)
        return true;
    print_error("%s holds\n%s\nbut the text is\n%s\n", path, expected, text);
    return false;
}

/* The same of a text and, unless it is NULL, its coloured form: FOLDER/NAME.txt and FOLDER/NAME.colour.txt. */
static inline bool kept_are(const char *folder, const char *name, const char *plain, const char *coloured)
{
    char file[128];
    (void)snprintf(file, sizeof(file), "%s/%s.txt", folder, name);
    bool same = kept_is(file, plain);
    (void)snprintf(file, sizeof(file), "%s/%s.colour.txt", folder, name);
    return (coloured == NULL || kept_is(file, coloured)) && same;
}
