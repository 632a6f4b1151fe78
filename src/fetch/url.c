/* URLs, as far as firn must understand them: where one leads to, and what a link means.
 *
 * A token goes only to the host that it is meant for, and what decides that is comparing origins.
 * So authorities are read strictly: what two programs could read in two ways (a user name, a
 * backslash, a percent sign in the host, a number that is not quite an IPv4 address) is refused,
 * not guessed at, and http.c refuses a URL where libcurl sees another host than is seen here.
 * libcurl's own URL functions were not used: what they make of odd links differs by release. */
#include "fetch/exchange.h"

#include "base/bounds.h"
#include "base/text.h"

#include <string.h>

enum { GROUPS = 8, HOST_BYTES_MAX = 255 };

/* RFC 3986, 3. Not there: at NULL. The fragment is left out, for it never travels. */
struct pieces {
	struct span scheme, authority;
	struct span path;
	struct span query; /* with its '?' */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The bytes before the first of `ends`; *text is left with the rest. */
static struct span cut(struct span *text, const char *ends)
{
	size_t size = 0;
	while (size < text->size && strchr(ends, text->at[size]) == NULL)
		size++;
	struct span head = {text->at, size};
	*text = span_from(*text, size);
	return head;
}

static struct pieces split(struct span text)
{
	struct pieces p = {0};
	size_t size = 0;
	while (size < text.size && (is_letter(text.at[size]) ||
				    (size > 0 && (is_digit(text.at[size]) ||
						  strchr("+-.", text.at[size]) != NULL))))
		size++;
	if (size > 0 && size < text.size && text.at[size] == ':') {
		p.scheme = (struct span){text.at, size};
		text = span_from(text, size + 1);
	}
	if (span_starts(text, SPAN("//"))) {
		text = span_from(text, 2);
		p.authority = cut(&text, "/?#");
	}
	p.path = cut(&text, "?#");
	if (text.size > 0 && text.at[0] == '?')
		p.query = cut(&text, "#");
	return p;
}

/* --- hosts --- */

static bool read_ipv4(struct span text, unsigned groups[2])
{
	unsigned bytes[4] = {0};
	size_t i = 0;
	for (int n = 0; n < 4; n++) {
		if (n > 0 && (i == text.size || text.at[i++] != '.'))
			return false;
		size_t start = i;
		while (i < text.size && i < start + 3 && is_digit(text.at[i]))
			bytes[n] = bytes[n] * 10 + (unsigned)(text.at[i++] - '0');
		/* A leading zero means octal to some. */
		if (i == start || bytes[n] > 255 || (text.at[start] == '0' && i > start + 1))
			return false;
	}
	groups[0] = bytes[0] << 8 | bytes[1];
	groups[1] = bytes[2] << 8 | bytes[3];
	return i == text.size;
}

/* The groups as they are written, and where "::" stands among them (-1: nowhere). */
static bool read_groups(struct span text, unsigned groups[GROUPS], int *ret_n, int *ret_gap)
{
	int n = 0, gap = -1;
	size_t i = 0;
	if (span_starts(text, SPAN("::"))) {
		gap = 0;
		i = 2;
	}
	while (i < text.size) {
		size_t start = i;
		unsigned value = 0;
		while (i < text.size && i < start + 4 && text_hex_digit(text.at[i]) >= 0)
			value = value << 4 | (unsigned)text_hex_digit(text.at[i++]);
		if (i == start || n == GROUPS)
			return false;
		if (i < text.size && text.at[i] == '.') {
			if (n > GROUPS - 2 || !read_ipv4(span_from(text, start), groups + n))
				return false;
			n += 2;
			break;
		}
		groups[n++] = value;
		if (i == text.size)
			break;
		if (text.at[i++] != ':' || i == text.size)
			return false;
		if (text.at[i] == ':') {
			if (gap >= 0)
				return false;
			gap = n;
			i++;
		}
	}
	*ret_n = n;
	*ret_gap = gap;
	return gap < 0 ? n == GROUPS : n < GROUPS;
}

static bool read_ipv6(struct span text, unsigned groups[GROUPS])
{
	unsigned written[GROUPS] = {0};
	int n, gap;
	if (!read_groups(text, written, &n, &gap))
		return false;
	for (int i = 0; i < GROUPS; i++) {
		if (gap < 0 || i < gap)
			groups[i] = written[i];
		else
			groups[i] = i < gap + GROUPS - n ? 0 : written[i - (GROUPS - n)];
	}
	return true;
}

/* As RFC 5952 writes it: one address has one text. */
static void add_ipv6(struct buf *ret, const unsigned groups[GROUPS])
{
	int gap = -1, gap_size = 1;
	for (int i = 0; i < GROUPS; i++) {
		int size = 0;
		while (i + size < GROUPS && groups[i + size] == 0)
			size++;
		if (size > gap_size) {
			gap = i;
			gap_size = size;
		}
	}
	buf_add_char(ret, '[');
	for (int i = 0; i < GROUPS; i++) {
		if (i == gap) {
			buf_add_text(ret, "::");
			i += gap_size - 1;
		} else {
			bool first = i == 0 || (gap >= 0 && i == gap + gap_size);
			buf_addf(ret, first ? "%x" : ":%x", groups[i]);
		}
	}
	buf_add_char(ret, ']');
}

/* Whether the last label is a number: then the whole must be an IPv4 address, for "127.1" and
 * "0x7f.1" are one to some programs and a name to others. */
static bool ends_in_number(struct span host)
{
	size_t start = host.size;
	while (start > 0 && host.at[start - 1] != '.')
		start--;
	struct span label = span_from(host, start);
	if (span_starts(label, SPAN("0x")) || span_starts(label, SPAN("0X")))
		return true;
	for (size_t i = 0; i < label.size; i++) {
		if (!is_digit(label.at[i]))
			return false;
	}
	return label.size > 0;
}

static bool host_is_plain(struct span host)
{
	if (host.size == 0 || host.size > HOST_BYTES_MAX || host.at[0] == '.')
		return false;
	for (size_t i = 0; i < host.size; i++) {
		char c = host.at[i];
		if (!is_digit(c) && !is_letter(c) && c != '-' && c != '_' && c != '.')
			return false;
		if (c == '.' && i > 0 && host.at[i - 1] == '.')
			return false;
	}
	struct span name = host;
	if (name.at[name.size - 1] == '.')
		name.size--;
	unsigned groups[2];
	return !ends_in_number(name) || read_ipv4(host, groups);
}

/* An empty port is the scheme's, as RFC 3986 has it. */
static bool read_port(struct span text, unsigned standard, unsigned *ret)
{
	unsigned port = 0;
	if (text.size > 5)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (!is_digit(text.at[i]))
			return false;
		port = port * 10 + (unsigned)(text.at[i] - '0');
	}
	*ret = text.size == 0 ? standard : port;
	return *ret > 0 && *ret < 65536;
}

