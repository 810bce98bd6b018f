/* sql - looks into a journal's file from outside, for tests of the daemon: each line of standard input is
 * SQL; the rows come back one a line, their values separated by tabs, and then a line "ok" or "error ...".
 * As long as it runs it keeps the locks that the SQL took.
 *     sql FILE */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

static int print_row(void *arg, int count, char **values, char **names)
{
    (void)arg;
    (void)names;
    for (int i = 0; i < count; i++)
        printf("%s%s", i != 0 ? "\t" : "", values[i] != NULL ? values[i] : "");
    putchar('\n');
    return 0;
}

int main(int argc, char **argv)
{
    static char line[1 << 16];
    sqlite3 *db;

    if (argc != 2 || sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        fprintf(stderr, "sql: cannot open the file\n");
        return 1;
    }
    sqlite3_busy_timeout(db, 10000);
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (sqlite3_exec(db, line, print_row, NULL, NULL) == SQLITE_OK)
            puts("ok");
        else
            printf("error %s\n", sqlite3_errmsg(db));
        fflush(stdout);
    }
    sqlite3_close(db);
    return 0;
}
