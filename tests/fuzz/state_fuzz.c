/* Any bytes as the local copy of the state, with the digest that belongs to them, so that what is
 * behind the digest is reached: used, or taken for missing with a reason. What was used is written
 * and comes back the same. */
#include "fuzz.h"

#include "base/buf.h"
#include "base/bounds.h"
#include "base/digest.h"
#include "base/file.h"
#include "run/local.h"

static struct local *open_copy(const char *folder, struct err *why)
{
	struct local *local = NULL;
	struct err err = {0};
	*why = (struct err){0};
	expect(local_open(&local, folder, "p", "DuckDB d", why, &err));
	expect(!local->fresh || why->kind != ERR_NONE);
	return local;
}

static void look(const struct local *local)
{
	struct interval gaps[4];
	for (size_t i = 0; i < local->parts_n; i++) {
		const struct local_part *part = &local->parts[i];
		expect(part->stream != NULL && part->part != NULL);
		expect(local_find(local, part->stream, part->part) != NULL);
		(void)local_gaps(part, gaps, 4);
		for (size_t k = 0; k < part->complete.n; k++)
			expect(part->complete.at[k].from_us < part->complete.at[k].until_us);
	}
	for (size_t i = 0; i < local->streams_n; i++)
		expect(local_find_stream(local, local->streams[i].stream) != NULL);
}

static void round_trip(const char *folder, const char *path, struct local *local)
{
	struct buf once, again;
	struct err err, why;
	buf_init(&once, STATE_BYTES_MAX);
	buf_init(&again, STATE_BYTES_MAX);
	expect(local_save(local, &err) && file_read(path, &once, &err));
	struct local *second = open_copy(folder, &why);
	expect(!second->fresh && local_save(second, &err) && file_read(path, &again, &err));
	expect(span_equal(buf_span(&once), buf_span(&again)));
	local_close(second);
	buf_done(&once);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char folder[64];
	char path[96], tail[SHA256_HEX + 32], digest[SHA256_HEX + 1];
	struct span head = {(const char *)data, size};
	struct err why;
	snprintf(path, sizeof path, "%s/state.json", fuzz_folder(folder));
	expect(digest_sha256_hex(head, digest));
	snprintf(tail, sizeof tail, ",\"sha256\":\"%s\"}\n", digest);
	fuzz_write(path, head, span_of(tail));
	struct local *local = open_copy(folder, &why);
	look(local);
	if (!local->fresh)
		round_trip(folder, path, local);
	local_close(local);
	return 0;
}