static bool add_host(struct buf *ret, struct span host)
{
	if (host.size > 0 && host.at[0] == '[') {
		unsigned groups[GROUPS];
		if (host.at[host.size - 1] != ']' ||
		    !read_ipv6((struct span){host.at + 1, host.size - 2}, groups))
			return false;
		add_ipv6(ret, groups);
		return true;
	}
	if (!host_is_plain(host))
		return false;
	size_t start = ret->size;
	if (buf_add_span(ret, host))
		text_lower(ret->data + start);
	return true;
}

static bool add_origin(struct buf *ret, const struct pieces *p, enum err_kind blame,
		       struct err *reterr)
{
	bool secure = text_same_nocase(p->scheme, SPAN("https"));
	struct span rest = p->authority;
	unsigned port;
	if ((!secure && !text_same_nocase(p->scheme, SPAN("http"))) || rest.at == NULL)
		return err_set(reterr, blame, "a URL must begin with http:// or https://");
	if (memchr(rest.at, '@', rest.size) != NULL)
		return err_set(reterr, blame, "a URL must not hold a user name or a password");

	struct span host = cut(&rest, rest.size > 0 && rest.at[0] == '[' ? "]" : ":");
	if (host.size > 0 && host.at[0] == '[' && rest.size > 0) {
		host.size++;
		rest = span_from(rest, 1);
	}
	buf_add_text(ret, secure ? "https://" : "http://");
	if (!add_host(ret, host))
		return err_set(reterr, blame,
			       "the URL's host is neither a name of letters, digits and hyphens "
			       "(others: as xn--...) nor an IP address");
	if ((rest.size > 0 && rest.at[0] != ':') ||
	    !read_port(span_from(rest, 1), secure ? 443 : 80, &port))
		return err_set(reterr, blame, "the URL's port is not a number up to 65535");
	buf_addf(ret, ":%u", port);
	return buf_ok(ret, reterr);
}

bool url_origin(const char *url, struct buf *ret, struct err *reterr)
{
	size_t before = ret->size;
	struct pieces p = split(span_of(url));
	if (add_origin(ret, &p, ERR_USAGE, reterr))
		return true;
	buf_cut(ret, before);
	return false;
}

