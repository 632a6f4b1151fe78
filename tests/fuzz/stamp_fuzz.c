/* Any bytes as a time of every style. What is read is in range, and comes back when it is written
 * and read again. The first line may be a pattern for the rest. */
#include "base/stamp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool truth)
{
	if (!truth)
		abort();
}

static void check(const struct stamp_format *format, struct span text)
{
	int64_t us, again;
	char written[STAMP_TEXT_BYTES];
	if (!stamp_read(format, text, &us))
		return;
	expect(us >= STAMP_MIN && us <= STAMP_MAX);
	stamp_write_iso(us, written);
	expect(stamp_read_iso(span_of(written), &again) && again == us);
	struct stamp_parts parts = stamp_parts(us);
	expect(stamp_of_parts(&parts) == us);
	stamp_write_short(us, written);
	expect(stamp_write(format, us, written));
	expect(stamp_read(format, span_of(written), &again));
	/* months and years have no length of their own */
	expect(format->unit_us > STAMP_DAY ? again <= us
					    : again == stamp_floor(us, format->unit_us));
	expect(stamp_ceil(us, format->unit_us) >= us);
}

static void check_named(const char *name, struct span text)
{
	struct stamp_format format;
	struct err err;
	if (stamp_format_parse(name, &format, &err))
		check(&format, text);
	else
		expect(err.kind == ERR_USAGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	char pattern[100];
	int64_t us;
	check_named("iso", text);
	check_named("unix", text);
	check_named("unix_ms", text);
	if (stamp_read_http(text, &us))
		expect(us >= STAMP_MIN && us <= STAMP_MAX);
	if (stamp_read_date(text, &us))
		expect(us >= STAMP_MIN && us <= STAMP_MAX);
	const char *end = size == 0 ? NULL : memchr(data, '\n', size);
	if (end != NULL && (size_t)(end - text.at) < sizeof pattern) {
		size_t length = (size_t)(end - text.at);
		memcpy(pattern, text.at, length);
		pattern[length] = '\0';
		check_named(pattern, span_from(text, length + 1));
	}
	return 0;
}
