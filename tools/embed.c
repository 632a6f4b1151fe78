/* Writes the files named on its command line as C arrays: the built-in connectors and views.
 *
 * connectors/NAME.yaml      -> BUILTIN_CONNECTORS[]
 * views/CONNECTOR/NAME.sql  -> BUILTIN_VIEWS[]; NAME.yaml there -> BUILTIN_VIEW_SETTINGS[]
 * report/CONNECTOR/NAME.sql -> BUILTIN_REPORTS[]: what `firn report` asks
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *path)
{
	fprintf(stderr, "embed: %s: %s\n", what, path);
	exit(1);
}

static void write_bytes(const char *path, int number)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		fail("cannot open", path);
	printf("static const char file_%d[] = {", number);
	for (int c, i = 0; (c = getc(file)) != EOF; i++)
		printf("%s%d,", i % 24 == 0 ? "\n\t" : "", c < 128 ? c : c - 256);
	printf("0};\n");
	if (ferror(file) || fclose(file) != 0)
		fail("cannot read", path);
}

/* "views/moveworks/v_x.sql" -> folder "moveworks", stem "v_x" */
static void split(const char *path, char *folder, char *stem, size_t room)
{
	const char *name = strrchr(path, '/');
	const char *start = name;
	while (start > path && start[-1] != '/')
		start--;
	const char *dot = strrchr(path, '.');
	if (name == NULL || dot == NULL || dot < name || (size_t)(dot - start) >= room)
		fail("not a name of a file to embed", path);
	snprintf(folder, room, "%.*s", (int)(name - start), start);
	snprintf(stem, room, "%.*s", (int)(dot - name - 1), name + 1);
}

static bool wanted(const char *path, const char *folder, const char *ending)
{
	size_t size = strlen(path), tail = strlen(ending);
	return strncmp(path, folder, strlen(folder)) == 0 && size > tail &&
	       strcmp(path + size - tail, ending) == 0;
}

static void table(int n, char **paths, const char *type, const char *name, const char *top,
		  const char *ending, bool with_folder)
{
	char folder[256], stem[256];
	printf("const struct %s %s[] = {\n", type, name);
	for (int i = 1; i < n; i++) {
		if (!wanted(paths[i], top, ending))
			continue;
		split(paths[i], folder, stem, sizeof folder);
		if (with_folder)
			printf("\t{\"%s\", \"%s\", {file_%d, sizeof file_%d - 1}},\n", folder, stem,
			       i, i);
		else
			printf("\t{\"%s\", {file_%d, sizeof file_%d - 1}},\n", stem, i, i);
	}
	printf(with_folder ? "\t{NULL, NULL, {NULL, 0}},\n};\n" : "\t{NULL, {NULL, 0}},\n};\n");
}

int main(int n, char **paths)
{
	printf("#include \"connector/connector.h\"\n#include \"warehouse/views.h\"\n");
	for (int i = 1; i < n; i++)
		write_bytes(paths[i], i);
	table(n, paths, "builtin", "BUILTIN_CONNECTORS", "connectors/", ".yaml", false);
	table(n, paths, "builtin_view", "BUILTIN_VIEWS", "views/", ".sql", true);
	table(n, paths, "builtin_view", "BUILTIN_VIEW_SETTINGS", "views/", ".yaml", true);
	table(n, paths, "builtin_view", "BUILTIN_REPORTS", "report/", ".sql", true);
	return 0;
}
