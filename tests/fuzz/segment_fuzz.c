/* Any bytes as a segment's name, as a customer and as a table: what is taken is written again as
 * it was, and what comes out of any text is one harmless folder. */
#include "base/bounds.h"
#include "spool/segment.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
	if (!truth)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	char folder[SEGMENT_FOLDER_BYTES];
	struct segment segment = {.table = "t", .customer = "c"}, again;
	struct err err;
	char *name = malloc(size + 1);
	expect(name != NULL);
	memcpy(name, data, size);
	name[size] = '\0';
	expect(segment_customer_folder(text, folder, &err) == (size > 0));
	expect(size == 0 || (segment_is_folder(folder) && strpbrk(folder, "/.\\ ") == NULL));
	expect(segment_table_folder(text, folder, &err) == (size > 0));
	expect(size == 0 || segment_is_folder(folder));
	if (segment_parse(name, &segment)) {
		again = segment;
		expect(segment_write_name(&again, &err) && strcmp(again.name, name) == 0);
		struct buf key;
		buf_init(&key, 4 * KIB);
		segment_key(&key, text, "0011223344556677", &segment);
		expect(buf_ok(&key, &err));
		buf_done(&key);
	}
	free(name);
	return 0;
}