bool url_is_loopback(const char *url)
{
	struct err ignored;
	struct buf origin;
	buf_init(&origin, 2 * HOST_BYTES_MAX);
	bool loopback = false;
	if (url_origin(url, &origin, &ignored)) {
		struct span rest = span_from(buf_span(&origin), 7);
		rest = span_from(rest, rest.at[0] == '/' ? 1 : 0);
		unsigned groups[2];
		struct span host = cut(&rest, rest.at[0] == '[' ? "]" : ":");
		loopback = span_is(host, "localhost") || span_is(host, "[::1") ||
			   (read_ipv4(host, groups) && groups[0] >> 8 == 127);
	}
	buf_done(&origin);
	return loopback;
}

/* --- links --- */

/* What no URL may hold travels percent-encoded; all else stays as it came, for servers have
 * signed their links or look for them in a table. */
static void add_encoded(struct buf *ret, struct span text)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < text.size; i++) {
		unsigned char c = (unsigned char)text.at[i];
		if (c <= ' ' || c >= 0x7F || strchr("\"<>\\^`{|}", c) != NULL) {
			char code[3] = {'%', digits[c >> 4], digits[c & 15]};
			buf_add(ret, code, sizeof code);
		} else {
			buf_add_char(ret, (char)c);
		}
	}
}

/* RFC 3986, 5.2.4, for a path that begins with a slash. */
static void add_without_dots(struct buf *ret, struct span path)
{
	size_t floor = ret->size;
	while (path.size > 0) {
		struct span rest = span_from(path, 1);
		struct span name = cut(&rest, "/");
		bool up = span_is(name, "..");
		if (up) {
			size_t size = ret->size;
			while (size > floor && ret->data[size - 1] != '/')
				size--;
			buf_cut(ret, size > floor ? size - 1 : floor);
		}
		if (!up && !span_is(name, "."))
			buf_add(ret, path.at, name.size + 1);
		else if (rest.size == 0)
			buf_add_char(ret, '/');
		path = rest;
	}
}

/* RFC 3986, 5.2.2: of a link without authority, the path. */
static bool add_path(struct buf *ret, const struct pieces *base, const struct pieces *link,
		     struct err *reterr)
{
	struct buf path;
	buf_init(&path, ret->max);
	if (link->path.size == 0 || link->path.at[0] != '/') {
		struct span folder = base->path;
		while (folder.size > 0 && folder.at[folder.size - 1] != '/')
			folder.size--;
		add_encoded(&path, folder.size > 0 ? folder : SPAN("/"));
	}
	add_encoded(&path, link->path);
	bool done = buf_ok(&path, reterr);
	if (done)
		add_without_dots(ret, buf_span(&path));
	buf_done(&path);
	return done;
}

static bool add_relative(struct buf *ret, const struct pieces *base, const struct pieces *link,
			 struct err *reterr)
{
	buf_add_span(ret, base->scheme);
	buf_add_text(ret, "://");
	buf_add_span(ret, base->authority);
	if (link->path.size > 0) {
		if (!add_path(ret, base, link, reterr))
			return false;
		add_encoded(ret, link->query);
	} else {
		add_encoded(ret, base->path);
		add_encoded(ret, link->query.at != NULL ? link->query : base->query);
	}
	return buf_ok(ret, reterr);
}

static bool link_is_sound(struct span link, struct err *reterr)
{
	if (link.size > URL_BYTES_MAX)
		return err_set(reterr, ERR_DATA, "the link is longer than %d bytes", URL_BYTES_MAX);
	for (size_t i = 0; i < link.size; i++) {
		if ((unsigned char)link.at[i] < ' ' || link.at[i] == 0x7F)
			return err_set(reterr, ERR_DATA, "the link holds a control character");
	}
	return true;
}

bool url_resolve(const char *base, const char *link, struct buf *ret, struct err *reterr)
{
	size_t before = ret->size;
	struct span text = text_trim(span_of(link));
	struct pieces from = split(span_of(base)), to = split(text);
	struct buf origin;
	buf_init(&origin, 2 * HOST_BYTES_MAX);

	bool done = add_origin(&origin, &from, ERR_USAGE, reterr) && link_is_sound(text, reterr);
	if (done && to.scheme.at == NULL && to.authority.at == NULL) {
		done = add_relative(ret, &from, &to, reterr);
	} else if (done) {
		if (to.scheme.at == NULL)
			to.scheme = from.scheme;
		buf_clear(&origin);
		done = add_origin(&origin, &to, ERR_DATA, reterr);
		if (done) {
			buf_add_span(ret, to.scheme);
			buf_add_text(ret, "://");
			buf_add_span(ret, to.authority);
			add_encoded(ret, to.path);
			add_encoded(ret, to.query);
			done = buf_ok(ret, reterr);
		}
	}
	if (!done)
		buf_cut(ret, before);
	buf_done(&origin);
	return done;
}
