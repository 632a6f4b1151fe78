/* What the fuzzers share: a promise that is broken ends the program, and a file is one input's. */
#ifndef FIRN_TESTS_FUZZ_H
#define FIRN_TESTS_FUZZ_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define expect(truth) fuzz_expect((truth), __FILE__, __LINE__, #truth)

static inline void fuzz_expect(bool truth, const char *file, int line, const char *words)
{
	if (truth)
		return;
	fprintf(stderr, "%s:%d: this does not hold: %s\n", file, line, words);
	abort();
}

/* A folder of this process, made once, in $FIRN_FUZZ_FOLDER or /tmp. tests/run_fuzz.sh removes what
 * a fuzzer leaves: after a crash the fuzzer cannot. */
static inline const char *fuzz_folder(char room[64])
{
	if (room[0] == '\0') {
		const char *in = getenv("FIRN_FUZZ_FOLDER");
		snprintf(room, 64, "%s/firn-fuzz-XXXXXX", in != NULL ? in : "/tmp");
		expect(mkdtemp(room) != NULL);
	}
	return room;
}

static inline void fuzz_write(const char *path, struct span head, struct span tail)
{
	FILE *file = fopen(path, "w");
	expect(file != NULL);
	expect(fwrite(head.at, 1, head.size, file) == head.size);
	expect(fwrite(tail.at, 1, tail.size, file) == tail.size);
	expect(fclose(file) == 0);
}

#endif
