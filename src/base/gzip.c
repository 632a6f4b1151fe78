#include "base/gzip.h"

#include "base/bounds.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

enum { GZIP_WINDOW = MAX_WBITS + 16 }; /* zlib: 16 more means gzip's header and check sum */

struct gzip_writer {
	z_stream stream;
	unsigned char out[16 * KIB];
};

struct gzip_reader {
	z_stream stream;
	unsigned char out[32 * KIB];
};

/* --- writing --- */
bool gzip_writer_new(struct gzip_writer **ret, struct err *reterr)
{
	enum { MEMORY_LEVEL = 8 };
	struct gzip_writer *writer = calloc(1, sizeof *writer);
	if (writer == NULL)
		return err_memory(reterr);
	if (deflateInit2(&writer->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW,
			 MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		free(writer);
		return err_memory(reterr);
	}
	*ret = writer;
	return true;
}

void gzip_writer_free(struct gzip_writer *writer)
{
	if (writer == NULL)
		return;
	deflateEnd(&writer->stream);
	free(writer);
}

void gzip_begin(struct gzip_writer *writer)
{
	deflateReset(&writer->stream);
}

/* Until there is nothing more to read, and at the end nothing more to write. */
static bool deflate_all(struct gzip_writer *writer, int flush, const struct gzip_sink *sink,
			struct err *reterr)
{
	z_stream *stream = &writer->stream;
	do {
		stream->next_out = writer->out;
		stream->avail_out = sizeof writer->out;
		if (deflate(stream, flush) == Z_STREAM_ERROR)
			return err_set(reterr, ERR_DATA, "zlib lost its way");
		struct span bytes = {(const char *)writer->out,
				     sizeof writer->out - stream->avail_out};
		if (bytes.size > 0 && !sink->take(sink->user, bytes, reterr))
			return false;
	} while (stream->avail_out == 0);
	return true;
}

bool gzip_add(struct gzip_writer *writer, struct span data, const struct gzip_sink *sink,
	      struct err *reterr)
{
	while (data.size > 0) {
		size_t n = data.size < INT_MAX ? data.size : INT_MAX;
		writer->stream.next_in = (z_const Bytef *)data.at;
		writer->stream.avail_in = (uInt)n;
		if (!deflate_all(writer, Z_NO_FLUSH, sink, reterr))
			return false;
		data = span_from(data, n);
	}
	return true;
}

bool gzip_end(struct gzip_writer *writer, const struct gzip_sink *sink, struct err *reterr)
{
	writer->stream.avail_in = 0;
	return deflate_all(writer, Z_FINISH, sink, reterr);
}

/* --- reading --- */
bool gzip_reader_new(struct gzip_reader **ret, struct err *reterr)
{
	struct gzip_reader *reader = calloc(1, sizeof *reader);
	if (reader == NULL)
		return err_memory(reterr);
	if (inflateInit2(&reader->stream, GZIP_WINDOW) != Z_OK) {
		free(reader);
		return err_memory(reterr);
	}
	*ret = reader;
	return true;
}

void gzip_reader_free(struct gzip_reader *reader)
{
	if (reader == NULL)
		return;
	inflateEnd(&reader->stream);
	free(reader);
}

void gzip_reader_begin(struct gzip_reader *reader)
{
	inflateReset(&reader->stream);
}

bool gzip_read(struct gzip_reader *reader, struct span *in, const struct gzip_sink *sink,
	       bool *ret_whole, struct err *reterr)
{
	z_stream *stream = &reader->stream;
	int code = Z_OK;
	*ret_whole = false;
	while (code == Z_OK) {
		size_t n = in->size < INT_MAX ? in->size : INT_MAX;
		stream->next_in = (z_const Bytef *)in->at;
		stream->avail_in = (uInt)n;
		stream->next_out = reader->out;
		stream->avail_out = sizeof reader->out;
		code = inflate(stream, Z_NO_FLUSH);
		*in = span_from(*in, n - stream->avail_in);
		struct span bytes = {(const char *)reader->out,
				     sizeof reader->out - stream->avail_out};
		if (bytes.size > 0 && !sink->take(sink->user, bytes, reterr))
			return false;
	}
	if (code == Z_MEM_ERROR)
		return err_memory(reterr);
	*ret_whole = code == Z_STREAM_END;
	if (code == Z_STREAM_END || code == Z_BUF_ERROR) /* the latter: needs more input */
		return true;
	return err_set(reterr, ERR_DATA, "not gzip, or changed since it was written");
}

size_t gzip_find(struct span text, size_t from)
{
	/* Magic, deflate, no flags, no time; the two bytes behind depend on zlib's build. */
	static const char BEGIN[] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0};
	while (from < text.size) {
		const char *at = memchr(text.at + from, BEGIN[0], text.size - from);
		if (at == NULL)
			break;
		from = (size_t)(at - text.at);
		if (text.size - from >= GZIP_HEADER_BYTES && memcmp(at, BEGIN, sizeof BEGIN) == 0)
			return from;
		from++;
	}
	return text.size;
}
