// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a fuzz target over its corpus, without a fuzzer: part of
 * `make check-unit`.  Each input runs twice; the second run must not see what
 * the first one left.  Speaks TAP.
 *
 * The corpus is the directory CORPUS, or the files named as arguments.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MAX = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must_run(const char *file)
{
	static uint8_t	 buf[INPUT_MAX];
	FILE		*f = fopen(file, "rb");
	uint8_t		*copy;
	size_t		 n;

	if (!f) {
		perror(file);
		exit(EXIT_FAILURE);
	}
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	copy = malloc(n);	/* exactly as long, for the sanitizer to watch */
	if (n)
		memcpy(copy, buf, n);
	LLVMFuzzerTestOneInput(copy, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static int is_input(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static int run_directory(void)
{
	struct dirent	**e;
	char		  path[512];
	int		  n = scandir(CORPUS, &e, is_input, alphasort);

	if (n <= 0) {
		fprintf(stderr, "no inputs in %s\n", CORPUS);
		return EXIT_FAILURE;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", CORPUS, e[i]->d_name);
		printf("# %s\n", path);
		fflush(stdout);		/* so that it is known where a crash was */
		must_run(path);
		printf("ok %d - %s\n", i + 1, e[i]->d_name);
		free(e[i]);
	}
	free(e);
	return EXIT_SUCCESS;
}

int main(int argc, char *argv[])
{
	if (argc < 2)
		return run_directory();
	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++) {
		must_run(argv[i]);
		printf("ok %d - %s\n", i, argv[i]);
	}
	return EXIT_SUCCESS;
}
