// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs a fuzz target over files, without a fuzzer: part of `make check-unit`.
 * Each input runs twice; the second run must not see what the first one left.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int main(int argc, char *argv[])
{
	static uint8_t buf[1 << 16];

	for (int i = 1; i < argc; i++) {
		FILE	*f = fopen(argv[i], "rb");
		uint8_t	*copy;
		size_t	 n;

		if (!f) {
			perror(argv[i]);
			return EXIT_FAILURE;
		}
		n = fread(buf, 1, sizeof(buf), f);
		fclose(f);
		copy = malloc(n);	/* exactly as long, for the sanitizer to watch */
		if (n)
			__builtin_memcpy(copy, buf, n);
		LLVMFuzzerTestOneInput(copy, n);
		LLVMFuzzerTestOneInput(copy, n);
		free(copy);
	}
	printf("%d inputs\n", argc - 1);
	return argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
