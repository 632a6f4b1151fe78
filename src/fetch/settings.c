#include "fetch/settings.h"

#include "base/arena.h"
#include "base/bounds.h"

/* "[scheme://][user:password@]host[:port]": the host and port where it is one, with the port that
 * libcurl would take where none is written. */
static bool read_place(struct span text, struct buf *ret, struct err *reterr)
{
	static const char *const schemes[] = {"http://",   "https://",  "socks4://",
					      "socks4a://", "socks5://", "socks5h://"};
	bool known = memchr(text.at, '/', text.size) == NULL, secure = false;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		if (span_starts(text, span_of(schemes[i]))) {
			text = span_from(text, strlen(schemes[i]));
			known = true;
			secure = i == 1;
			break;
		}
	}
	if (text.size > 0 && text.at[text.size - 1] == '/')
		text.size--;
	size_t at = text.size;
	while (at > 0 && text.at[at - 1] != '@')
		at--;
	text = span_from(text, at);
	struct buf url;
	buf_init(&url, URL_BYTES_MAX);
	buf_add_text(&url, "http://");
	buf_add_span(&url, text);
	const char *bracket = memchr(text.at, ']', text.size);
	size_t host = bracket == NULL ? 0 : (size_t)(bracket - text.at);
	if (memchr(text.at + host, ':', text.size - host) == NULL)
		buf_add_text(&url, secure ? ":443" : ":1080");
	bool done = known && memchr(text.at, '/', text.size) == NULL &&
		    url_origin(buf_text(&url), ret, reterr);
	buf_done(&url);
	return done || err_set(reterr, ERR_USAGE,
			       "http: { proxy: ... } is no address like http://HOST:PORT or "
			       "http://USER:PASSWORD@HOST:PORT");
}

static bool read_proxy(struct settings *s, struct err *reterr)
{
	struct buf origin;
	if (s->options.proxy == NULL || s->options.proxy[0] == '\0')
		return true;
	buf_init(&origin, URL_BYTES_MAX);
	bool done = read_place(span_of(s->options.proxy), &origin, reterr);
	if (done) {
		struct span place = span_from(buf_span(&origin), sizeof "http://" - 1);
		s->proxy_place = arena_text(s->arena, place);
		done = s->proxy_place != NULL || err_memory(reterr);
	}
	buf_done(&origin);
	return done;
}

bool settings_init(struct settings *ret, const struct http_options *options, struct err *reterr)
{
	*ret = (struct settings){.arena = arena_new(), .options = *options};
	struct http_options *o = &ret->options;
	const char **texts[] = {&o->user_agent, &o->proxy, &o->no_proxy, &o->ca_file};
	ret->low_speed_s = (long)((o->low_speed_time_ms + 999) / 1000);
	if (ret->low_speed_s == 0)
		ret->low_speed_s = 1;
	ret->low_speed_rate = (long)(o->low_speed_bytes / ret->low_speed_s);
	if (ret->low_speed_rate == 0)
		ret->low_speed_rate = 1;
	bool done = ret->arena != NULL;
	for (size_t i = 0; i < sizeof texts / sizeof *texts && done; i++) {
		if (*texts[i] != NULL) {
			*texts[i] = arena_text(ret->arena, span_of(*texts[i]));
			done = *texts[i] != NULL;
		}
	}
	done = done ? read_proxy(ret, reterr) : err_memory(reterr);
	if (!done)
		settings_done(ret);
	return done;
}

void settings_done(struct settings *settings)
{
	arena_free(settings->arena);
	settings->arena = NULL;
}
